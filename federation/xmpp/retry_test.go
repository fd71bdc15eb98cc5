package xmpp

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const long = stableAfter + time.Second
	fault := func(condition string) error { return fmt.Errorf("read: %w", &StreamError{Condition: condition}) }
	tests := []struct {
		name        string
		err         error
		lasted      time.Duration
		kept        bool
		least, most time.Duration
	}{
		{"password", fmt.Errorf("log in: %w", ErrCredentials), 0, false, retryRefused, retryRefused * 3 / 2},
		{"conflict", fmt.Errorf("log in: %w", ErrConflict), long, false, retryConflict, retryConflict * 3 / 2},
		{"policy", fault("policy-violation"), long, false, retryPolicy, retryPolicy * 3 / 2},
		{"too many of us", fault("resource-constraint"), 0, false, retryPolicy, retryPolicy * 3 / 2},
		{"a stanza that was too long", fmt.Errorf("%w: %w", ErrShorter, fault("policy-violation")), 0, false, firstRetry / 2, firstRetry * 3 / 2},
		{"certificate", ErrUntrusted, 0, false, firstRetry / 2, firstRetry * 3 / 2},
		{"a session that did not last", errClosed, stableAfter, true, firstRetry / 2, firstRetry * 3 / 2},
		{"the end of a session", errClosed, long, false, 0, afterSession},
		{"a server that stops", fault("system-shutdown"), long, true, 0, afterRestart},
		{"a server that stops soon", fault("system-shutdown"), stableAfter, true, firstRetry / 2, firstRetry * 3 / 2},
		{"nobody listens at the start", errNobody, 0, false, firstRetry / 2, firstRetry * 3 / 2},
		{"a link that broke", errLinkLost, long, true, 0, afterLink},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			several := map[time.Duration]bool{}
			for range 50 {
				var pause retry
				wait := pause.after(tt.err, tt.lasted, tt.kept)
				if several[wait] = true; wait < tt.least || wait > tt.most {
					t.Errorf("%s is not within %s and %s", wait, tt.least, tt.most)
				}
			}
			if len(several) == 1 {
				t.Error("many agents would come back at once")
			}
		})
	}
}

// The waits grow to lastRetry and no further, never end, and begin anew after a session that lasted.
func TestRetryAfterGrows(t *testing.T) {
	t.Parallel()
	var pause retry
	var wait time.Duration
	for range 1000 {
		if wait = pause.after(errClosed, 0, false); wait <= 0 || wait > lastRetry*3/2 {
			t.Fatalf("waits %s", wait)
		}
	}
	if wait < lastRetry/2 {
		t.Errorf("after a thousand failures it waits %s", wait)
	}
	pause.after(errClosed, stableAfter+1, false)
	if wait = pause.after(errClosed, 0, false); wait > firstRetry*3/2 {
		t.Errorf("after a session it waits %s", wait)
	}
}

// errNobody is what comes of dialling a server that is down.
var errNobody = fmt.Errorf("dial: %w", syscall.ECONNREFUSED)

// Two thousand agents that lose their server together do not ask for more logins at once than it can do, however it went
// and however long it is away, and all are back soon.
func TestRetrySpreadsAFleet(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		err  error
		kept bool
		away time.Duration
		most time.Duration // until the last is back
	}{
		{"stopped", fmt.Errorf("read: %w", &StreamError{Condition: "system-shutdown"}), true, 5 * time.Second, 55 * time.Second},
		{"stopped for long", fmt.Errorf("read: %w", &StreamError{Condition: "system-shutdown"}), true, 40 * time.Second, 142 * time.Second}, // who tries just before, for the third time, waits 101 s at most
		{"killed", errClosed, true, 3 * time.Second, 50 * time.Second},
		{"killed, no session is kept", errClosed, false, 12 * time.Second, 60 * time.Second},
	} {
		logins := map[int]int{} // by second
		for range 2000 {
			pause := retry{}
			at := pause.after(row.err, time.Hour, row.kept)
			for at < row.away {
				at += pause.after(errNobody, 0, row.kept)
			}
			if at > row.most {
				t.Errorf("%s: one is back after %s", row.name, at)
			}
			logins[int(at/time.Second)]++
		}
		for second, n := range logins {
			if n > 150 {
				t.Errorf("%s: %d logins in second %d", row.name, n, second)
			}
		}
	}
}

// One that has lost only its link comes back at once, also some time after it had waited for a server.
func TestRetryOfOne(t *testing.T) {
	t.Parallel()
	pause := retry{}
	pause.after(errClosed, time.Hour, true)
	for range 3 {
		pause.after(errNobody, 0, true)
	}
	if wait := pause.after(errLinkLost, time.Hour, true); wait > afterLink {
		t.Errorf("it waits %s", wait)
	}
	if wait := pause.after(errLinkLost, 0, true); wait > firstRetry*3/2 {
		t.Errorf("then it waits %s", wait)
	}
}
