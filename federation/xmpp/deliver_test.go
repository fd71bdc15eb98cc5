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
		l, s := connect(t, quietRouter())
		l.pacer = newPacer(stockPace)
		l.pacer.spend(stockBurst + 30*stockPace)
		serve(t, l, s)
		began := time.Now()
		q := IQ{ID: "1", Type: "set", To: jid.MustParse(peer), Payload: NewElement("urn:test", "pack")}
		done := make(chan error, 1)
		go func() { _, err := l.deliver(context.Background(), q); done <- err }()
		go func() { // the server answers for itself only
			for e := range s.sent {
				if e.Attr("to") == domain {
					s.say(`<iq type="result" id="%s" from="%s"/>`, e.Attr("id"), domain)
				}
			}
		}()
		err := <-done
		if want := 30*time.Second + answerTime + patience(MaxStanza); !errors.Is(err, context.DeadlineExceeded) || time.Since(began).Round(time.Second) != want.Round(time.Second) {
			t.Errorf("%v after %s, want a deadline after %s", err, time.Since(began), want)
		}
		large := IQ{Type: "set", Payload: NewElement("urn:test", "pack").WithText(strings.Repeat("x", MaxStanza))}
		if _, err := l.deliver(context.Background(), large); !errors.Is(err, ErrTooBig) {
			t.Errorf("a large one: %v", err)
		}
	})
}
