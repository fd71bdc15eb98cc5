package xmpp

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"
)

var errEnded = errors.New("the consent has ended")

// grant is one that may end.
type grant struct{ over atomic.Bool }

func (g *grant) still() error {
	if g.over.Load() {
		return errEnded
	}
	return nil
}

// paced is a client with a link at the pace of a stock server.
func paced(t *testing.T) (*Client, *server) {
	t.Helper()
	c := idle()
	l, s := connect(t, c.router)
	l.pacer = newPacer(stockPace)
	serve(t, l, s)
	c.up(l, s.wire)
	return c, s
}

// long is a payload that takes most of what may leave at once, so that the next one waits for its turn.
func long() *Element { return NewElement("urn:x", "thing").WithText(strings.Repeat("x", 14_000)) }

// What waits for its turn when its grant ends is not written, its sender learns why, and what comes behind it is.
func TestWhileWaiting(t *testing.T) {
	t.Parallel()
	for _, over := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c, s := paced(t)
			g := &grant{}
			ctx := While(context.Background(), g.still)
			if _, err := c.Post(ctx, jid.MustParse(peer), long(), false); err != nil {
				t.Fatal(err)
			}
			fates := make(chan error, 2)
			go func() {
				_, err := c.Post(ctx, jid.MustParse(peer), long(), false)
				fates <- err
			}()
			synctest.Wait()
			go func() {
				_, err := c.Post(context.Background(), jid.MustParse("other@other.example"), NewElement("urn:x", "thing"), false)
				fates <- err
			}()
			synctest.Wait()
			g.over.Store(over)
			time.Sleep(time.Minute)
			var got []error
			for range 2 {
				got = append(got, <-fates)
			}
			if refused := errors.Is(got[0], errEnded) || errors.Is(got[1], errEnded); refused != over {
				t.Errorf("ended %v: the sender got %v", over, got)
			}
			messages := 0
			for _, line := range s.heard() {
				if strings.HasPrefix(line, "message") {
					messages++
				}
			}
			if want := map[bool]int{false: 3, true: 2}[over]; messages != want {
				t.Errorf("ended %v: the server heard %d messages, want %d", over, messages, want)
			}
		})
	}
}

// What was written before its grant ended, and was not acknowledged, is not repeated after a resumption; both sides count
// on, and who waits for an answer learns that none comes.
func TestWhileResuming(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, l, s, ended := counted(t)
		c.up(l, s.wire)
		g := &grant{}
		ctx := While(context.Background(), g.still)
		post := func(ctx context.Context, text string) *Receipt {
			r, err := c.Post(ctx, jid.MustParse(peer), NewElement("urn:x", "thing").WithText(text), false)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		post(ctx, "one")
		two := post(ctx, "two")
		delivered := make(chan error, 1)
		go func() {
			_, err := c.Deliver(ctx, jid.MustParse(peer), NewElement("urn:x", "thing").WithText("three"))
			delivered <- err
		}()
		post(context.Background(), "four")
		synctest.Wait()
		words(s)
		_ = s.conn.Close()
		err := <-ended
		if c.away(); !c.keep(l, err) {
			t.Fatalf("after %v it is not kept", err)
		}
		g.over.Store(true)
		l, s = again(t, c, `<resumed xmlns="`+nsManagement+`" previd="known" h="1"/>`)
		synctest.Wait()
		if diff := cmp.Diff([]string{"four", "r"}, words(s)); diff != "" {
			t.Errorf("repeated (-want +got):\n%s", diff)
		}
		if fate := two.Wait(context.Background()); !errors.Is(fate, errEnded) {
			t.Errorf("of the message it is said: %v", fate)
		}
		if err := <-delivered; !errors.Is(err, errLinkLost) {
			t.Errorf("of the request it is said: %v", err)
		}
		on, bytes := l.tally.counting()
		s.say(`<a xmlns="%s" h="2"/>`, nsManagement) // one and four
		synctest.Wait()
		if _, left := l.tally.counting(); !on || bytes == 0 || left != 0 || c.Refused() != 0 {
			t.Errorf("%d bytes of %d are not acknowledged, %d stanzas refused", left, bytes, c.Refused())
		}
	})
}

// An answer that waits for its turn when its grant ends is replaced by the refusal.
func TestAnswerWhile(t *testing.T) {
	t.Parallel()
	for _, over := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c, s := paced(t)
			var g atomic.Bool
			c.router.requests[route{"get", long().Name}] = func(ctx context.Context, _ IQ) (*Element, error) {
				AnswerWhile(ctx, func() error {
					if g.Load() {
						return NotAuthorized("no longer")
					}
					return nil
				})
				return long(), nil
			}
			if _, err := c.Post(context.Background(), jid.MustParse(peer), long(), false); err != nil {
				t.Fatal(err)
			}
			s.say(`<iq type="get" id="1" from="%s"><thing xmlns="urn:x"/></iq>`, peer)
			synctest.Wait()
			s.heard()
			g.Store(over)
			time.Sleep(time.Minute)
			want := map[bool]string{
				false: "iq type=result id=1 to=" + peer + " <thing>",
				true:  "iq type=error id=1 to=" + peer + " <error not-authorized text>",
			}[over]
			var got []string
			for _, line := range s.heard() {
				if strings.Contains(line, " id=1 ") {
					got = append(got, line)
				}
			}
			if diff := cmp.Diff([]string{want}, got); diff != "" {
				t.Errorf("ended %v (-want +got):\n%s", over, diff)
			}
		})
	}
}
