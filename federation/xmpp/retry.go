package xmpp

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Waiting times between connections. Those for reasons that repeating does not cure are long: a wrong password tried
// again and again gets everybody behind the same address banned, and two agents that share a name would fight.
//
// After a session that had lasted, the first attempt comes within afterSession, anywhere in it: a server that restarts
// has lost all its agents at once, and takes 100 to 150 logins a second on two cores; a thousand agents come back at 100
// a second. A session that can be resumed costs its server less, and is due soon.
const (
	firstRetry    = time.Second
	lastRetry     = 2 * time.Minute
	afterSession  = 10 * time.Second
	afterLink     = time.Second
	retryConflict = 2 * time.Minute
	retryPolicy   = 2 * time.Minute
	retryRefused  = 10 * time.Minute
	stableAfter   = time.Minute
)

// retry is the pause before the next connection.
type retry struct {
	growing *backoff.ExponentialBackOff
}

// after returns how long to wait after a connection that lasted so long ended, or could not be had, spread at random so
// that many agents do not come back at once. kept says that its session may be resumed.
func (r *retry) after(err error, lasted time.Duration, kept bool) time.Duration {
	if r.growing == nil {
		r.growing = backoff.NewExponentialBackOff()
		r.growing.InitialInterval, r.growing.MaxInterval = firstRetry, lastRetry
	}
	spread := func(d time.Duration) time.Duration { return d + rand.N(d/2) }
	fault := streamError(err)
	switch {
	case errors.Is(err, ErrCredentials):
		return spread(retryRefused)
	case errors.Is(err, ErrConflict):
		return spread(retryConflict)
	case errors.Is(err, errShorter): // what ended the session is not sent again
	case fault != nil && (fault.Condition == "policy-violation" || fault.Condition == "resource-constraint"):
		return spread(retryPolicy)
	}
	grown := r.growing.NextBackOff()
	if lasted <= stableAfter {
		return grown
	}
	r.growing.Reset()
	if kept && fault == nil {
		return rand.N(afterLink)
	}
	return rand.N(afterSession)
}

// pause waits for d and says whether ctx lasts.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
