package xmpp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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

// A stanza larger than the burst is let through in parts; one within it goes at once.
func TestPace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		bytes int
		want  time.Duration
	}{
		{0, 0},
		{bulkBurst, 0},
		{bulkBurst + bulkBytesPerSec, time.Second},
		{MaxStanza, (MaxStanza - bulkBurst) / bulkBytesPerSec * time.Second},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.bytes), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, began := idle(), time.Now()
				if err := c.pace(context.Background(), tt.bytes); err != nil {
					t.Error(err)
				}
				if got := time.Since(began).Round(time.Millisecond); got != tt.want {
					t.Errorf("took %s, want %s", got, tt.want)
				}
			})
		})
	}
}

func TestPaceEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := idle()
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		if err := c.pace(ctx, MaxStanza); !errors.Is(err, context.Canceled) || time.Since(began) != time.Second {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
	})
}
