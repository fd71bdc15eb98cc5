package xmpp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// What is too large for a stanza never leaves, and what nobody can take now is said at once.
func TestDeliverRefuses(t *testing.T) {
	t.Parallel()
	c := New(idleConfig())
	large := NewElement("urn:test", "pack").WithText(strings.Repeat("x", MaxStanza))
	if _, err := c.Deliver(t.Context(), JID{}, large); !errors.Is(err, ErrTooBig) {
		t.Errorf("a large one: %v", err)
	}
	if _, err := c.Deliver(t.Context(), JID{}, NewElement("urn:test", "pack")); !errors.Is(err, ErrAway) {
		t.Errorf("without a session: %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := c.Deliver(ended, JID{}, NewElement("urn:test", "pack")); !errors.Is(err, context.Canceled) {
		t.Errorf("at the end: %v", err)
	}
}

// The wait for an answer counts what the shaper of a stock server may hold: a full stanza behind a full burst.
func TestDrainTime(t *testing.T) {
	t.Parallel()
	if got, want := drainTime(MaxStanza), 30*time.Second; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
