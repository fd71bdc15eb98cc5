package xmpp

import (
	"context"
	"errors"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Waiting times between connections. Those for reasons that repeating does not cure are long: a wrong password tried
// again and again gets everybody behind the same address banned, and two agents that share a name would fight.
//
// After a session that had lasted, the first attempt comes within afterSession, anywhere in it, and within afterLink when
// the session can be resumed: then it was most likely our link alone. A server that restarts, which it says or its refusing
// of connections does, has lost all its agents at once, and takes 100 to 150 logins a second on two cores: they come back
// anywhere within afterRestart, three thousand at 100 a second, and whoever comes too early waits about as long again.
const (
	firstRetry    = time.Second
	lastRetry     = 2 * time.Minute
	afterSession  = 10 * time.Second
	afterLink     = time.Second
	afterRestart  = 30 * time.Second
	retryConflict = 2 * time.Minute
	retryPolicy   = 2 * time.Minute
	retryRefused  = 10 * time.Minute
	stableAfter   = time.Minute
)

// retry is the pause before the next connection.
type retry struct {
	growing *backoff.ExponentialBackOff
	had     bool // a session has lasted
	crowd   bool // since then the server has left all its clients, not us alone
}

// after returns how long to wait after a connection that lasted so long ended, or could not be had, spread at random so
// that many agents do not come back at once. kept says that its session may be resumed.
func (r *retry) after(err error, lasted time.Duration, kept bool) time.Duration {
	spread := func(d time.Duration) time.Duration { return d + rand.N(d/2) }
	fault := streamError(err)
	switch {
	case errors.Is(err, ErrCredentials):
		return spread(retryRefused)
	case errors.Is(err, ErrConflict):
		return spread(retryConflict)
	case errors.Is(err, ErrShorter): // what ended the session is not sent again, and this happens a few times at most
		r.growFrom(firstRetry)
		return r.growing.NextBackOff()
	case fault != nil && (fault.Condition == "policy-violation" || fault.Condition == "resource-constraint"):
		return spread(retryPolicy)
	}
	ended := lasted > stableAfter
	if ended {
		r.had, r.crowd = true, false
	}
	switch {
	case r.had && !r.crowd && isRestart(err, fault):
		r.crowd = true
		r.growFrom(afterRestart)
		return rand.N(afterRestart)
	case !ended && r.growing != nil:
		return r.growing.NextBackOff()
	}
	r.growFrom(firstRetry)
	switch {
	case !ended:
		return r.growing.NextBackOff()
	case kept && fault == nil:
		return rand.N(afterLink)
	}
	return rand.N(afterSession)
}

// growFrom begins anew with waits that grow from d, each half of it more or less.
func (r *retry) growFrom(d time.Duration) {
	r.growing = backoff.NewExponentialBackOff()
	r.growing.InitialInterval, r.growing.MaxInterval = d, lastRetry
}

// isRestart tells whether a server is restarting: it says so, or nobody listens where it was.
func isRestart(err error, fault *StreamError) bool {
	return fault != nil && fault.Condition == "system-shutdown" || errors.Is(err, syscall.ECONNREFUSED)
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
