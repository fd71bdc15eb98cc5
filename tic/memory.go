package tic

import (
	"encoding/binary"
	"math/bits"
)

// memory is the lines of the frame being read and, beyond them, those that the frame before had in the same places.
//
// A meter repeats itself: from one frame to the next a few lines change. A line that is byte for byte the one that
// was accepted in its place is good, and its group is there already.
type memory struct {
	here   int // lines of the frame being read
	kept   int // lines that the next ones can be compared with, from place 0 on and without a gap
	places [maxGroups]place
	groups [maxGroups]Group
	raw    [maxFrame]byte // the lines as they came, from LF to CR
	clean  [maxFrame]byte // the same without parity bits; groups are views of it
}

// place is what is known of a line.
type place struct {
	cut
	from, to uint16 // in raw and clean, with LF and CR
	mode     Mode
	entry    uint8 // of its label in labels, plus 1; 0 when it is unknown
	narrow   bool  // its value has not the width of the specification
	plain    bool  // it has no parity bits
	odd      bool  // it did not begin with LF or end with CR, so it is not good again if it comes again
}

// put makes a line, which ended with a character, the next one of the frame.
func (m *memory) put(line []byte, ended byte, p place) {
	i := m.here
	p.from = 0
	if i > 0 {
		p.from = m.places[i-1].to
	}
	p.to = p.from + uint16(len(line)) + 2
	switch {
	case p.odd:
		m.kept = min(m.kept, i)
	case i < m.kept && m.places[i].to != p.to, i == m.kept:
		m.kept = i + 1
	}
	m.raw[p.from], m.raw[p.to-1] = lf, ended
	copy(m.raw[p.from+1:], line)
	text := m.clean[p.from+1 : p.to-1]
	copy(text, line)
	if !p.plain {
		strip(text)
	}
	m.places[i] = p
	p.cut.of(text, &m.groups[i])
	m.groups[i].look(p.entry)
	m.here = i + 1
}

// repeat accepts the lines at the front of p that repeat those of their places, and returns where another line begins:
// in p, or in carry if its beginning came before.
func (d *Decoder) repeat(p []byte) []byte {
	m := &d.memory
	if m.here >= m.kept {
		return p
	}
	from := int(m.places[m.here].from)
	at := from + d.repeats
	reached := at + common(p, m.raw[at:m.places[m.kept-1].to])
	alike := true
	for alike && m.here < m.kept && int(m.places[m.here].to) <= reached {
		if alike = d.again(&m.places[m.here]); alike {
			from = int(m.places[m.here].to)
			m.here++
		}
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

// again accepts a line that repeats the one in its place, and reports whether it may: a line is also judged by the mode
// and the size of its frame, and by the parity of those before.
func (d *Decoder) again(p *place) bool {
	size := int(p.to - p.from)
	if d.frame.Mode != p.mode && d.frame.Mode != Auto || p.plain && d.parity.carried || d.full(size) {
		return false
	}
	d.length += size
	d.begun = true
	d.join(p)
	d.begun = false // CR ended it
	return true
}

// common returns how many bytes a and b have in common at their beginning.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)>>3
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}
