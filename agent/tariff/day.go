package tariff

import (
	"context"
	"fmt"
	"time"

	"releve/agent/history"
)

// Day is what the energy of the day of an instant costs by one meter, up to now, with its taxes. The subscription, which is
// paid by the month, is not in it.
func (b *Book) Day(ctx context.Context, e *history.Engine, meter string, at time.Time) (Bill, error) {
	used, err := e.Ask(ctx, history.Question{
		Meters: []string{meter}, Quantity: history.Tariffs, Calendar: history.Day, At: at, Step: history.Daily,
	})
	if err != nil {
		return Bill{}, fmt.Errorf("cost of a day of %s: %w", meter, err)
	}
	days := Usages(used, e.Now())
	if err := b.colour(ctx, e, meter, used.Span, days); err != nil {
		return Bill{}, fmt.Errorf("colours of %s: %w", meter, err)
	}
	return b.Estimate(days, 0), nil
}
