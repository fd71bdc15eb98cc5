package tic

// half is a line that CR ended before its checksum. An old three-phase meter sends one in every frame, CR in place of the
// SP that comes last: "PMAX 17480\r:\r". It is no noise: with the next line, if that is its checksum, it is a group.
type half struct {
	line [maxLine]byte
	size int // with the SP that should have ended it; 0 for none
}

// hold keeps a line without a checksum until the next one has come. SP has as many bits as CR, an odd number: it gets
// the same parity bit.
func (h *half) hold(line []byte, ended byte) {
	n := copy(h.line[:], line)
	h.line[n] = sp | ended&^0x7F
	h.size = n + 1
}

// halved reports whether a line that was refused may be a half: one that lacks nothing but its checksum.
func (d *Decoder) halved(line []byte, cause Cause, ended byte) bool {
	return cause == BadFraming && d.begun && ended&0x7F == cr && len(line) < maxLine-1
}

// mend reports whether a line is the checksum of the half before, which then becomes a group. Otherwise that is refused.
func (d *Decoder) mend(line []byte, ended byte) bool {
	n := d.half.size
	if n == 0 {
		return false
	}
	if len(line) == 1 && !d.begun && ended&0x7F == cr {
		d.half.line[n] = line[0]
		d.begun = true
		if _, ok := d.accept(d.half.line[:n+1], ended, false); ok {
			d.half.size = 0
			return true
		}
		d.begun = false
	}
	d.dropHalf()
	return false
}

// dropHalf refuses the half that is held, if any.
func (d *Decoder) dropHalf() {
	if d.half.size > 0 {
		d.half.size = 0
		d.reject(BadFraming)
	}
}
