package tic

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
//
// A line is read in one of three ways, which judge it alike, the fastest first: it repeats the line of its place in the
// frame before, see memory; it looks as the table of labels predicts, see pattern; or it is taken apart, see shape.
type Decoder struct {
	mode Mode // Auto, or the only mode accepted
	emit func(*Frame)

	counters Counters
	parity   parity

	// The line being read. Between two calls to Write its bytes are in carry, or they are the first ones that memory
	// has for its place.
	carry   [maxLine + 2]byte
	carried int
	clean   [maxLine + 2]byte // a line without parity bits, while it is judged
	repeats int               // how many bytes memory has of it
	begun   bool              // the character that ended the line before was an LF
	skip    bool              // it was too long: everything is ignored to its end

	// The frame being read.
	frame  Frame
	opened bool // its STX was seen
	length int  // bytes on the wire so far
	memory memory
}

// NewDecoder returns a decoder for one line. An explicit mode refuses the groups of the other one; Auto takes, for
// each frame, the mode of its first group. emit is called once a frame, and for groups accepted outside a whole frame
// with Complete false; the frame and all its slices are valid until emit returns, and only to be read.
func NewDecoder(mode Mode, emit func(*Frame)) *Decoder {
	d := &Decoder{mode: mode, emit: emit, begun: true}
	d.clear()
	return d
}

// Write decodes the next bytes of the line. They may carry parity in bit 7 or not; see type parity. It takes all of p
// and never returns an error: what is wrong with the line is counted, see Counters.
func (d *Decoder) Write(p []byte) (int, error) {
	d.counters.Bytes += uint64(len(p))
	for rest := p; len(rest) > 0; {
		if d.carried == 0 && !d.skip {
			rest = d.repeat(rest)
		}
		if len(rest) > 0 {
			rest = d.readLine(rest)
		}
	}
	return len(p), nil
}

// Flush tells the decoder that the bytes stop here: the end of a file, a port that was unplugged. It emits the groups
// accepted so far and forgets the line being read, so that the next bytes are not taken for its continuation.
func (d *Decoder) Flush() {
	d.finish(false)
	d.restart(lf)
}

// Counters returns what was seen so far.
func (d *Decoder) Counters() Counters { return d.counters }

// readLine reads up to the character that ends the line, or as far as p goes, and returns what comes after.
func (d *Decoder) readLine(p []byte) []byte {
	if d.skip {
		return d.skipLine(p)
	}
	line, old := p, d.carried
	if old == 0 && p[0] != lf && ends(p[0]) {
		return d.between(p)
	}
	if old > 0 {
		line = d.carry[:old+copy(d.carry[old:], p)]
	}
	n := d.recognise(line)
	if n == 0 {
		n = ended(line)
		if n == 0 {
			return d.wait(p)
		}
		d.closeLine(line[:n])
	}
	d.carried = 0
	return p[n-old:]
}

// between reads the control characters at the front that end a line of no characters: CR CR, CR ETX STX.
func (d *Decoder) between(p []byte) []byte {
	for len(p) > 0 && p[0] != lf && ends(p[0]) {
		d.restart(p[0])
		d.boundary(p[0])
		p = p[1:]
	}
	return p
}

// ended returns the length of the line at the front with the character that ends it, or 0 when it has not ended.
func ended(line []byte) int {
	start, _ := lead(line)
	for i := start; i < len(line); i++ {
		if ends(line[i]) {
			return i + 1
		}
	}
	return 0
}

// lead returns where a line begins, after its LF, or a damaged one, or the NUL bytes of an idle line, and whether one of
// them is an LF.
func lead(line []byte) (start int, begun bool) {
	for _, c := range line {
		c &= 0x7F
		if c != lf && (c >= sp || ends(c)) {
			break
		}
		begun = begun || c == lf
		start++
	}
	return start, begun
}

