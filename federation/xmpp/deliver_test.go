package xmpp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"
)

// Without a session it is said at once that there is none.
func TestDeliverAway(t *testing.T) {
	t.Parallel()
	if _, err := New(idleConfig()).Deliver(t.Context(), JID{}, NewElement("urn:test", "pack")); !errors.Is(err, ErrAway) {
		t.Errorf("got %v", err)
	}
}

// The wait for an answer begins when the request has left, however long it waited its turn.
func TestDeliverWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turn := func(context.Context, int) error { time.Sleep(30 * time.Second); return nil }
		l, s, _ := serving(t, quietRouter(), turn)
		began := time.Now()
		q := IQ{ID: "1", Type: "set", To: jid.MustParse(peer), Payload: NewElement("urn:test", "pack")}
		done := make(chan error, 1)
		go func() { _, err := l.deliver(context.Background(), q); done <- err }()
		go func() { // the request, and pings
			for range s.sent {
			}
		}()
		err := <-done
		size := len(`<iq xmlns="jabber:client" id="1" type="set" to=""><pack xmlns="urn:test"/></iq>`) + len(peer)
		if want := 30*time.Second + answerTime + drainTime(size); !errors.Is(err, context.DeadlineExceeded) || time.Since(began).Round(time.Second) != want.Round(time.Second) {
			t.Errorf("%v after %s, want a deadline after %s", err, time.Since(began), want)
		}
		large := IQ{Type: "set", Payload: NewElement("urn:test", "pack").WithText(strings.Repeat("x", MaxStanza))}
		if _, err := l.deliver(context.Background(), large); !errors.Is(err, ErrTooBig) {
			t.Errorf("a large one: %v", err)
		}
	})
}

// The wait counts what the shaper of a stock server may hold: a full stanza behind a full burst.
func TestDrainTime(t *testing.T) {
	t.Parallel()
	if got, want := drainTime(MaxStanza), 30*time.Second; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
