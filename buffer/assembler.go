package buffer

import (
	"math"
	"time"

	"releve/senml"
)

// assembler makes periods of the cells of one series, which come in order. It makes one more than the limit.
type assembler struct {
	resolution Resolution
	location   *time.Location
	from, to   int64 // Unix ms: which periods are wanted, by their begin
	limit      int
	hold, now  int64 // ms

	found  []Period
	latest cell // of the readings so far; empty before the first
	making *making
}

// making is a period that is being made.
type making struct {
	begin, end int64 // Unix ms
	at         int64 // up to where it is made
	whole      cell  // count, min, max and area of all that was in force, changes
	covered    int64 // ms during which something was
	since      int64 // Unix ms of the first that was
	first      senml.Value
}

// full tells that no more cells are wanted.
func (a *assembler) full() bool { return len(a.found) > a.limit }

// take adds a cell.
func (a *assembler) take(c cell) {
	if a.latest.kind != c.kind {
		a.latest = cell{}
	}
	begin := a.resolution.begin(c.first, a.location)
	a.finish(begin)
	if a.making == nil {
		a.making = a.start(begin)
	}
	m := a.making
	a.holdUntil(c.first)
	m.opens(c.first, c.value(c.open, c.openText))
	m.adds(c, c.covered())
	if l := a.latest; l.count > 0 && c.first-l.last <= a.hold && l.closeText != c.openText {
		m.whole.changes++
	}
	m.whole.count += c.count
	m.whole.changes += c.changes
	m.at, a.latest = c.last, c
}

// finish makes the periods that end until then, and those after them as long as the latest value is in force.
func (a *assembler) finish(until int64) {
	for a.making != nil && a.making.end <= until {
		end := a.making.end
		a.holdUntil(min(end, a.now))
		a.emit()
		a.making = nil
		if a.latest.last+a.hold > end && a.now > end && end < a.to {
			a.making = a.start(end)
		}
	}
}

// end makes what is left.
func (a *assembler) end() { a.finish(math.MaxInt64) }

func (a *assembler) start(begin int64) *making {
	return &making{begin: begin, end: a.resolution.next(begin, a.location), at: begin}
}

// holdUntil keeps the latest value in force until then, or as long as it may be.
func (a *assembler) holdUntil(until int64) {
	m, c := a.making, a.latest
	until = min(until, c.last+a.hold)
	if c.count == 0 || until <= m.at {
		return
	}
	length := until - m.at
	m.opens(m.at, c.value(c.close, c.closeText))
	m.adds(cell{kind: c.kind, min: c.close, max: c.close, area: c.close * float64(length)}, length)
	m.at = until
}

// opens notes the first value of the period.
func (m *making) opens(at int64, v senml.Value) {
	if m.first.Kind() == senml.None {
		m.since, m.first = at, v
	}
}

// adds adds what was in force for some time.
func (m *making) adds(c cell, covered int64) {
	w := &m.whole
	if w.kind != c.kind || m.covered == 0 && w.count == 0 {
		*w = cell{kind: c.kind, min: c.min, max: c.max, count: w.count}
	}
	w.min, w.max = min(w.min, c.min), max(w.max, c.max)
	w.area += c.area
	m.covered += covered
}

// emit adds the period to those found if it is one of those wanted.
func (a *assembler) emit() {
	m := a.making
	if m.begin < a.from || m.begin >= a.to || m.first.Kind() == senml.None {
		return
	}
	w := m.whole
	p := Period{
		Begin: a.time(m.begin), End: a.time(m.end), Count: int(w.count), Covered: time.Duration(m.covered) * time.Millisecond,
		Mean: math.NaN(), Min: math.NaN(), Max: math.NaN(),
		First: m.first, Last: a.latest.value(a.latest.close, a.latest.closeText), Since: a.time(m.since),
		Changes: int(w.changes),
	}
	if w.kind == Quantity {
		p.Min, p.Max, p.Mean = w.min, w.max, w.mean(m.covered, a.latest.close)
	}
	a.found = append(a.found, p)
}

// mean is the mean of a cell whose values were in force for that long; of a single instant it is the value.
func (c cell) mean(covered int64, value float64) float64 {
	if covered == 0 {
		return value
	}
	return min(max(c.area/float64(covered), c.min), c.max) // rounding must not leave the values there were
}

func (a *assembler) time(ms int64) time.Time { return time.UnixMilli(ms).In(a.location) }

// value makes a value of what a cell holds of one.
func (c cell) value(v float64, text string) senml.Value {
	if c.kind == Text {
		return senml.TextValue(text)
	}
	return senml.NumberValue(v)
}
