package xmpp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"mellium.im/xmpp/jid"
)

func TestTell(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := joined(t)
		wait, err := c.Tell(context.Background(), jid.MustParse(peer), "two\nlines")
		if err != nil {
			t.Fatal(err)
		}
		m := <-s.sent
		if m.Attr("type") != "chat" || m.Attr("to") != peer || m.Child("", "body").Text != "two\nlines" || m.Child(nsHints, "no-store") == nil {
			t.Errorf("sent %s", m)
		}
		s.say(`<message type="error" from="%s" id="%s"><error type="cancel"><service-unavailable xmlns="%s"/></error></message>`, peer, m.Attr("id"), nsStanzas)
		if err := wait.Wait(context.Background()); text(err) != "service-unavailable" {
			t.Errorf("the bounce is %v", err)
		}
		if _, err := c.Tell(context.Background(), jid.MustParse(peer), strings.Repeat("x", MaxStanza)); !errors.Is(err, ErrTooBig) {
			t.Errorf("a long text: %v", err)
		}
	})
}
