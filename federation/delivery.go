package federation

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"releve/senml"
)

// Bounds of one turn of a delivery.
const (
	packsPerTurn = 60
	mostPerTurn  = 5_000 // records, unless one pack has more: 45 s under a stock server's shaper, sent again when the last is lost, and some MB
	firstRetry   = 2 * time.Second
	lastRetry    = 5 * time.Minute
	retryStopped = time.Hour // after an ErrStopped
	stepMost     = time.Hour // what one step may take at most, over the slowest link that is still one
)

// Delivery takes packs from a cursor to a recipient, in order and at least once: next, gate, send, acknowledge.
// A recipient that is slow or away delays nobody but itself.
type Delivery struct {
	Recipient Recipient
	Cursor    Cursor
	Gate      Gate
	Rhythm    time.Duration   // time between two turns, unless more waits than fits in one: what comes meanwhile travels together
	Wake      <-chan struct{} // a value ends the wait before a retry: the way is free again; may be nil
	Log       *slog.Logger

	// Step is told before each step how long that may take at most, and 0 before a wait for what may never come: a loop
	// whose step takes longer hangs. May be nil.
	Step func(most time.Duration)

	mu      sync.Mutex // guards everything below
	stats   Stats
	sending bool
}

// Stats is what a delivery has done since it started.
type Stats struct {
	Records  uint64    // acknowledged
	Withheld uint64    // not granted, or not so finely
	Refused  uint64    // packs never taken by the recipient, let go
	Refusal  error     // of the last of them
	Last     time.Time // of the last acknowledgement
	Err      error     // of the last attempt, nil when it went well
	Rest     time.Time // until when what comes is left to gather
}

// Stats returns what has been done so far.
func (d *Delivery) Stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats
}

// String names the task.
func (d *Delivery) String() string { return "delivery to " + d.Recipient.String() }

// Run delivers until ctx ends, then returns nil. An error is the cursor's: the buffer cannot be read.
func (d *Delivery) Run(ctx context.Context) error {
	defer d.step(0)
	singly := 0 // packs to be sent one a turn, because something among them was refused
	for ctx.Err() == nil {
		d.step(0)
		limit := packsPerTurn
		if singly > 0 {
			limit = 1
		}
		before := d.erasures()
		items, err := d.Cursor.Next(ctx, limit)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case len(items) == 0:
			continue
		}
		found, n := len(items), portion(items)
		last, whole := items[n-1].Seq, joined(items[:n])
		items = nil // a turn may last for weeks
		err = d.turn(ctx, whole, func() bool { return d.erasures() != before })
		switch {
		case ctx.Err() != nil && err != nil:
			return nil
		case errors.Is(err, errErased):
			continue
		case err != nil && n > 1: // only the pack that was refused is let go
			singly = n
			continue
		}
		singly = max(0, singly-1)
		d.refuse(err)
		d.Gate.Settled(err == nil)
		if err := d.Cursor.Ack(last); err != nil {
			return err
		}
		if singly == 0 && found < packsPerTurn && n == found {
			d.step(d.Rhythm + stepMost)
			d.rest(ctx)
		}
	}
	return nil
}

// rest lets what comes now gather.
func (d *Delivery) rest(ctx context.Context) {
	if d.Rhythm <= 0 {
		return
	}
	d.mu.Lock()
	d.stats.Rest = time.Now().Add(d.Rhythm)
	d.mu.Unlock()
	pause(ctx, d.Rhythm, nil)
}

// portion is how many of the packs that wait are sent in one turn.
func portion(items []Item) int {
	records := 0
	for i, item := range items {
		if records += len(item.Pack); records > mostPerTurn && i > 0 {
			return i
		}
	}
	return len(items)
}

// joined is the records of packs, in a pack that is no larger than it must be.
func joined(items []Item) senml.Pack {
	packs := make([]senml.Pack, len(items))
	for i, item := range items {
		packs[i] = item.Pack
	}
	return slices.Concat(packs...)
}

// errErased means that some of what was to be sent may have been erased since it was read.
var errErased = errors.New("readings were erased meanwhile")

