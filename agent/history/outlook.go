package history

import (
	"context"
	"time"
)

// Method is how an outlook was made.
type Method string

// The methods.
const (
	ByWeekday Method = "weekday" // each day left is the mean of its weekday over the eight weeks before
	ByMean    Method = "mean"    // each day left is the mean of the days that are known
	Unknown   Method = ""        // no whole day is known
)

// Outlook is an energy over a span that is not over: what is known, and what is to be expected of the rest.
type Outlook struct {
	Span   Span    `json:"span"`
	SoFar  float64 `json:"so_far"` // Wh, up to now
	Rest   float64 `json:"rest"`   // Wh that are expected until the end; 0 of a span that is over
	Ahead  []Point `json:"ahead"`  // the same by day: the rest of today, and each day after
	Method Method  `json:"method"`
	Days   int     `json:"days"` // whole days that the expectation is made of

	Missing int `json:"missing"` // days that are over and not known whole: SoFar leaves some of them out
}

// Total is the energy at the end of the span.
func (o Outlook) Total() float64 { return o.SoFar + o.Rest }

// outlookWeeks is how far back an outlook looks.
const outlookWeeks = 8

// Outlook tells what an energy of a meter will be at the end of the span of an instant. Of tariffs it tells one for each
// register, in the order of the numbers; of any other energy one.
func (e *Engine) Outlook(ctx context.Context, meter string, q Quantity, c Calendar, at time.Time) ([]Outlook, error) {
	span, err := SpanOf(c, at.In(e.Location))
	if err != nil {
		return nil, err
	}
	units := e.units()
	var all []Outlook
	for _, w := range e.wanted(q, meter, units) {
		o, err := e.outlook(ctx, w, span)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

func (e *Engine) outlook(ctx context.Context, w wanted, span Span) (Outlook, error) {
	o := Outlook{Span: span}
	have, err := e.energies(ctx, w, span.From, span.To, Daily)
	if err != nil {
		return o, err
	}
	today, _ := SpanOf(Day, e.Now().In(e.Location)) // a day is a span
	before, err := e.energies(ctx, w, Day.move(today.From, -7*outlookWeeks), today.From, Daily)
	if err != nil {
		return o, err
	}
	var expected expectation
	for _, p := range before.points {
		if p.Value != nil && p.Whole {
			expected.add(p.From, *p.Value)
		}
	}
	o.SoFar, _ = have.sum()
	o.Method, o.Days = expected.method(), expected.all.n
	for _, p := range have.points {
		if p.From.Before(today.From) {
			if !p.Whole {
				o.Missing++
			}
			continue
		}
		rest := expected.of(p.From)
		if p.Value != nil {
			rest = max(rest-*p.Value, 0)
		}
		o.Rest += rest
		o.Ahead = append(o.Ahead, Point{From: p.From, To: p.To, Value: &rest})
	}
	return o, nil
}

// expectation is what is known of whole days.
type expectation struct {
	all      mean
	weekdays [7]mean
}

func (x *expectation) add(day time.Time, wh float64) {
	x.all.add(&wh)
	x.weekdays[day.Weekday()].add(&wh)
}

// method is by weekday as soon as each of them is known.
func (x *expectation) method() Method {
	if x.all.n == 0 {
		return Unknown
	}
	for _, m := range x.weekdays {
		if m.n == 0 {
			return ByMean
		}
	}
	return ByWeekday
}

// of is what is expected of a day, 0 when no day is known.
func (x *expectation) of(day time.Time) float64 {
	m := &x.all
	if x.method() == ByWeekday {
		m = &x.weekdays[day.Weekday()]
	}
	if m.n == 0 {
		return 0
	}
	return *m.value()
}
