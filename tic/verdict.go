package tic

// judge accepts or refuses the line that begins at start and ends with its last character.
func (d *Decoder) judge(line []byte, start int) {
	text := line[start : len(line)-1]
	if len(text) > maxLine {
		d.reject(Overflow)
		return
	}
	if d.full(len(text) + 2) {
		d.giveUp()
	}
	d.length += len(text) + 2
	ended := line[len(line)-1]
	if d.mend(text, ended) {
		return
	}
	switch cause, ok := d.accept(text, ended, start == 1 && line[0] == lf); {
	case ok:
	case d.halved(text, cause, ended):
		d.half.hold(text, ended)
	default:
		d.reject(cause)
	}
}

// accept makes the line a group of the frame, or tells why not. The frame has room for it. begun tells whether an LF and
// nothing else comes before it, ended is what comes after.
func (d *Decoder) accept(line []byte, ended byte, begun bool) (Cause, bool) {
	shape := shapeOf(line)
	whole := len(line)
	line = shape.trim(line)
	census := take(line)
	cut, cause, ok := d.verify(shape, line, census)
	if !ok {
		return cause, false
	}
	mode := shape.mode()
	entry, cause, ok := identify(strip(d.clean[:], line), cut, mode)
	switch {
	case !ok:
		return cause, false
	case d.frame.Mode != mode && d.frame.Mode != Auto:
		return WrongMode, false
	}
	p := place{
		cut: cut, mode: mode, entry: entry, plain: census.high == 0,
		odd:    !begun || ended&0x7F != cr || len(line) < whole,
		narrow: entry > 0 && int(cut.end-cut.value) != labels[entry-1].Width,
	}
	d.memory.put(d.clean[:d.frameLine(line, ended)], &p)
	d.join(&p)
	if !d.begun {
		d.counters.DamagedLF++
	}
	return 0, true
}

// frameLine writes a line between an LF and the character that ended it, and returns how long that is.
func (d *Decoder) frameLine(line []byte, ended byte) int {
	d.clean[0] = lf
	n := 1 + copy(d.clean[1:], line)
	d.clean[n] = ended
	return n + 1
}

// verify returns where to cut a line, or what is wrong with it, whatever its label.
func (d *Decoder) verify(s shape, line []byte, c census) (cut, Cause, bool) {
	high := c.high != 0
	if high && !even(line) {
		return cut{}, BadParity, false
	}
	cuts, ok := s.cuts(line)
	switch {
	case !ok:
		return cut{}, BadFraming, false
	case s.junk > 0:
		return cut{}, BadCharset, false
	case !guarded(line, c.sum, s.mode()):
		return cut{}, BadChecksum, false
	case !high && d.parity.carried && !even(line):
		if d.parity.stripped() {
			d.counters.Stripped++
		}
		return cut{}, BadParity, false
	}
	return cuts, 0, true
}

// identify looks the label of a line up, parity bits gone, and tells what is wrong with the rest of the line for that
// label. A known label in the other mode, as industrial meters may send it, is an unknown one.
func identify(line []byte, c cut, mode Mode) (entry uint8, cause Cause, ok bool) {
	name, value := line[:c.label], line[c.value:c.end]
	i := index(name)
	if i < 0 || !labels[i].Modes.Has(mode) {
		return 0, BadLabel, labelled(name)
	}
	l := &labels[i]
	dated := c.dated > 0
	switch {
	case dated != l.Horodate:
		return 0, BadFraming, false
	case !l.fits(value):
		return 0, BadWidth, false
	case dated && !dates(line[c.label+1:c.dated]), !l.admits(value):
		return 0, BadCharset, false
	}
	return uint8(i + 1), 0, true
}
