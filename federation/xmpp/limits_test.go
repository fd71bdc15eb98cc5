package xmpp

import (
	"errors"
	"testing"
)

// What the server may have found too large halves what is sent, down to a bound, and is remembered for the next session.
func TestLimitsAreLearned(t *testing.T) {
	t.Parallel()
	policy := &StreamError{Condition: "policy-violation"}
	tests := []struct {
		name      string
		err       error
		size      int // of the stanza on its way
		announced int
		want      int // that may be sent afterwards
	}{
		{"large", policy, 50_000, 0, 25_000},
		{"not much more than the least", policy, 5_000, 0, leastStanza},
		{"nothing large", policy, 300, 0, MaxStanza},
		{"another reason", &StreamError{Condition: "reset"}, 50_000, 0, MaxStanza},
		{"a limit is announced", policy, 50_000, 55_000, 55_000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := idle()
			l, s := connect(t, quietRouter())
			s.wire.terms.maxBytes, l.terms.maxBytes = tt.announced, tt.announced
			s.wire.gauge.begins(tt.size)
			if err := c.learn(l, s.wire, tt.err); !errors.Is(err, tt.err) {
				t.Errorf("the reason became %v", err)
			}
			next := c.take(s.wire)
			t.Cleanup(next.end)
			if got := next.terms.stanza(); got != tt.want {
				t.Errorf("at most %d bytes afterwards, want %d", got, tt.want)
			}
		})
	}
}

// Of a server that counts, what it has not acknowledged is what it may not have taken.
func TestLongestNotAcknowledged(t *testing.T) {
	t.Parallel()
	l, _ := connect(t, quietRouter())
	l.tally.enable()
	l.tally.sends(&item{text: make([]byte, 9_000)})
	l.tally.sends(&item{text: make([]byte, 7_000)})
	if l.tally.acknowledge("1"); l.tally.longest() != 7_000 {
		t.Errorf("%d bytes", l.tally.longest())
	}
}
