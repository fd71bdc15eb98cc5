package history

import (
	"fmt"
	"time"
)

// Calendar is the length of a span, in the household's calendar.
type Calendar string

// The spans of a calendar. A week begins on Monday (ISO 8601).
const (
	Day   Calendar = "day"
	Week  Calendar = "week"
	Month Calendar = "month"
	Year  Calendar = "year"
)

// Span is one day, week, month or year: From ≤ t < To, local midnights both. A day is 23 or 25 hours long when the clocks change.
type Span struct {
	Calendar Calendar  `json:"calendar"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
}

// SpanOf is the span that holds an instant, in the zone of that instant.
func SpanOf(c Calendar, t time.Time) (Span, error) {
	y, m, d := t.Date()
	switch c {
	case Day:
	case Week:
		d -= (int(t.Weekday()) + 6) % 7 // since Monday
	case Month:
		d = 1
	case Year:
		m, d = time.January, 1
	default:
		return Span{}, fmt.Errorf("span %q is not one of day, week, month, year", c)
	}
	from := time.Date(y, m, d, 0, 0, 0, 0, t.Location())
	return Span{c, from, c.After(from)}, nil
}

// After is the begin of the span after the one that begins then.
func (c Calendar) After(from time.Time) time.Time { return c.move(from, 1) }

// move is the begin of the n-th span after the one that begins then. A midnight that does not exist is the first
// instant of its day.
func (c Calendar) move(from time.Time, n int) time.Time {
	y, m, d := from.Date()
	switch c {
	case Week:
		d += 7 * n
	case Month:
		m += time.Month(n)
	case Year:
		y += n
	default:
		d += n
	}
	return time.Date(y, m, d, 0, 0, 0, 0, from.Location())
}

// Previous is the span before, and Next the one after.
func (s Span) Previous() Span { return s.moved(-1) }

// Next is the span after.
func (s Span) Next() Span { return s.moved(1) }

func (s Span) moved(n int) Span {
	return Span{s.Calendar, s.Calendar.move(s.From, n), s.Calendar.move(s.To, n)}
}

// Days are the begins of the days of the span.
func (s Span) Days() []time.Time {
	var all []time.Time
	for d := s.From; d.Before(s.To); d = Day.After(d) {
		all = append(all, d)
	}
	return all
}

// Holds tells whether an instant is in the span.
func (s Span) Holds(t time.Time) bool { return !t.Before(s.From) && t.Before(s.To) }
