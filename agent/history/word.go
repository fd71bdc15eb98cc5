package history

import (
	"context"
	"fmt"
	"time"

	"releve/buffer"
)

// Word is what a series of texts said last on a day.
type Word struct {
	Day  time.Time // local midnight
	Said string
}

// Words tells what a series of texts, such as the colour of the day, said last on each day of a span. Days of which nothing is
// known are left out.
func (e *Engine) Words(ctx context.Context, name string, span Span) ([]Word, error) {
	const mostDays = 367
	found, _, err := e.Archive.Periods(ctx, name, buffer.Day, span.From, span.To, mostDays)
	if err != nil {
		return nil, fmt.Errorf("words of %s: %w", name, err)
	}
	var all []Word
	for _, p := range found {
		if text, ok := p.Last.Text(); ok && text != "" {
			all = append(all, Word{p.Begin, text})
		}
	}
	return all, nil
}
