package xmpp

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Who ends the session waits for the answer that is being made, and for our server to have it; others are told to come back.
func TestSettle(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		kept bool // the link is put aside, to be resumed
	}{{"online", false}, {"interrupted", true}} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				hold := make(chan struct{})
				l, s, _ := serving(t, on(quietRouter(), func(context.Context, IQ) (*Element, error) { <-hold; return nil, nil }, nil))
				c := &Client{link: l}
				if row.kept {
					c = &Client{kept: l}
				}
				s.say(`<iq type="get" from="%s" id="restart"><thing xmlns="urn:x"/></iq>`, peer)
				synctest.Wait()
				settled := make(chan error, 1)
				go func() { settled <- c.Settle(t.Context()) }()
				synctest.Wait()
				s.say(`<iq type="get" from="%s" id="late"><thing xmlns="urn:x"/></iq>`, peer)
				synctest.Wait()
				if diff := cmp.Diff([]string{"iq type=error id=late to=" + peer + " <error resource-constraint text>"}, s.heard()); diff != "" {
					t.Errorf("while the answer is made (-want +got):\n%s", diff)
				}
				close(hold)
				answer := <-s.sent
				if answer.Attr("id") != "restart" || answer.Attr("type") != "result" {
					t.Errorf("answered %s", answer)
				}
				ping := <-s.sent
				synctest.Wait()
				select {
				case err := <-settled:
					t.Errorf("settled before our server has said anything: %v", err)
				default:
				}
				s.say(`<iq type="result" id="%s" from="%s"/>`, ping.Attr("id"), domain)
				if err := <-settled; err != nil {
					t.Error(err)
				}
				if len(l.requests) != 0 {
					t.Errorf("%d places are still taken", len(l.requests))
				}
			})
		})
	}
}

// What can never be answered is not waited for, and nothing for longer than was said.
func TestSettleGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		defer close(hold)
		l, s, ended := serving(t, on(quietRouter(), func(context.Context, IQ) (*Element, error) { <-hold; return nil, nil }, nil))
		if err := new(Client).Settle(t.Context()); err != nil {
			t.Errorf("without a session: %v", err)
		}
		if err := (&Client{kept: l}).Settle(t.Context()); err != nil {
			t.Errorf("nobody has asked anything: %v", err)
		}
		s.say(`<iq type="get" from="%s" id="restart"><thing xmlns="urn:x"/></iq>`, peer)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if got, want := text((&Client{link: l}).Settle(ctx)), "wait until the last answers have left: context deadline exceeded"; got != want {
			t.Errorf("no answer: %q, want %q", got, want)
		}
		s.say(`</stream:stream>`)
		<-ended
		l.end()
		if got, want := text((&Client{link: l}).Settle(t.Context())), "wait until the last answers have left: the link to the server was lost"; got != want {
			t.Errorf("a link that has ended: %q, want %q", got, want)
		}
	})
}
