package status

import (
	"math"
	"strconv"
	"time"
)

// The drawing is stretched to the width of the page; these are its own units.
const (
	curveWidth   = 1000
	curveHeight  = 240
	curveColumns = 250 // points drawn at most; the highest of each column is kept, so a peak is never smoothed away
)

const (
	shortestCurve = time.Minute      // a younger curve leaves room on its left
	curveGap      = 30 * time.Second // no point for so long is drawn as a hole, not as a line
)

// curveView is the curve of the last minutes as SVG paths.
type curveView struct {
	Width, Height int
	Drawn, Area   string // line and surface above zero
	Below         string // line below zero, and its surface;
	Injected      string // both empty when nothing was injected
	Last          string // a dot on the newest point
	Way           direction
	Zero, Middle  int    // heights of the zero and half-way lines
	Top           string // what the upper edge stands for
	From          string // "il y a 10 min"
	Summary       string // the curve in one sentence
	Peak          string
	PeakInjected  string
}

// plot maps time and power to the drawing's units.
type plot struct {
	from time.Time
	span time.Duration
	top  float64 // VA at the upper edge
	low  float64 // VA injected at the lower edge
}

// x stays on the drawing even when a clock was set back.
func (p plot) x(at time.Time) int {
	x := math.Round(curveWidth * float64(at.Sub(p.from)) / float64(p.span))
	return int(max(0, min(x, curveWidth)))
}

func (p plot) y(v VoltAmpere) int {
	return int(math.Round(curveHeight * (p.top - float64(v)) / (p.top + p.low)))
}

// curve draws points, oldest first, up to now; nil when there are fewer than two.
func (c catalogue) curve(points []Point, now time.Time) *curveView {
	if len(points) < 2 {
		return nil
	}
	up, down := peaks(points)
	from := points[0].At
	p := plot{from: from, span: now.Sub(from), top: roundUp(up.Apparent)}
	if p.span < shortestCurve {
		p.from, p.span = now.Add(-shortestCurve), shortestCurve
	}
	if down.Injected > 0 {
		p.low = roundUp(down.Injected)
	}
	view := &curveView{
		Width: curveWidth, Height: curveHeight, Zero: p.y(0), Middle: p.y(VoltAmpere(p.top / 2)),
		Top:  c.power(VoltAmpere(p.top)),
		From: c.say("curve.ago", c.span(p.span)),
		Peak: c.say("curve.peak", c.power(up.Apparent), c.clock(now, up.At)),
	}
	view.draw(p, segments(columns(p, points)))
	summary := view.Peak
	if down.Injected > 0 {
		view.PeakInjected = c.say("curve.peak.injected", c.power(down.Injected), c.clock(now, down.At))
		summary += ", " + view.PeakInjected
	}
	view.Summary = c.say("curve.summary", c.span(p.span), summary)
	return view
}

// pen writes the d attribute of an SVG path, grown in place: it is drawn every second.
type pen []byte

// to appends a command ('M' moves, 'L' draws a line) to a point.
func (d *pen) to(command byte, x, y int) {
	*d = append(*d, command)
	*d = strconv.AppendInt(*d, int64(x), 10)
	*d = append(*d, ' ')
	*d = strconv.AppendInt(*d, int64(y), 10)
}

// draw fills the paths from runs of points without holes.
func (v *curveView) draw(p plot, runs [][]Point) {
	var line, under, above, below pen
	for _, run := range runs {
		p.trace(&line, &under, run)
		first, last := p.x(run[0].At), run[len(run)-1]
		above.to('M', first, v.Zero)
		below.to('M', first, v.Zero)
		for _, point := range run {
			above.to('L', p.x(point.At), p.y(point.Apparent))
			below.to('L', p.x(point.At), p.y(-point.Injected))
		}
		above.to('L', p.x(last.At), v.Zero)
		below.to('L', p.x(last.At), v.Zero)
		above, below = append(above, 'Z'), append(below, 'Z')
		var dot pen
		dot.to('M', p.x(last.At), p.y(last.net()))
		v.Last, v.Way = string(append(dot, "h0"...)), last.way()
	}
	v.Drawn, v.Below, v.Area = string(line), string(under), string(above)
	if p.low > 0 {
		v.Injected = string(below)
	}
}

// trace draws the line of a run, each way with a path of its own. A path takes
// up where the other left, so that the line crosses zero without a hole.
func (p plot) trace(line, under *pen, run []Point) {
	before := run[0]
	for i, point := range run {
		current := line
		if point.way() == injected {
			current = under
		}
		if i == 0 || point.way() != before.way() {
			current.to('M', p.x(before.At), p.y(before.net()))
		}
		current.to('L', p.x(point.At), p.y(point.net()))
		before = point
	}
}

// net is what is drawn, negative while energy is injected.
func (p Point) net() VoltAmpere { return p.Apparent - p.Injected }

func (p Point) way() direction {
	if p.Injected > p.Apparent {
		return injected
	}
	return drawn
}

// columns keeps one point for each column of the drawing, the highest each way.
func columns(p plot, points []Point) []Point {
	kept := make([]Point, 0, min(len(points), curveColumns+1))
	last := -1
	for _, point := range points {
		column := p.x(point.At) * curveColumns / curveWidth
		if column == last {
			top := &kept[len(kept)-1]
			top.Apparent = max(top.Apparent, point.Apparent)
			top.Injected = max(top.Injected, point.Injected)
			continue
		}
		kept, last = append(kept, point), column
	}
	return kept
}

// segments cuts points where none came for a while.
func segments(points []Point) [][]Point {
	var runs [][]Point
	start := 0
	for i := 1; i <= len(points); i++ {
		if i == len(points) || points[i].At.Sub(points[i-1].At) > curveGap {
			runs, start = append(runs, points[start:i]), i
		}
	}
	return runs
}

// peaks finds the points most drawn and most injected, the latest of equals.
func peaks(points []Point) (up, down Point) {
	up, down = points[0], points[0]
	for _, point := range points {
		if point.Apparent >= up.Apparent {
			up = point
		}
		if point.Injected >= down.Injected {
			down = point
		}
	}
	return up, down
}

// roundUp returns a round number a little above v, for the edge of the drawing.
func roundUp(v VoltAmpere) float64 {
	const smallest = 200
	wanted := max(float64(v)*1.08, smallest)
	decade := math.Pow(10, math.Floor(math.Log10(wanted)))
	for _, step := range []float64{1, 1.5, 2, 3, 4, 5, 6, 8} {
		if step*decade >= wanted {
			return step * decade
		}
	}
	return 10 * decade
}