// erasures is how many there were of what the cursor reads.
func (d *Delivery) erasures() uint64 {
	if c, ok := d.Cursor.(Erasing); ok {
		return c.Erasures()
	}
	return 0
}

// turn sends what the gate lets through until the recipient has it, will never take it, something of it may have been
// erased, or ctx ends. Its error is one of the three last.
func (d *Delivery) turn(ctx context.Context, whole senml.Pack, erased func() bool) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = firstRetry, lastRetry
	for {
		d.step(stepMost)
		if erased() {
			return errErased
		}
		scope := d.Gate.Scope() // before what it judges
		granted := d.Gate.Pass(whole)
		err := d.attempt(ctx, granted, func() bool { return d.Gate.Scope() == scope && !erased() })
		switch {
		case err == nil:
		case ctx.Err() != nil, errors.Is(err, ErrRefused):
			return err
		case errors.Is(err, ErrWithdrawn): // nobody's fault
			if !pause(ctx, firstRetry, nil) {
				return err
			}
			continue
		}
		news := d.record(max(0, len(whole)-len(granted)), len(granted), err)
		if err == nil {
			return nil
		}
		next := wait.NextBackOff()
		if errors.Is(err, ErrStopped) {
			next = retryStopped
		}
		d.tell(news, err, next)
		d.step(next + stepMost)
		if !pause(ctx, next, d.Wake) {
			return err
		}
	}
}

// attempt sends what a gate let through, as long as it may.
func (d *Delivery) attempt(ctx context.Context, granted senml.Pack, may func() bool) error {
	if len(granted) == 0 {
		return nil
	}
	if err := d.Gate.Leaving(granted, asPassed); err != nil {
		return err
	}
	send := d.Recipient.Send
	if r, ok := d.Recipient.(Gradual); ok {
		send = func(ctx context.Context, p senml.Pack) error {
			return r.SendWhile(ctx, p, func() error {
				d.piece()
				if !may() {
					return ErrWithdrawn
				}
				return nil
			})
		}
	}
	d.setSending(true)
	defer d.setSending(false)
	if err := send(ctx, granted); err != nil {
		return discreet{err}
	}
	return nil
}

// asPassed is what a record was called that goes under the name it passed under.
func asPassed(name string) string { return name }

func (d *Delivery) setSending(is bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sending = is
}

func (d *Delivery) step(most time.Duration) {
	if d.Step != nil {
		d.Step(most)
	}
}

// piece is the step of a piece, of which some are asked about only once nobody waits for them any more.
func (d *Delivery) piece() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sending {
		d.step(stepMost)
	}
}

// record notes how an attempt went and says whether an error is another than that of the attempt before.
func (d *Delivery) record(withheld, granted int, err error) (news bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	news = err != nil && (d.stats.Err == nil || d.stats.Err.Error() != err.Error())
	d.stats.Err = err
	if err != nil {
		return news
	}
	d.stats.Records += uint64(granted)
	d.stats.Withheld += uint64(withheld)
	if granted > 0 {
		d.stats.Last = time.Now()
	}
	return false
}

// tell logs why a delivery waits: once, not at every attempt of an outage of weeks.
func (d *Delivery) tell(news bool, err error, next time.Duration) {
	level := slog.LevelDebug
	if news {
		level = slog.LevelInfo
	}
	d.Log.Log(context.Background(), level, "delivery waits",
		"recipient", d.Recipient.String(), "error", err, "retry_in", next.Round(time.Millisecond))
}

// refuse counts a pack that the recipient will never take; nil is none.
func (d *Delivery) refuse(err error) {
	if err == nil {
		return
	}
	d.mu.Lock()
	d.stats.Err, d.stats.Refusal = err, err
	d.stats.Refused++
	d.mu.Unlock()
	d.Log.Warn("pack refused for good", "recipient", d.Recipient.String(), "error", err)
}

// pause waits until the time is over or wake receives, and says whether ctx still lasts.
func pause(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	case <-wake:
		return true
	}
}
