package history

import (
	"context"
	"fmt"
	"time"

	"releve/buffer"
	"releve/senml"
)

// Archive is where readings and their roll-ups are; a *buffer.Buffer is one.
type Archive interface {
	// Periods returns the periods of a series with from ≤ begin < to, the earliest limit of them.
	Periods(ctx context.Context, name string, r buffer.Resolution, from, to time.Time, limit int) ([]buffer.Period, bool, error)
	// History returns its readings with from ≤ time < to, the earliest limit of them.
	History(ctx context.Context, name string, from, to time.Time, limit int) (senml.Pack, bool, error)
	// Known lists all series with their units.
	Known() []buffer.Known
}

var _ Archive = (*buffer.Buffer)(nil)

// Engine answers questions. Its fields are set once; it may be used from several goroutines.
type Engine struct {
	Archive    Archive
	Location   *time.Location   // of the household, and of the archive's days
	Now        func() time.Time // as far as it is known
	Production []string         // full names of the series that together are the household's production; none when it has none

	// Most is the greatest power in W that an index can have counted; nil or 0 for no bound. What grows faster is another meter's.
	Most func(series string) float64
}

// Ask answers a question. A meter that nothing is known of has lines without values. The error wraps ErrQuestion when the
// question is at fault.
func (e *Engine) Ask(ctx context.Context, q Question) (Answer, error) {
	q, span, err := q.checked(e.Location)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Question: q, Span: span, Step: q.Step}
	units := e.units()
	for _, meter := range q.Meters {
		wanted := e.wanted(q.Quantity, meter, units)
		if n := q.points(span, len(wanted)); n > mostPoints {
			return a, fmt.Errorf("%w: that is %d points, at most %d are told at once: ask for fewer meters, a shorter span or a longer step", ErrQuestion, n, mostPoints)
		}
		for _, w := range wanted {
			line, err := e.line(ctx, w, span, q.Step)
			if err != nil {
				return a, fmt.Errorf("history of %s of %s: %w", q.Quantity, meter, err)
			}
			if w.optional && line.isIdle() {
				continue
			}
			a.Lines = append(a.Lines, line)
			if q.Compare != Previous {
				continue
			}
			before, err := e.line(ctx, w, span.Previous(), q.Step)
			if err != nil {
				return a, fmt.Errorf("history of %s of %s: %w", q.Quantity, meter, err)
			}
			before.Previous = true
			a.Lines = append(a.Lines, before)
		}
	}
	return a, nil
}

// units are the units of all series.
func (e *Engine) units() map[string]string {
	units := map[string]string{}
	for _, k := range e.Archive.Known() {
		units[k.Name] = k.Unit
	}
	return units
}

// line makes one line.
func (e *Engine) line(ctx context.Context, w wanted, span Span, step Step) (Line, error) {
	line := Line{Meter: w.meter, Quantity: w.quantity, Number: w.number, Unit: w.unit, Estimated: w.estimated, Span: span}
	if len(w.series) == 1 {
		line.Series = w.series[0]
	}
	switch {
	case step == Raw:
		points, err := e.raw(ctx, w.series, span)
		line.Points = points
		return line, err
	case w.isEnergy():
		grown, err := e.energies(ctx, w, span.From, span.To, step)
		grown.tell(&line)
		return line, err
	}
	points, mean, err := e.means(ctx, w.series, span, step)
	line.Points, line.Mean = points, mean
	return line, err
}

// isIdle tells that a register is not in use.
func (l Line) isIdle() bool {
	for _, p := range l.Points {
		if p.Value != nil && *p.Value != 0 {
			return false
		}
	}
	return l.Unplaced == 0
}
