package history

import (
	"context"
	"slices"
	"time"

	"releve/buffer"
)

// grown is what an energy has grown by, point by point.
type grown struct {
	points   []Point
	unplaced float64
	whole    bool // the sum leaves nothing out, up to now
}

// tell puts it in a line.
func (g grown) tell(line *Line) {
	line.Points, line.Unplaced, line.Whole = g.points, g.unplaced, g.whole
	if sum, known := g.sum(); known {
		line.Total = &sum
	}
}

// sum is all that is known, and whether anything is.
func (g grown) sum() (sum float64, known bool) {
	for _, p := range g.points {
		if p.Value != nil {
			sum, known = sum+*p.Value, true
		}
	}
	return sum + g.unplaced, known || g.unplaced != 0
}

// energies are those of all series of a line together. What is not known of one of them is not known of the sum.
func (e *Engine) energies(ctx context.Context, w wanted, from, to time.Time, step Step) (grown, error) {
	var all grown
	for i, name := range w.series {
		one, err := e.energiesOf(ctx, name, w.units[name], from, to, step)
		if err != nil {
			return all, err
		}
		if i == 0 {
			all = one
			continue
		}
		all.add(one)
	}
	if len(w.series) == 0 {
		all.points = e.grid(from, to, step)
	}
	return all, nil
}

func (e *Engine) energiesOf(ctx context.Context, name, unit string, from, to time.Time, step Step) (grown, error) {
	switch unit {
	case "W", "VA", "kW":
		return e.energiesOfPower(ctx, name, unit, from, to, step)
	}
	return e.growth(ctx, name, from, to, step)
}

func (g *grown) add(h grown) {
	for i := range g.points {
		p, q := &g.points[i], h.points[i]
		p.Count, p.Whole = p.Count+q.Count, p.Whole && q.Whole
		if p.Value == nil || q.Value == nil {
			p.Value = nil
			continue
		}
		sum := *p.Value + *q.Value
		p.Value = &sum
	}
	g.unplaced, g.whole = g.unplaced+h.unplaced, g.whole && h.whole
}

// growth is what an index has grown by in each step.
func (e *Engine) growth(ctx context.Context, name string, from, to time.Time, step Step) (grown, error) {
	periods, err := e.periods(ctx, name, step, from.Add(-step.short()), to) // short ones look back, see isSilent
	if err != nil {
		return grown{}, err
	}
	g := &growing{Engine: e, name: name, step: step, from: from, to: to, now: e.Now(), periods: periods}
	g.points = e.grid(from, to, step)
	if g.whole = g.isKnownAt(from, g.begin()); !to.After(g.now) {
		g.whole = g.whole && g.isKnownAt(to, len(periods)-1)
	} else if from.Before(g.now) {
		g.heard, err = g.isHeard(ctx)
		g.whole = g.whole && g.heard
	}
	place(g.points, periods, func(p *Point, at int) {
		if err == nil {
			err = g.point(ctx, p, at)
		}
	})
	g.between()
	return g.grown, err
}

// isHeard tells whether an index is known now: the last ten minutes are asked for, unless they are here.
func (g *growing) isHeard(ctx context.Context) (bool, error) {
	since := g.now.Add(-10 * time.Minute)
	if g.step == TenMinutes {
		return slices.ContainsFunc(g.periods, func(p buffer.Period) bool { return !p.Begin.Before(since) && p.Begin.Before(g.now) }), nil
	}
	found, _, err := g.Archive.Periods(ctx, g.name, buffer.TenMinutes, since, g.now, 2)
	return len(found) > 0, err
}

// growing makes the points of one index.
type growing struct {
	*Engine
	name          string
	step          Step
	from, to, now time.Time
	periods       []buffer.Period // in order; the first may be before from, and the last after to
	heard         bool            // now

	grown
}

// begin is the place of the first period that is not before from.
func (g *growing) begin() int {
	if len(g.periods) > 0 && g.periods[0].Begin.Before(g.from) {
		return 1
	}
	return 0
}

// isKnownAt tells whether the index was known at the begin of a period.
func (g *growing) isKnownAt(begin time.Time, at int) bool {
	return at >= 0 && at < len(g.periods) && g.periods[at].Begin.Equal(begin) && g.periods[at].Since.Equal(begin)
}

