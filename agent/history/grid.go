package history

import (
	"context"
	"time"

	"releve/buffer"
)

// grid is the points of a stretch of time, all gaps.
func (e *Engine) grid(from, to time.Time, step Step) []Point {
	now := e.Now()
	var points []Point
	for at := from; at.Before(to); {
		next := step.next(at)
		if next.After(to) {
			next = to
		}
		points = append(points, Point{From: at, To: next, Final: !next.After(now)})
		at = next
	}
	return points
}

// periods reads what the archive has rolled up of a series between from and to, and one more, which tells what held at
// the end.
func (e *Engine) periods(ctx context.Context, series string, step Step, from, to time.Time) ([]buffer.Period, error) {
	const never = 1 << 20
	found, _, err := e.Archive.Periods(ctx, series, step.resolution(), from, step.next(to), never)
	return found, err
}

// place pairs each period with its point. The grid and the periods are both in order.
func place(points []Point, periods []buffer.Period, tell func(p *Point, at int)) {
	i := 0
	for at := range periods {
		for i < len(points) && points[i].From.Before(periods[at].Begin) {
			i++
		}
		if i < len(points) && points[i].From.Equal(periods[at].Begin) {
			tell(&points[i], at)
		}
	}
}
