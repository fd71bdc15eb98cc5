package chart

import (
	"html/template"
)

// Curve is lines over time, with gaps where nothing is known.
type Curve struct {
	Name   string // the drawing in one sentence, for who does not see it
	Axis   Axis
	Bands  []Band
	Lines  []Line               // the first is drawn last, over the others
	Label  func(float64) string // of a value of the vertical axis, without its unit
	Unit   string
	Least  float64 // the scale reaches at least so high; several curves side by side have one scale
	Guided bool    // a line up from each word of the axis, to compare with drawings above and below
	Plain  bool    // without words below: another curve on the same axis has them
}

// Line is one of the curves.
type Line struct {
	Class  string
	Filled bool // the surface under it too
	Below  bool // drawn under zero, however its values are signed
	Points []Point
}

// stretched is the size of the drawing in which paths lie.
const (
	stretchedWidth  = 1000
	stretchedHeight = 250
)

// scale fits all lines.
func (c Curve) scale() Scale {
	low, high := 0.0, c.Least
	for _, line := range c.Lines {
		_, most := extremes(line.Points)
		if line.Below {
			low = min(low, -most)
			continue
		}
		high = max(high, most)
	}
	return ScaleOf(low, high)
}

// Draw draws it.
func (c Curve) Draw() template.HTML {
	var p pen
	s := c.scale()
	p.scale(s, c.Label, c.Unit)
	p.open("plot", c.Name)
	p.bands(c.Axis, c.Bands)
	p.grid(s)
	if c.Guided {
		p.guides(c.Axis)
	}
	p.put(`<svg class="paths" y="`, plotTop, `%" height="`, plotHeight, `%" viewBox="0 0 `, float64(stretchedWidth), " ", float64(stretchedHeight), `" preserveAspectRatio="none" aria-hidden="true">`)
	for i := len(c.Lines) - 1; i >= 0; i-- {
		p.line(c.Axis, s, c.Lines[i])
	}
	p.put(`</svg>`)
	if !c.Plain {
		p.words(c.Axis)
	}
	return p.close()
}

// line draws one line, and the surface under it, a piece between two gaps at a time.
func (p *pen) line(a Axis, s Scale, line Line) {
	if line.Filled {
		var surface pen
		for _, run := range runs(line.Points) {
			surface.put("M", stretchedWidth*a.share(run[0].From), " ", stretchedHeight*s.share(0))
			surface.trace(a, s, run, line.Below, "L")
			surface.put("L", stretchedWidth*a.share(run[len(run)-1].To), " ", stretchedHeight*s.share(0), "Z")
		}
		p.put(`<path class="surface `, line.Class, `" d="`, surface.String(), `"/>`)
	}
	var stroke pen
	for _, run := range runs(line.Points) {
		stroke.trace(a, s, run, line.Below, "M")
	}
	p.put(`<path class="stroke `, line.Class, `" d="`, stroke.String(), `"/>`)
}

// trace goes through a run: from the begin of its first point through the middles to the end of its last.
func (p *pen) trace(a Axis, s Scale, run []Point, below bool, first string) {
	height := func(point Point) float64 {
		if below {
			return stretchedHeight * s.share(-*point.Value)
		}
		return stretchedHeight * s.share(*point.Value)
	}
	last := run[len(run)-1]
	p.put(first, stretchedWidth*a.share(run[0].From), " ", height(run[0]))
	for _, point := range run {
		p.put("L", stretchedWidth*a.share(point.middle()), " ", height(point))
	}
	p.put("L", stretchedWidth*a.share(last.To), " ", height(last))
}

// runs cuts points where nothing is known.
func runs(points []Point) [][]Point {
	var all [][]Point
	start := -1
	for i, p := range points {
		switch {
		case p.Value == nil && start >= 0:
			all, start = append(all, points[start:i]), -1
		case p.Value != nil && start < 0:
			start = i
		}
	}
	if start >= 0 {
		all = append(all, points[start:])
	}
	return all
}

// Sparkline draws points as one small line without words.
func Sparkline(name, class string, points []Point) template.HTML {
	var p pen
	low, high := extremes(points)
	p.put(`<svg class="spark" viewBox="0 0 `, float64(stretchedWidth), " ", float64(stretchedHeight), `" preserveAspectRatio="none" role="img" aria-label="`, text(name), `">`)
	if len(points) > 0 {
		a := Axis{From: points[0].From, To: points[len(points)-1].To}
		p.line(a, ScaleOf(low, high), Line{Class: class, Filled: true, Points: points})
	}
	return p.close()
}
