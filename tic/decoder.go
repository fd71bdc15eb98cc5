package tic

import "encoding/binary"

// Bounds of what is kept. The longest group on the bus is PJOURF+1, 110 bytes; the longest frame seen, three-phase
// producer with Tempo, 1442 bytes and 70 groups.
const (
	maxLine   = 160
	maxFrame  = 4096 // bytes on the wire between STX and ETX, refused lines included
	maxGroups = 128
)

// Decoder cuts a stream of bytes into frames. It is pushed: Write takes the bytes as they come, in pieces of any size,
// and calls emit from within. It allocates nothing after NewDecoder, and one goroutine at a time may use it.
//
// It accepts group by group: a refused line costs itself, never its frame. It finds its place again at any of CR, LF,
// STX, ETX and EOT, so a damaged one of them costs at most the line it would have ended.
type Decoder struct {
	mode Mode // Auto, or the only mode accepted
	emit func(*Frame)

	counters Counters
	parity   parity

	// The line being read. Between two calls to Write its bytes are in carry, and only there.
	shape   shape
	carry   [maxLine]byte
	carried int
	begun   bool // its LF was seen
	skip    bool // it was too long: everything is ignored to its end

	// The frame being read.
	frame  Frame
	opened bool           // its STX was seen
	length int            // bytes on the wire so far
	used   int            // of store
	store  [maxFrame]byte // the accepted lines, parity bits gone; groups are views of it
	groups [maxGroups]Group
}

// NewDecoder returns a decoder for one line. An explicit mode refuses the groups of the other one; Auto takes, for
// each frame, the mode of its first group. emit is called once a frame, and for groups accepted outside a whole frame
// with Complete false; the frame and all its slices are valid until emit returns.
func NewDecoder(mode Mode, emit func(*Frame)) *Decoder {
	d := &Decoder{mode: mode, emit: emit, begun: true}
	d.clear()
	return d
}

// Write decodes the next bytes of the line. They may carry parity in bit 7 or not; see type parity. It takes all of p
// and never returns an error: what is wrong with the line is counted, see Counters.
func (d *Decoder) Write(p []byte) (int, error) {
	d.counters.Bytes += uint64(len(p))
	start := -d.carried // where the line began, counted from p[0]
	if d.skip {
		start = -1 // before p, so that the line is not taken for empty
	}
	i := 0
	for ; i+8 <= len(p); i += 8 {
		if marks := controls(binary.LittleEndian.Uint64(p[i:])); marks != 0 {
			start = d.controls(p, start, i, marks)
		}
	}
	if marks := controls(short(p[i:])) &^ (^uint64(0) << (8 * (len(p) - i))); marks != 0 {
		start = d.controls(p, start, i, marks)
	}
	d.keep(p, start)
	return len(p), nil
}

// Flush tells the decoder that the bytes stop here: the end of a file, a port that was unplugged. It emits the groups
// accepted so far and forgets the line being read, so that the next bytes are not taken for its continuation.
func (d *Decoder) Flush() {
	d.end(false)
	d.restart(true)
	d.carried = 0
}

// Counters returns what was seen so far.
func (d *Decoder) Counters() Counters { return d.counters }

// controls handles the control characters marked in the eight bytes at p[i], in a line that began at start, and returns
// where the line begins now.
func (d *Decoder) controls(p []byte, start, i int, marks uint64) int {
	for ; marks != 0; marks &= marks - 1 {
		at := i + firstLane(marks)
		c := p[at] & 0x7F
		switch {
		case !ends(c) && at == start:
			start++ // a damaged LF, or NUL bytes of an idle line
		case !ends(c):
			d.shape.note(c, at-start)
		case at == start && c == lf:
			d.begun = true
			start++
		default:
			d.closeLine(p, start, at)
			d.restart(c == lf)
			start = at + 1
			if c < ht {
				d.boundary(c)
			}
		}
	}
	return start
}

// ends reports whether a control character ends the line it is found in.
func ends(c byte) bool {
	return 1<<c&(1<<cr|1<<lf|1<<stx|1<<etx|1<<eot) != 0
}

// boundary ends or begins a frame.
func (d *Decoder) boundary(c byte) {
	switch c {
	case stx:
		d.end(false)
		d.opened = true
	case etx:
		d.end(d.opened)
	case eot:
		d.end(false)
	}
}

