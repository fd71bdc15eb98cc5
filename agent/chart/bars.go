package chart

import (
	"html/template"
	"time"
)

// Bars is a column for each stretch of time: its parts one upon another, and what goes the other way below zero.
type Bars struct {
	Name  string // the drawing in one sentence, for who does not see it
	Axis  Axis
	Bands []Band
	Slots []Slot
	Label func(float64) string // of a value of the vertical axis, without its unit
	Unit  string
	Least float64 // the scale reaches at least so high
}

// Slot is one column.
type Slot struct {
	From, To time.Time
	Up, Down []Part   // from zero outwards; amounts, none of them negative
	Before   *float64 // what it was the time before, drawn beside; nil when there is nothing to compare
	Label    string   // a tooltip
	Partial  bool     // it is not over, or not known whole
}

// Part is one amount of a column.
type Part struct {
	Class string
	Value float64
}

func sum(parts []Part) float64 {
	total := 0.0
	for _, part := range parts {
		total += part.Value
	}
	return total
}

func (b Bars) scale() Scale {
	low, high := 0.0, b.Least
	for _, s := range b.Slots {
		low, high = min(low, -sum(s.Down)), max(high, sum(s.Up))
		if s.Before != nil {
			high = max(high, *s.Before)
		}
	}
	return ScaleOf(low, high)
}

// The part of a slot that a column fills, and where it lies in it when another stands beside.
const (
	columnWidth = 0.72
	columnPair  = 0.46
)

// Draw draws it.
func (b Bars) Draw() template.HTML {
	var p pen
	s := b.scale()
	p.scale(s, b.Label, b.Unit)
	p.open("plot", b.Name)
	p.bands(b.Axis, b.Bands)
	p.grid(s)
	for _, slot := range b.Slots {
		p.slot(b.Axis, s, slot)
	}
	p.words(b.Axis)
	return p.close()
}

func (p *pen) slot(a Axis, s Scale, slot Slot) {
	left, width := a.share(slot.From), a.share(slot.To)-a.share(slot.From)
	class := "slot"
	if slot.Partial {
		class = "slot partial"
	}
	p.put(`<g class="`, class, `"><title>`, text(slot.Label), `</title>`)
	p.put(`<rect class="reach" x="`, 100*left, `%" width="`, 100*width, `%" y="`, plotTop, `%" height="`, plotHeight, `%"/>`)
	at, wide := left+width*(1-columnWidth)/2, width*columnWidth
	if slot.Before != nil {
		wide = width * columnPair
		p.column(left+width*0.08, wide*0.8, s, 0, *slot.Before, "before")
		at = left + width*0.46
	}
	height := 0.0
	for _, part := range slot.Up {
		p.column(at, wide, s, height, height+part.Value, part.Class)
		height += part.Value
	}
	height = 0
	for _, part := range slot.Down {
		p.column(at, wide, s, height-part.Value, height, part.Class)
		height -= part.Value
	}
	p.put(`</g>`)
}

// column draws one part between two values.
func (p *pen) column(at, wide float64, s Scale, low, high float64, class string) {
	if high-low <= 0 {
		return
	}
	top, bottom := y(s.share(high)), y(s.share(low))
	p.put(`<rect class="column `, class, `" x="`, 100*at, `%" width="`, 100*wide, `%" y="`, top, `%" height="`, bottom-top, `%" rx="2"/>`)
}
