package xmpp

import (
	"fmt"
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
		{"certificate", ErrUntrusted, 0, false, firstRetry / 2, firstRetry * 3 / 2},
		{"a session that did not last", errClosed, stableAfter, true, firstRetry / 2, firstRetry * 3 / 2},
		{"the end of a session", errClosed, long, false, 0, afterSession},
		{"a server that stops", fault("system-shutdown"), long, true, 0, afterSession},
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

// A thousand agents that lose their server together do not ask for more logins at once than it can do.
func TestRetrySpreadsAFleet(t *testing.T) {
	t.Parallel()
	logins := map[int]int{} // by second
	for range 1000 {
		var pause retry
		logins[int(pause.after(errClosed, time.Hour, false)/time.Second)]++
	}
	for second, n := range logins {
		if n > 150 {
			t.Errorf("%d logins in second %d", n, second)
		}
	}
}