// ends reports whether a character, parity bit or not, ends the line it is found in.
func ends(c byte) bool {
	c &= 0x7F
	return c < sp && 1<<c&(1<<cr|1<<lf|1<<stx|1<<etx|1<<eot) != 0
}

// wait keeps the beginning of a line, which may be as long as any line, and returns what was not kept.
func (d *Decoder) wait(p []byte) []byte {
	n := copy(d.carry[d.carried:], p)
	line := d.carry[:d.carried+n]
	start, begun := lead(line)
	switch {
	case len(line)-start > maxLine:
		d.reject(Overflow)
		d.skip, d.carried = true, 0
	case start > 1:
		d.begun = d.begun || begun
		d.carried = copy(line, line[start:])
	default:
		d.carried = len(line)
	}
	return p[n:]
}

// skipLine ignores the rest of a line that is too long.
func (d *Decoder) skipLine(p []byte) []byte {
	for i, c := range p {
		if ends(c) {
			d.restart(c)
			d.boundary(c)
			return p[i+1:]
		}
	}
	return nil
}

// closeLine takes a line apart that ended with its last character. Empty lines are no fault: CR LF, CR ETX, CR CR.
func (d *Decoder) closeLine(line []byte) {
	last := len(line) - 1
	start, begun := lead(line[:last])
	if start < last {
		d.begun = d.begun || begun
		d.judge(line, start)
	}
	c := line[last]
	d.restart(c)
	d.boundary(c)
}

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
	cause, ok := d.accept(text, line[len(line)-1], start == 1 && line[0] == lf)
	if !ok {
		d.reject(cause)
	}
}

// restart forgets the line that the character ended. An LF also begins the next one, as on a terminal that turned each
// CR into LF.
func (d *Decoder) restart(c byte) {
	d.begun = c&0x7F == lf
	d.skip, d.carried, d.repeats = false, 0, 0
}

// boundary ends or begins a frame.
func (d *Decoder) boundary(c byte) {
	switch c & 0x7F {
	case stx:
		d.finish(false)
		d.opened = true
	case etx:
		d.finish(d.opened)
	case eot:
		d.finish(false)
	}
}

// reject counts a line that did not become a group.
func (d *Decoder) reject(cause Cause) {
	d.counters.Rejected[cause]++
	d.frame.Rejected++
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
	text := d.clean[:copy(d.clean[:], line)]
	strip(text)
	entry, cause, ok := identify(text, cut, mode)
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
		d.parity.stripped()
		return cut{}, BadParity, false
	}
	return cuts, 0, true
}

// join settles the mode of the frame with its first group, and counts a group.
func (d *Decoder) join(p *place) {
	d.frame.Mode = p.mode
	d.parity.saw(1, !p.plain)
	c := &d.counters
	c.Groups++
	switch {
	case p.entry == 0:
		c.Unknown++
	default:
		c.Known[p.mode]++
	}
	if p.narrow {
		c.OffWidth++
	}
	if p.plain {
		c.NoParity++
	}
}

// full reports whether a line with its LF and its CR would take the frame past its bounds.
func (d *Decoder) full(size int) bool {
	return d.length+size > maxFrame || d.memory.here == maxGroups
}

// giveUp ends a frame that has grown past its bounds. What it holds is emitted.
func (d *Decoder) giveUp() {
	if d.opened {
		d.counters.Rejected[Overflow]++
	}
	d.finish(false)
}

// finish emits what the frame holds and begins an empty one, outside STX and ETX.
func (d *Decoder) finish(complete bool) {
	if d.memory.here > 0 {
		d.frame.Groups = d.memory.groups[:d.memory.here]
		d.frame.Complete = complete
		if complete {
			d.counters.Frames++
		}
		if d.frame.Standby() {
			d.counters.Standby++
		}
		d.emit(&d.frame)
	}
	d.clear()
}

func (d *Decoder) clear() {
	d.frame.Mode, d.frame.Rejected = d.mode, 0
	d.opened = false
	d.length = 0
	d.memory.here = 0
}