// point gives a point what the index grew by in its period.
func (g *growing) point(ctx context.Context, p *Point, at int) error {
	of := g.periods[at]
	p.Count = of.Count
	first, last, ok := g.ends(at)
	switch {
	case !ok || g.isSilent(at):
		return nil
	case g.isBreak(of.Since, first, of.End, last):
		g.whole = false
		return g.pieces(ctx, p)
	}
	grew := last - first
	p.Value = &grew
	p.Whole = of.Since.Equal(of.Begin) && g.isKnownTo(at)
	return nil
}

// isKnownTo tells whether the index was known at the end of a period, or is now when it is not over.
func (g *growing) isKnownTo(at int) bool {
	if g.periods[at].End.After(g.now) {
		return g.heard
	}
	return g.isKnownAt(g.periods[at].End, at+1) && !g.isSilent(at+1)
}

// ends are the index at the begin and at the end of a period. What was read at its end is the first of the next.
func (g *growing) ends(at int) (first, last float64, ok bool) {
	first, last, ok = ends(g.periods[at])
	if g.isKnownAt(g.periods[at].End, at+1) {
		last, _ = g.periods[at+1].First.Number()
	}
	return first, last, ok
}

// isSilent tells that nobody knows how much of what the index grew by is of this period: nothing was heard during it or,
// when it grew, during the one before. In a short period an index in force is only the last one heard.
func (g *growing) isSilent(at int) bool {
	if g.step.short() == 0 {
		return false
	}
	for next := at; next < len(g.periods) && g.periods[at].Count == 0 && (next == at || g.isKnownAt(g.periods[next-1].End, next)); next++ {
		if first, last, _ := g.ends(next); g.periods[next].Count > 0 || first != last {
			return first != last
		}
	}
	if g.periods[at].Count == 0 {
		return true
	}
	return at > 0 && g.periods[at-1].Count == 0 && g.stays(at)
}

// stays tells that the index that was in force when a period began was an old one, and grew then.
func (g *growing) stays(at int) bool {
	first, last, _ := g.ends(at)
	_, before, _ := ends(g.periods[at-1])
	return first == before && last != first && g.isKnownAt(g.periods[at-1].End, at)
}

// pieces makes a point of shorter ones, as the index is not that of one meter.
func (g *growing) pieces(ctx context.Context, p *Point) error {
	finer := g.step.finer()
	if finer == "" {
		return nil
	}
	parts, err := g.growth(ctx, g.name, p.From, p.To, finer)
	if sum, known := parts.sum(); known {
		p.Value = &sum
	}
	return err
}

// between adds what the index grew by that belongs to no point.
func (g *growing) between() {
	for at := g.begin(); at < len(g.periods); at++ {
		of := g.periods[at]
		first, last, ok := g.ends(at)
		if !ok || !of.Begin.Before(g.to) {
			continue
		}
		if g.isSilent(at) && !g.isBreak(of.Begin.Add(-longestHold), first, of.End, last) {
			g.unplaced += last - first
		}
		if at == g.begin() || g.isKnownAt(g.periods[at-1].End, at) {
			continue
		}
		before, known := g.periods[at-1].Last.Number()
		switch {
		case !known:
		case g.isBreak(g.periods[at-1].End, before, of.Since, first):
			g.whole = false
		default:
			g.unplaced += first - before
		}
	}
}

// longestHold is for how long an index may have been in force that nothing was heard of.
const longestHold = 30 * time.Minute

// margin is how much an index may run ahead of its clock, in Wh.
const margin = 500

// isBreak tells that two values of an index are not of the same meter.
func (g *growing) isBreak(from time.Time, first float64, to time.Time, last float64) bool {
	return IsBreak(g.most(g.name), from, first, to, last)
}

// IsBreak tells that two values of an index in Wh are not of one meter that can carry most W; 0 for no bound.
func IsBreak(most float64, from time.Time, first float64, to time.Time, last float64) bool {
	return last < first || most > 0 && last-first > most*max(to.Sub(from), 0).Hours()+margin
}

// ends are the index in force at the begin and at the end of a period.
func ends(p buffer.Period) (first, last float64, ok bool) {
	first, ok = p.First.Number()
	last, of := p.Last.Number()
	return first, last, ok && of
}
