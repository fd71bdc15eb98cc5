package xmpp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"mellium.im/xmpp/jid"
)

func TestPost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := joined(t)
		receipt, err := c.Post(context.Background(), jid.MustParse("conseil@other.example"), NewElement("urn:x", "thing"), true)
		if err != nil {
			t.Fatal(err)
		}
		m := <-s.sent
		for _, child := range []*Element{m.Child("urn:x", "thing"), m.Child(NSReceipts, "request"), m.Child(nsHints, "no-store")} {
			if child == nil {
				t.Fatalf("sent %s", m)
			}
		}
		s.say(`<message from="%s"><received xmlns="%s" id="%s"/></message>`, peer, NSReceipts, m.Attr("id"))
		if err := receipt.Wait(context.Background()); err != nil {
			t.Error(err)
		}
		if _, err := c.Post(context.Background(), jid.MustParse(peer), NewElement("urn:x", "thing"), false); err != nil {
			t.Error(err)
		}
		if m := <-s.sent; len(m.Children) != 1 {
			t.Errorf("nobody asked for a receipt: %s", m)
		}
	})
}

func TestPostTooBig(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := joined(t)
		big := NewElement("urn:x", "thing").WithText(strings.Repeat("x", MaxStanza))
		if _, err := c.Post(context.Background(), jid.MustParse(peer), big, true); !errors.Is(err, ErrTooBig) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if got := s.heard(); got != nil || len(c.router.receipts.open) != 0 {
			t.Errorf("sent %v", got)
		}
	})
}

func TestPostOverADeadLink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := joined(t)
		s.conn.Close()
		if _, err := c.Post(context.Background(), jid.MustParse(peer), NewElement("urn:x", "thing"), true); err == nil {
			t.Error("sent over a dead link")
		}
		if len(c.router.receipts.open) != 0 {
			t.Error("a receipt is waited for")
		}
	})
}
