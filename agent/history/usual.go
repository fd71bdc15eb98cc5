package history

import (
	"context"
	"time"

	"releve/buffer"
)

// Usual is what a day is held against: the same weekday of the weeks before.
type Usual struct {
	At    time.Time `json:"at"`     // the last full ten minutes, up to which SoFar and Today count; the end of a day that is over
	Today *float64  `json:"today"`  // Wh of the day itself, up to At; nil when the index of its midnight is not known
	SoFar *float64  `json:"so_far"` // Wh of those days up to the same time of day, in the mean; nil when none is known
	Day   *float64  `json:"day"`    // Wh of those days, whole, in the mean; nil when none is known
	Days  int       `json:"days"`   // how many days SoFar is the mean of
}

// Usual tells the energy drawn by a meter on the day of an instant, and the mean of the same weekday over some weeks
// before. Days that are not known whole are left out.
func (e *Engine) Usual(ctx context.Context, meter string, at time.Time, weeks int) (Usual, error) {
	day, err := SpanOf(Day, at.In(e.Location))
	if err != nil {
		return Usual{}, err
	}
	w := e.wanted(Energy, meter, nil)[0]
	u := Usual{At: earlier(e.Now().In(e.Location), day.To).Truncate(10 * time.Minute)}
	if u.Today, err = e.between(ctx, w.series[0], day.From, u.At); err != nil {
		return u, err
	}
	var soFar, whole mean
	for n := 1; n <= weeks; n++ {
		before := Span{Day, Day.move(day.From, -7*n), Day.move(day.To, -7*n)}
		part, err := e.between(ctx, w.series[0], before.From, sameTime(u.At, day, before))
		if err != nil {
			return u, err
		}
		all, err := e.between(ctx, w.series[0], before.From, before.To)
		if err != nil {
			return u, err
		}
		soFar.add(part)
		whole.add(all)
	}
	u.SoFar, u.Day, u.Days = soFar.value(), whole.value(), soFar.n
	return u, nil
}

// sameTime is the time of day of an instant of one day, on another.
func sameTime(at time.Time, of, on Span) time.Time {
	if !at.Before(of.To) {
		return on.To
	}
	y, m, d := on.From.Date()
	return time.Date(y, m, d, at.Hour(), at.Minute(), 0, 0, at.Location())
}

// between is what an index grew by between two full ten minutes; nil unless it was known at both.
func (e *Engine) between(ctx context.Context, name string, from, to time.Time) (*float64, error) {
	first, err := e.indexAt(ctx, name, from)
	if err != nil || first == nil {
		return nil, err
	}
	last, err := e.indexAt(ctx, name, to)
	if err != nil || last == nil || IsBreak(e.most(name), from, *first, to, *last) {
		return nil, err
	}
	grew := *last - *first
	return &grew, nil
}

func (e *Engine) most(name string) float64 {
	if e.Most == nil {
		return 0
	}
	return e.Most(name)
}

// indexAt is the index in force at a full ten minutes; nil when none was. The last ten minutes may not have been heard yet.
func (e *Engine) indexAt(ctx context.Context, name string, at time.Time) (*float64, error) {
	found, _, err := e.Archive.Periods(ctx, name, buffer.TenMinutes, at.Add(-10*time.Minute), at.Add(10*time.Minute), 2)
	var index *float64
	for _, p := range found {
		first, last, ok := ends(p)
		switch {
		case ok && p.Begin.Equal(at) && p.Since.Equal(at):
			index = &first
		case ok && p.End.Equal(at) && !at.Before(e.Now().Add(-10*time.Minute)):
			index = &last
		}
	}
	return index, err
}

// mean is that of what is known.
type mean struct {
	sum float64
	n   int
}

func (m *mean) add(v *float64) {
	if v != nil {
		m.sum, m.n = m.sum+*v, m.n+1
	}
}

func (m *mean) value() *float64 {
	if m.n == 0 {
		return nil
	}
	v := m.sum / float64(m.n)
	return &v
}
