package history

import (
	"context"
	"slices"
	"time"
)

// Stake is a share of an installation that belongs to many.
type Stake struct {
	Title        string
	Series       []string // full names of the series that together are its production
	Shares, Of   int      // mine, and all there are
	Area, Budget int      // of the whole, m² and euros; 0 when not known
	Link         string
}

// StakeShown is what an installation produced over a span, and which part of it a stake is.
type StakeShown struct {
	Title  string   `json:"title,omitempty"`
	Link   string   `json:"link,omitempty"`
	Span   Span     `json:"span"`
	Shares int      `json:"shares"`
	Of     int      `json:"of"`
	Area   *float64 `json:"area_m2"` // of mine; nil when not known
	Budget *float64 `json:"budget_eur"`
	All    Line     `json:"all"`  // what the installation produced
	Mine   Line     `json:"mine"` // pro rata of the shares
}

// Stake tells what a stake produced over the span of an instant.
func (e *Engine) Stake(ctx context.Context, s Stake, c Calendar, at time.Time) (StakeShown, error) {
	shown := StakeShown{Title: s.Title, Link: s.Link, Shares: s.Shares, Of: s.Of}
	span, err := SpanOf(c, at.In(e.Location))
	if err != nil {
		return shown, err
	}
	units := e.units()
	w := wanted{quantity: Production, unit: "Wh", units: units, series: s.Series}
	for _, name := range s.Series {
		w.estimated = w.estimated || units[name] != "Wh"
	}
	part := float64(s.Shares) / float64(s.Of)
	shown.Span, shown.Area, shown.Budget = span, partOf(s.Area, part), partOf(s.Budget, part)
	shown.All, err = e.line(ctx, w, span, c.usual())
	shown.Mine = shown.All.Times(part)
	return shown, err
}

func partOf(whole int, part float64) *float64 {
	if whole == 0 {
		return nil
	}
	v := float64(whole) * part
	return &v
}

// Times is the line with all its values that many times.
func (l Line) Times(factor float64) Line {
	l.Points = slices.Clone(l.Points)
	for i := range l.Points {
		p := &l.Points[i]
		p.Value, p.Min, p.Max = times(p.Value, factor), times(p.Min, factor), times(p.Max, factor)
	}
	l.Total, l.Mean, l.Unplaced = times(l.Total, factor), times(l.Mean, factor), l.Unplaced*factor
	return l
}

func times(v *float64, factor float64) *float64 {
	if v == nil {
		return nil
	}
	product := *v * factor
	return &product
}
