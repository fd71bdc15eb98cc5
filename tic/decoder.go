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
// STX, ETX and EOT, so a damaged one of them costs at most the line it would have ended; see also half.
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
	repeats int               // how many bytes memory has of it
	begun   bool              // the character that ended the line before was an LF
	skip    bool              // it was too long: everything is ignored to its end
	clean   [maxLine + 2]byte // the line without parity bits, while it is judged

	// The frame being read.
	frame  Frame
	opened bool // its STX was seen
	length int  // bytes on the wire so far
	memory memory
	half   half // the line before, when it may be one without its checksum
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
		if d.carried == 0 && !d.skip && d.half.size == 0 {
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
	n := 0
	if d.half.size == 0 {
		n = d.recognise(line)
	}
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
	d.dropHalf()
	d.counters.Rejected[cause]++
	d.frame.Rejected++
}

// join settles the mode of the frame with its first group, and counts a group.
func (d *Decoder) join(p *place) {
	d.frame.Mode = p.mode
	d.parity.saw(1, !p.plain)
	c := &d.counters
	c.Groups++
	if p.entry == 0 {
		c.Unknown[p.mode]++
	} else {
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
	d.dropHalf()
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
