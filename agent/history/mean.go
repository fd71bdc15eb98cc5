package history

import (
	"context"
	"math"
	"time"

	"releve/buffer"
)

// means are the points of a quantity of one series, and the mean of them all.
func (e *Engine) means(ctx context.Context, names []string, span Span, step Step) ([]Point, *float64, error) {
	points := e.grid(span.From, span.To, step)
	if len(names) != 1 {
		return points, nil, nil
	}
	periods, err := e.periods(ctx, names[0], step, span.From, span.To)
	if err != nil {
		return nil, nil, err
	}
	now, area, covered := e.Now(), 0.0, 0.0
	place(points, periods, func(p *Point, at int) {
		fill(p, periods[at], now)
		if p.Value != nil {
			area += *p.Value * periods[at].Covered.Seconds()
			covered += periods[at].Covered.Seconds()
		}
	})
	if covered == 0 {
		return points, nil, nil
	}
	mean := area / covered
	return points, &mean, nil
}

// fill gives a point the mean of a period. A text has none.
func fill(p *Point, of buffer.Period, now time.Time) {
	p.Count = of.Count
	if math.IsNaN(of.Mean) {
		return
	}
	p.Value, p.Min, p.Max = &of.Mean, &of.Min, &of.Max
	p.Whole = isCovered(p, of, now)
}

// isCovered tells whether a value was in force all the time, up to now. Times are kept to the millisecond.
func isCovered(p *Point, of buffer.Period, now time.Time) bool {
	end := p.To
	if now.Before(end) {
		end = now
	}
	return of.Covered >= end.Sub(p.From).Truncate(time.Millisecond)
}

// energiesOfPower are the energies of a power, each its mean for as long as it is known.
func (e *Engine) energiesOfPower(ctx context.Context, name, unit string, from, to time.Time, step Step) (grown, error) {
	g := grown{points: e.grid(from, to, step), whole: true}
	periods, err := e.periods(ctx, name, step, from, to)
	if err != nil {
		return g, err
	}
	now, scale := e.Now(), 1.0
	if unit == "kW" {
		scale = 1000
	}
	place(g.points, periods, func(p *Point, at int) {
		fill(p, periods[at], now)
		p.Min, p.Max = nil, nil
		if p.Value != nil {
			wh := *p.Value * scale * periods[at].Covered.Hours()
			p.Value = &wh
		}
	})
	for _, p := range g.points {
		g.whole = g.whole && (p.Whole || !p.From.Before(now))
	}
	return g, nil
}
