package tariff

import (
	"context"
	"fmt"
	"time"

	"releve/agent/history"
)

// Statement is what a month costs by one meter, as far as it has gone and as it is expected to end.
type Statement struct {
	Meter    string         `json:"meter"`
	Month    history.Span   `json:"month"`
	ToDate   Bill           `json:"to_date"`  // of what was used, and of the days that have begun
	Expected Bill           `json:"expected"` // of the whole month; the same once it is over, or when nothing can be expected
	Method   history.Method `json:"method"`   // how the rest is expected; "" when it cannot be
	Days     int            `json:"days"`     // whole days that the expectation is made of
	Book     *Book          `json:"prices"`
	Usages   []Usage        `json:"usages"` // by day, up to now
}

// Statement makes that of the month that an instant is in, for a subscribed power in kVA.
func (b *Book) Statement(ctx context.Context, e *history.Engine, meter string, at time.Time, kva int) (Statement, error) {
	s := Statement{Meter: meter, Book: b}
	used, err := e.Ask(ctx, history.Question{
		Meters: []string{meter}, Quantity: history.Tariffs, Calendar: history.Month, At: at, Step: history.Daily,
	})
	if err != nil {
		return s, fmt.Errorf("bill of %s: %w", meter, err)
	}
	s.Month, s.Usages = used.Span, Usages(used, e.Now())
	if err := b.colour(ctx, e, meter, s.Month, s.Usages); err != nil {
		return s, fmt.Errorf("colours of %s: %w", meter, err)
	}
	s.ToDate = b.Estimate(s.Usages, kva)
	s.Expected = s.ToDate
	if e.Now().After(s.Month.To) || e.Now().Before(s.Month.From) {
		return s, nil
	}
	outlooks, err := e.Outlook(ctx, meter, history.Tariffs, history.Month, at)
	if err != nil {
		return s, fmt.Errorf("outlook of the bill of %s: %w", meter, err)
	}
	for _, o := range outlooks {
		if o.Method != history.Unknown {
			s.Method, s.Days = o.Method, max(s.Days, o.Days)
		}
	}
	if s.Method != history.Unknown {
		s.Expected = b.Estimate(Expect(s.Usages, outlooks), kva)
	}
	return s, nil
}

// colourSeries is where a meter says the colour of the day, and dayOfTempo when that day begins.
const (
	colourSeries = "/tariff/colour/today"
	dayOfTempo   = 6 // hours after midnight
)

// colour gives the days of a span their colours. Before 6 the meter still says that of the day before.
func (b *Book) colour(ctx context.Context, e *history.Engine, meter string, span history.Span, days []Usage) error {
	words, err := e.Words(ctx, meter+colourSeries, span)
	if err != nil {
		return err
	}
	said := map[int64]string{}
	for _, w := range words {
		said[w.Day.Unix()] = w.Said
	}
	now := e.Now().In(span.From.Location())
	for i := range days {
		u := &days[i]
		if now.Hour() < dayOfTempo && history.Day.After(u.Day).After(now) {
			delete(said, u.Day.Unix())
		}
		if p := b.At(u.Day); p != nil {
			u.Colour = ColourOf(p.Option, said[u.Day.Unix()], *u)
		}
	}
	return nil
}
