package buffer

import (
	"encoding/binary"
	"math"
	"slices"

	"releve/senml"
)

// cell is what one series has said within a span of time, rolled up. Cells of adjoining spans can be joined: the
// cell of the whole is the same as if it had been rolled up at once. So a cell depends on nothing but the readings
// within its own span, and a late reading changes that one and what was joined from it.
//
// A value is in force from its reading to the next one, at most for Options.Hold: readings are recorded when they
// change, so a mean that gave each the same weight would be wrong.
type cell struct {
	kind        Kind
	count       uint64
	first, last int64   // Unix ms of the first and the last reading
	open, close float64 // what they said; zero of texts
	min, max    float64 // of a quantity
	area        float64 // of a quantity: the integral from first to last, in its unit × ms
	gaps        int64   // ms between first and last during which no value was in force

	openText, closeText string // of a text
	changes             uint64 // of a text, between first and last
}

// maxCellText is how much of a text a cell keeps.
const maxCellText = 32

// reading is one reading on its way into a cell.
type reading struct {
	at   int64 // Unix ms
	v    float64
	text string
}

// readingOf reads a record; it is false for what cannot be rolled up: opaque data, and a sum without value.
func readingOf(r *senml.Record) (x reading, kind Kind, ok bool) {
	h := hourOf(r.Time)
	x.at = int64(h)*msPerHour + int64(nearestMilli(h, r.Time))
	if v, isNumber := r.Value.Number(); isNumber {
		x.v = v
		return x, Quantity, true
	}
	if r.Value.Kind() == senml.Data || r.Value.Kind() == senml.None {
		return x, Quantity, false
	}
	x.text = shortened(r.Value.String())
	return x, Text, true
}

// shortened cuts a text to what a cell keeps, between characters.
func shortened(s string) string {
	if len(s) <= maxCellText {
		return s
	}
	end := 0
	for i := range s { // starts of characters
		if i <= maxCellText {
			end = i
		}
	}
	return s[:end]
}

// cellOf is a cell of one reading.
func cellOf(kind Kind, x reading) cell {
	c := cell{kind: kind, count: 1, first: x.at, last: x.at}
	switch kind {
	case Text:
		c.openText, c.closeText = x.text, x.text
	case Index:
		c.open, c.close = x.v, x.v
	default:
		c.open, c.close, c.min, c.max = x.v, x.v, x.v, x.v
	}
	return c
}

// join returns the cell of what c and then d were rolled up from; an empty cell is of nothing. When the kinds
// differ, because the caller has changed its mind about a series, the later counts.
func (c cell) join(d cell, hold int64) cell {
	switch {
	case d.count == 0:
		return c
	case c.count == 0 || c.kind != d.kind:
		return d
	}
	between := d.first - c.last
	held := min(between, hold)
	c.gaps += between - held + d.gaps
	if c.kind == Quantity {
		c.area += c.close*float64(held) + d.area
		c.min, c.max = min(c.min, d.min), max(c.max, d.max)
	}
	if between <= hold && c.closeText != d.openText {
		c.changes++
	}
	c.changes += d.changes
	c.count += d.count
	c.last, c.close, c.closeText = d.last, d.close, d.closeText
	return c
}

// covered is for how long between the first and last reading a value was in force, in ms.
func (c cell) covered() int64 { return c.last - c.first - c.gaps }

// numbers lists what of a cell is stored at one scale.
func (c cell) numbers() []float64 {
	switch c.kind {
	case Index:
		return []float64{c.open, c.close}
	case Quantity:
		return []float64{c.open, c.close, c.min, c.max}
	}
	return nil
}

// encode appends the cell of a span that begins at start, in Unix ms, with its numbers at a scale.
//
// Format:  uvarint readings, first ms since start, ms from first to last, ms of gaps; then of an index: the first value
// and the last; of a quantity: first, last, least, greatest, each but the first less the first, and the integral of
// what it was above the first value, in unit × ms; of a text: first, last (uvarint length, bytes), uvarint changes
// Example: 02 e807 d00f 00 a008 02 00 02 00 is 528 W at 1 s and 529 W at 3 s
func (c cell) encode(dst []byte, start int64, s scale) []byte {
	for _, n := range []int64{int64(c.count), c.first - start, c.last - c.first, c.gaps} {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	switch c.kind {
	case Text:
		dst = appendText(appendText(dst, c.openText), c.closeText)
		return binary.AppendUvarint(dst, c.changes)
	case Index:
		return s.append(s.append(dst, c.open, 0), c.close, c.open)
	}
	dst = s.append(s.append(dst, c.open, 0), c.close, c.open)
	dst = s.append(s.append(dst, c.min, c.open), c.max, c.open)
	return s.append(dst, c.above(), 0) // to the nearest integer of the scale
}

// above is the integral of what the value was above the first.
func (c cell) above() float64 { return c.area - c.open*float64(c.covered()) }

// scaleFor is the scale at which all numbers of some cells are integers.
func scaleFor(cells ...cell) scale {
	var all []float64
	for _, c := range cells {
		all = append(all, c.numbers()...)
	}
	s := scaleOf(all)
	if s != rawFloats && slices.ContainsFunc(cells, func(c cell) bool { return math.Abs(c.above())*s.factor() >= maxInteger }) {
		return rawFloats
	}
	return s
}

// decodeHead reads the kind and the scale that stand before cells.
func decodeHead(b *scanner) (Kind, scale) {
	kind, s := Kind(b.byte()), scale(b.byte())
	if kind > Text || !s.isKnown() {
		b.fail()
		return 0, 0
	}
	return kind, s
}

// decodeCell reads what encode wrote.
func decodeCell(b *scanner, kind Kind, start int64, s scale) cell {
	c := cell{kind: kind, count: b.uvarint(math.MaxInt64)}
	c.first = start + int64(b.uvarint(maxTime*1000))
	c.last = c.first + int64(b.uvarint(maxTime*1000))
	c.gaps = int64(b.uvarint(uint64(c.last - c.first)))
	if c.count == 0 && b.err == nil {
		b.fail()
	}
	if kind == Text {
		c.openText, c.closeText, c.changes = b.text(), b.text(), b.uvarint(math.MaxInt64)
		return c
	}
	c.open = s.read(b, 0)
	c.close = s.read(b, c.open)
	if kind == Quantity {
		c.min = s.read(b, c.open)
		c.max = s.read(b, c.open)
		c.area = s.read(b, 0) + c.open*float64(c.covered())
	}
	return c
}
