package federation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"releve/senml"
)

// Collection asks a supplier for all of its series, again and again: from where a series is had to its end, and once each
// Repair from that much before, for what came there late. What it is given twice is up to Take.
type Collection struct {
	Supplier Supplier
	Every    time.Duration // from one round to the next
	Since    time.Duration // how far back is asked for of a series that is new
	Repair   time.Duration
	Marks    *Marks
	Take     func(ctx context.Context, p senml.Pack) error // returns once what is in a pack is durable
	Ready    <-chan struct{}                               // closed once the time is known
	Now      func() time.Time
	Log      *slog.Logger
	Step     func(most time.Duration) // as a Delivery's; may be nil

	repaired time.Time // when a round last began from before; only Run has it

	mu       sync.Mutex // guards everything below
	standing Standing
}

// Standing is how it stands with what a supplier has.
type Standing struct {
	Asked  bool      // a round has ended since the start
	Series int       // that there are
	Newest time.Time // of all records that came since the start
	Err    error     // of the last round, of any series; nil when it went well
}

// Standing returns how it stands.
func (c *Collection) Standing() Standing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.standing
}

// String names the task.
func (c *Collection) String() string { return "collection from " + c.Supplier.String() }

// Run collects until ctx ends, then returns nil.
func (c *Collection) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-c.Ready:
	}
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = firstRetry, lastRetry
	defer c.step(0)
	for {
		c.step(stepMost)
		err := c.round(ctx)
		if ctx.Err() != nil {
			return nil
		}
		next := c.Every
		switch {
		case errors.Is(err, ErrStopped):
			next = max(next, retryStopped)
		case err != nil:
			next = min(wait.NextBackOff(), c.Every)
		default:
			wait.Reset()
		}
		c.tell(err, next)
		c.step(next + stepMost)
		if !pause(ctx, next, nil) {
			return nil
		}
	}
}

func (c *Collection) step(most time.Duration) {
	if c.Step != nil {
		c.Step(most)
	}
}

// tell notes how a round ended, and logs an error that is another than that of the round before.
func (c *Collection) tell(err error, next time.Duration) {
	c.mu.Lock()
	news := err != nil && (c.standing.Err == nil || c.standing.Err.Error() != err.Error())
	c.standing.Err, c.standing.Asked = err, true
	c.mu.Unlock()
	level := slog.LevelDebug
	if news {
		level = slog.LevelWarn
	}
	if err != nil {
		c.Log.Log(context.Background(), level, "not all collected", "from", c.Supplier.String(), "error", err, "retry_in", next.Round(time.Millisecond))
	}
}

// round asks for every series to its end. What is refused of one (ErrRefused) keeps none of the others.
func (c *Collection) round(ctx context.Context) error {
	series, err := c.Supplier.Series(ctx)
	if err != nil {
		return discreet{err}
	}
	c.mu.Lock()
	c.standing.Series = len(series)
	c.mu.Unlock()
	now := c.Now()
	repair := now.Sub(c.repaired) >= c.Repair
	var errs []error
	for _, one := range series {
		err := c.follow(ctx, one, now, repair)
		if err == nil {
			continue
		}
		errs = append(errs, discreet{fmt.Errorf("%s: %w", one, err)})
		if !errors.Is(err, ErrRefused) {
			break
		}
	}
	if len(errs) == 0 && repair {
		c.repaired = now
	}
	return errors.Join(errs...)
}

// errStuck is of a supplier that says there is more and does not go on.
var errStuck = errors.New("there are more records at one instant than one answer holds")

// follow takes pages of a series until there are no more.
func (c *Collection) follow(ctx context.Context, series string, now time.Time, repair bool) error {
	first := now.Add(-c.Since)
	from := c.Marks.At(series, first)
	if before := latest(first, from.Add(-c.Repair)); repair && before.Before(from) {
		from = before
	}
	for ctx.Err() == nil {
		c.step(stepMost)
		page, err := c.Supplier.Fetch(ctx, series, from)
		if err != nil {
			return err
		}
		if err := c.keep(ctx, series, page); err != nil || !page.More {
			return err
		}
		if !page.Next.After(from) {
			return fmt.Errorf("%w, %s", errStuck, from.UTC().Format(time.RFC3339))
		}
		from = page.Next
	}
	return ctx.Err()
}

// keep moves the mark only once what came is durable.
func (c *Collection) keep(ctx context.Context, series string, page Page) error {
	var newest float64
	for _, r := range page.Records {
		newest = max(newest, r.Time)
	}
	if len(page.Records) > 0 {
		if err := c.Take(ctx, page.Records); err != nil {
			return err
		}
		c.mu.Lock()
		c.standing.Newest = latest(c.standing.Newest, time.UnixMilli(int64(newest*1000)))
		c.mu.Unlock()
	}
	return c.Marks.Advance(series, page.Next)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
