package tic

import (
	"encoding/binary"
	"math/bits"
)

// memory is the lines of the frame being read and, beyond them, those that the frame before had in the same places.
//
// A meter repeats itself: from one frame to the next a few lines change. A line that is byte for byte the one that
// was accepted in its place is good, and its group is there already, with what was read of it.
type memory struct {
	here     int // lines of the frame being read
	kept     int // lines that the next ones can be compared with, from place 0 on, without a gap and all of one mode
	places   [maxGroups]place
	groups   [maxGroups]Group
	readings [maxGroups]Reading // of the groups, as far as somebody asked
	raw      [maxFrame]byte     // the lines as they came, from LF to CR
	clean    [maxFrame]byte     // the same without parity bits; groups are views of it
}

// place is what is known of a line.
type place struct {
	cut
	from, to uint16 // in raw and clean, with LF and CR
	mode     Mode
	entry    uint8 // of its label in labels, plus 1; 0 when it is unknown
	guess    uint8 // which label the next line here may have: this one
	narrow   bool  // its value has not the width of the specification
	plain    bool  // it has no parity bits
	odd      bool  // it did not begin with LF or end with CR, so it is not good again if it comes again
	upTo     tally // of the places up to here
}

// tally counts lines that are not as most are.
type tally struct{ unknown, narrow, plain uint8 }

// put makes a line, from LF to the character that ended it, the next one of the frame.
func (m *memory) put(line []byte, p *place) {
	i := m.here
	p.from, p.upTo = 0, tally{}
	if i > 0 {
		p.from, p.upTo = m.places[i-1].to, m.places[i-1].upTo
	}
	p.to = p.from + uint16(len(line))
	p.upTo.add(p)
	switch was := &m.places[i]; {
	case p.odd:
		m.kept = min(m.kept, i)
	case i == m.kept, i < m.kept && (was.to != p.to || was.mode != p.mode || was.upTo != p.upTo):
		m.kept = i + 1
	}
	p.guess = max(p.entry, 1) - 1
	m.places[i] = *p
	m.write(int(p.from), line)
	m.groups[i] = p.cut.of(m.clean[p.from+1 : p.to-1])
	m.groups[i].own = &m.readings[i]
	m.readings[i].entry = p.entry
	m.here = i + 1
}

func (t *tally) add(p *place) {
	if p.entry == 0 {
		t.unknown++
	}
	if p.narrow {
		t.narrow++
	}
	if p.plain {
		t.plain++
	}
}

// renew makes a line the next one of the frame when its place had one of the same label and width, so that nothing
// changes but its bytes, and returns the place, else nil.
func (m *memory) renew(line []byte, entry uint8, plain bool) *place {
	i := m.here
	p := &m.places[i]
	if i >= m.kept || p.entry != entry || p.plain != plain || p.narrow {
		return nil
	}
	m.write(int(p.from), line)
	m.groups[i].reading = nil
	m.here = i + 1
	return p
}

// write writes a line into raw and clean.
func (m *memory) write(at int, line []byte) {
	n := len(line)
	raw, clean := m.raw[at:at+n], m.clean[at:at+n]
	if n < 8 {
		strip(clean, line[:copy(raw, line)])
		return
	}
	for i := 0; i < n; i += 8 {
		k := min(i, n-8)
		w := binary.LittleEndian.Uint64(line[k:])
		binary.LittleEndian.PutUint64(raw[k:], w)
		binary.LittleEndian.PutUint64(clean[k:], w&sevenBits)
	}
}

// repeat accepts the lines at the front of p that repeat those of their places, and returns where another line begins:
// in p, or in carry if its beginning came before.
func (d *Decoder) repeat(p []byte) []byte {
	m := &d.memory
	if m.here >= m.kept {
		return p
	}
	at := int(m.places[m.here].from) + d.repeats
	reached := at + common(p, m.raw[at:m.places[m.kept-1].to])
	next := m.here
	for next < m.kept && int(m.places[next].to) <= reached {
		next++
	}
	alike := next == m.here || d.again(next)
	from := reached
	if m.here < m.kept {
		from = int(m.places[m.here].from)
	}
	d.repeats = 0
	switch {
	case alike && m.here < m.kept && reached-at == len(p):
		d.repeats = reached - from
		return nil
	case from >= at:
		return p[from-at:]
	}
	d.carried = copy(d.carry[:], m.raw[from:at])
	return p
}

// again accepts the lines up to the place next, which repeat those of their places, and reports whether it may: lines are
// also judged by the mode and the size of their frame, and by the parity of those before.
func (d *Decoder) again(next int) bool {
	m := &d.memory
	first, last := &m.places[m.here], &m.places[next-1]
	var before tally
	if m.here > 0 {
		before = m.places[m.here-1].upTo
	}
	lines, size := uint64(next-m.here), int(last.to-first.from)
	plain := uint64(last.upTo.plain - before.plain)
	if d.frame.Mode != first.mode && d.frame.Mode != Auto || d.length+size > maxFrame || plain > 0 && (plain < lines || d.parity.carried) {
		return false
	}
	d.frame.Mode = first.mode
	d.length += size
	d.begun = false // CR ended the last one
	d.parity.saw(int(lines), plain == 0)
	unknown := uint64(last.upTo.unknown - before.unknown)
	c := &d.counters
	c.Unknown[first.mode] += unknown
	c.Known[first.mode] += lines - unknown
	c.Groups += lines
	c.OffWidth += uint64(last.upTo.narrow - before.narrow)
	c.NoParity += plain
	m.here = next
	return true
}

// common returns how many bytes a and b have in common at their beginning.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	rest, other := a[:n], b[:n]
	for len(rest) >= 16 && len(other) >= 16 { // two words a turn: most of a frame is common
		x := binary.LittleEndian.Uint64(rest) ^ binary.LittleEndian.Uint64(other)
		y := binary.LittleEndian.Uint64(rest[8:]) ^ binary.LittleEndian.Uint64(other[8:])
		if x|y != 0 {
			break
		}
		rest, other = rest[16:], other[16:]
	}
	for len(rest) >= 8 && len(other) >= 8 {
		if x := binary.LittleEndian.Uint64(rest) ^ binary.LittleEndian.Uint64(other); x != 0 {
			return n - len(rest) + bits.TrailingZeros64(x)>>3
		}
		rest, other = rest[8:], other[8:]
	}
	for i := range rest {
		if rest[i] != other[i] {
			return n - len(rest) + i
		}
	}
	return n
}
