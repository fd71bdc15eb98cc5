package quoalise

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"releve/federation"
	"releve/senml"
)

const (
	roundSeldom = 15 * time.Minute // after a round that went wrong, in the end: a consent may be given any day
	newSeries   = 10 * time.Second // until the history of a series is asked for that nobody knew
	overlap     = 6 * time.Hour    // asked for again at each check: providers date some records late
	keepEvery   = time.Hour        // the marks are written, while pushes move them
)

// Follower keeps in step with a provider. At each login it subscribes, then asks get_history for what it may have missed:
// from the last record that came while nothing was missing, and every so often from the last that get_history has
// verified, for a push can be lost without a word. What it takes may come more than once, with the same name and time.
type Follower struct {
	Remote      *Remote
	Identifiers []string      // series, or whole devices; empty: everything the provider lists for us
	Since       time.Duration // how much is asked for of a series that is new
	Every       time.Duration // between two checks
	Progress    *Progress
	Take        func(ctx context.Context, p senml.Pack) error
	Gather      time.Duration    // what is pushed is taken once nothing has come for so long; 0: each message at once
	PastFirst   bool             // the history is had before the subscription, for who reads along
	Ready       <-chan struct{}  // closed once rounds can begin; nil for at once
	Now         func() time.Time // nil for time.Now
	Told        func(err error)  // what each round came to; may be nil
	Log         *slog.Logger

	turn   sync.Mutex // held by the login that is followed
	nudge  chan struct{}
	pushes *gathering

	mu         sync.Mutex // guards everything below
	login      context.Context
	subscribed map[string]time.Time // identifiers, since that login
	whole      map[string]bool      // series of which nothing is missing since that login
	kept       time.Time
	standing   Standing
}

// Standing is how a follower is doing, for people.
type Standing struct {
	Series int       // wanted
	Gaps   int       // of them, those of which something may be missing
	Newest time.Time // of the records that came
	Came   time.Time // when the last one did
	Mute   bool      // the provider takes no subscriptions: it is asked from time to time
	Listed bool      // it has said once which series there are
	Err    error     // what is wrong since the last round; nil for nothing
}

// Standing returns how it is doing now.
func (f *Follower) Standing() Standing {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.standing
}

func (f *Follower) prepare() {
	f.nudge = make(chan struct{}, 1)
	f.pushes = newGathering(f.Gather, f.pushed)
	f.whole, f.subscribed = map[string]bool{}, map[string]time.Time{}
	if f.Now == nil {
		f.Now = time.Now
	}
}

// Follow does rounds until ctx, which is that of a login, ends.
func (f *Follower) Follow(ctx context.Context) {
	f.turn.Lock()
	defer f.turn.Unlock()
	f.begin(ctx)
	if f.Ready != nil {
		select {
		case <-ctx.Done():
		case <-f.Ready:
		}
	}
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = askAgain, min(roundSeldom, f.Every)
	for ctx.Err() == nil {
		err := f.round(ctx)
		wait := f.Every
		if err != nil {
			wait = pause.NextBackOff()
		} else {
			pause.Reset()
		}
		f.end(ctx, err, wait)
		f.rest(ctx, wait)
	}
	f.keep(f.Now())
}

// begin notes a login: from here something may be missing of every series.
func (f *Follower) begin(ctx context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.login = ctx
	clear(f.whole)
	clear(f.subscribed)
	f.standing.Gaps = f.standing.Series
}

// end notes what a round came to.
func (f *Follower) end(ctx context.Context, err error, wait time.Duration) {
	f.keep(f.Now())
	if ctx.Err() != nil {
		return
	}
	if f.Told != nil {
		f.Told(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	news := err != nil && (f.standing.Err == nil || f.standing.Err.Error() != err.Error())
	f.standing.Err = err
	switch {
	case news:
		f.Log.Warn("not in step with a provider", "provider", f.Remote.Provider.String(), "error", federation.Discreet(err.Error()), "retry_in", wait.Round(time.Millisecond))
	case err == nil:
		f.Log.Info("in step with a provider", "provider", f.Remote.Provider.String(), "series", f.standing.Series)
	}
}

// rest waits for the next round: its time, or a series that nobody knew.
func (f *Follower) rest(ctx context.Context, wait time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	case <-f.nudge:
		select {
		case <-ctx.Done():
		case <-time.After(min(newSeries, wait)):
		}
	}
}

// keep writes the marks down.
func (f *Follower) keep(at time.Time) {
	if err := f.Progress.Keep(); err != nil {
		f.Log.Warn("progress not kept; more will be asked for again", "provider", f.Remote.Provider.String(), "error", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept = at
}

// push takes what is wanted of what the provider sent by itself, and settles it once that is safe.
func (f *Follower) push(ctx context.Context, p senml.Pack, settle func(error)) {
	wanted := slices.DeleteFunc(p, func(r senml.Record) bool { return !f.wants(r.Name) })
	if len(wanted) == 0 {
		settle(nil)
		return
	}
	f.pushes.add(push{ctx, wanted, settle})
}

// pushed takes what was gathered.
func (f *Follower) pushed(ctx context.Context, p senml.Pack) error {
	if err := f.Take(ctx, p); err != nil {
		return err
	}
	f.came(p)
	return nil
}

// wants tells whether a series was asked for.
func (f *Follower) wants(series string) bool {
	if len(f.Identifiers) == 0 {
		return true
	}
	for _, id := range f.Identifiers {
		if names(id, series) {
			return true
		}
	}
	return false
}

// came moves the marks of what was pushed. Of a series that has a gap they stay where it begins. A record of the future
// moves them to now at most: what is measured until then is still to be asked for.
func (f *Follower) came(p senml.Pack) {
	now := f.Now()
	for series, newest := range newestOf(p) {
		if newest.After(now) {
			newest = now
		}
		f.saw(newest, now)
		if !f.Progress.knows(series) { // periods are pushed under their own name where nothing finer is granted
			series = seriesOf(series)
		}
		switch {
		case f.isWhole(series):
			f.Progress.hear(series, newest)
		case !f.Progress.knows(series):
			select {
			case f.nudge <- struct{}{}:
			default:
			}
		}
	}
	f.mu.Lock()
	due := now.Sub(f.kept) >= keepEvery
	f.mu.Unlock()
	if due {
		f.keep(now)
	}
}

// newestOf is the time of the newest record of each series.
func newestOf(p senml.Pack) map[string]time.Time {
	newest := map[string]time.Time{}
	for _, r := range p {
		newest[r.Name] = latest(newest[r.Name], timeOf(r))
	}
	return newest
}

func timeOf(r senml.Record) time.Time { return time.UnixMilli(int64(r.Time*1000 + 0.5)).UTC() }

// saw notes for people that a record came.
func (f *Follower) saw(newest, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.standing.Newest, f.standing.Came = latest(f.standing.Newest, newest), now
}

// isWhole tells whether nothing is missing of a series. A push over the next link may come before its login is noted.
func (f *Follower) isWhole(series string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.login != nil && f.login.Err() == nil && f.whole[series]
}

// ErrNothingListed is the error of a provider that keeps a list, on which there is nothing for us.
var ErrNothingListed = errors.New("the provider lists no series for us: a consent may be missing, or nothing has been read yet")
