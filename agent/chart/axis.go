package chart

import "time"

// Axis is the horizontal axis, with the words below it.
type Axis struct {
	From, To time.Time
	Ticks    []Tick
}

// Tick is a word at an instant. One that is fine is left out on a narrow page.
type Tick struct {
	At    time.Time
	Label string
	Fine  bool
}

// share is how far from the left an instant is, 0 to 1.
func (a Axis) share(at time.Time) float64 {
	whole := a.To.Sub(a.From)
	if whole <= 0 {
		return 0
	}
	return min(max(float64(at.Sub(a.From))/float64(whole), 0), 1)
}

// Band is a stretch of the axis that is tinted, such as the hours of a tariff.
type Band struct {
	From, To time.Time
	Class    string
	Label    string // a tooltip
}

// Point is a value over a stretch of time; nil is a gap.
type Point struct {
	From, To time.Time
	Value    *float64
	Label    string // a tooltip: "14:10: 1,240 VA"
}

// middle is where a curve passes.
func (p Point) middle() time.Time { return p.From.Add(p.To.Sub(p.From) / 2) }

func extremes(points []Point) (low, high float64) {
	for _, p := range points {
		if p.Value != nil {
			low, high = min(low, *p.Value), max(high, *p.Value)
		}
	}
	return low, high
}
