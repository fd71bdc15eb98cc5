package xmpp

import (
	"context"
	"testing"
	"testing/synctest"

	"mellium.im/xmpp/jid"
)

// A message that has to arrive may be kept, is in words too, and asks for a receipt.
func TestNotify(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := joined(t)
		wait, err := c.Notify(context.Background(), jid.MustParse(peer).Bare(), "words", NewElement("urn:x", "thing"))
		if err != nil {
			t.Fatal(err)
		}
		m := <-s.sent
		for _, child := range []*Element{m.Child("urn:x", "thing"), m.Child(NSReceipts, "request"), m.Child(nsHints, "store")} {
			if child == nil {
				t.Errorf("sent %s", m)
			}
		}
		if body := m.Child(nsClient, "body"); body == nil || body.Text != "words" {
			t.Errorf("the body is %v", body)
		}
		s.say(`<message from="%s"><received xmlns="%s" id="%s"/></message>`, peer, NSReceipts, m.Attr("id"))
		if err := wait.Wait(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