// keep copies the unfinished line out of p, which is the caller's again after Write.
func (d *Decoder) keep(p []byte, start int) {
	if d.skip {
		return
	}
	if len(p)-start > maxLine {
		d.reject(Overflow)
		d.skip, d.carried = true, 0
		return
	}
	d.carried += copy(d.carry[d.carried:], p[max(start, 0):])
}

// restart forgets the line; begun tells whether the character that ended it also begins the next one, as on a terminal
// that turned each CR into LF.
func (d *Decoder) restart(begun bool) {
	d.shape = shape{}
	d.begun = begun
	d.skip = false
}

// closeLine ends the line that lies between start and end. Empty lines are no fault: CR LF, CR ETX, CR CR.
func (d *Decoder) closeLine(p []byte, start, end int) {
	size := end - start
	d.carried, start = 0, max(start, 0)
	if d.skip || size <= 0 {
		return
	}
	if size > maxLine {
		d.reject(Overflow)
		return
	}
	line := p[start:end]
	if rest := len(line); rest < size {
		copy(d.carry[size-rest:], line)
		line = d.carry[:size]
	}
	if d.full(size) {
		d.giveUp()
	}
	d.length += size + 2
	if cause, ok := d.accept(line); !ok {
		d.reject(cause)
	}
}

// reject counts a line that did not become a group.
func (d *Decoder) reject(cause Cause) {
	d.counters.Rejected[cause]++
	d.frame.Rejected++
}

// accept makes the line a group of the frame, or tells why not. The frame has room for it.
func (d *Decoder) accept(line []byte) (Cause, bool) {
	line = d.shape.trim(line)
	clean := d.store[d.used : d.used+len(line)]
	census := copyClean(clean, line)
	cut, cause, ok := d.verify(line, census)
	if !ok {
		return cause, false
	}
	known := index(line[:cut.label]) >= 0
	switch {
	case !known && !labelled(line[:cut.label]):
		return BadCharset, false
	case !d.speaks(d.shape.mode()):
		return WrongMode, false
	}
	d.parity.saw(census.high != 0)
	d.add(cut, clean)
	d.count(known)
	return 0, true
}

// verify returns where to cut a line, or what is wrong with it.
func (d *Decoder) verify(line []byte, c census) (cut, Cause, bool) {
	high := c.high != 0
	if high && !even(line) {
		return cut{}, BadParity, false
	}
	cuts, ok := d.shape.cuts(line)
	switch {
	case !ok:
		return cut{}, BadFraming, false
	case d.shape.junk > 0 || c.del != 0:
		return cut{}, BadCharset, false
	case !guarded(line, c.sum, d.shape.mode()):
		return cut{}, BadChecksum, false
	case !high && d.parity.carried && !even(line):
		d.parity.stripped()
		return cut{}, BadParity, false
	}
	return cuts, 0, true
}

// add keeps a cut line, which lies in the store at the place that is free.
func (d *Decoder) add(c cut, line []byte) {
	n := len(d.frame.Groups)
	c.of(line, &d.groups[n])
	d.frame.Groups = d.groups[:n+1]
	d.used += len(line)
}

// speaks reports whether a group of this mode may join the frame, and settles the mode with the first group.
func (d *Decoder) speaks(mode Mode) bool {
	if d.frame.Mode == Auto {
		d.frame.Mode = mode
	}
	return d.frame.Mode == mode
}

func (d *Decoder) count(known bool) {
	d.counters.Groups++
	if known {
		d.counters.Known[d.frame.Mode]++
	} else {
		d.counters.Unknown++
	}
	if !d.begun {
		d.counters.DamagedLF++
	}
}

// full reports whether a line, its LF and its CR would take the frame past its bounds.
func (d *Decoder) full(size int) bool {
	return d.length+size+2 > maxFrame || len(d.frame.Groups) == maxGroups
}

// giveUp ends a frame that has grown past its bounds. What it holds is emitted.
func (d *Decoder) giveUp() {
	if d.opened {
		d.counters.Rejected[Overflow]++
	}
	d.end(false)
}

// end emits what the frame holds and begins an empty one, outside STX and ETX.
func (d *Decoder) end(complete bool) {
	if len(d.frame.Groups) > 0 {
		d.frame.Complete = complete
		if complete {
			d.counters.Frames++
		}
		d.emit(&d.frame)
	}
	d.clear()
}

func (d *Decoder) clear() {
	d.frame = Frame{Mode: d.mode, Groups: d.groups[:0]}
	d.opened = false
	d.length, d.used = 0, 0
}
