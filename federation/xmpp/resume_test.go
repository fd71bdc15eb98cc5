package xmpp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"

	"releve/federation/lab"
)

// managed is a scripted server that counts stanzas, as it binds or resumes.
func (s *server) managed(answer string) {
	s.open(`<bind xmlns="` + nsBind + `"/><sm xmlns="` + nsManagement + `"/>`)
	e := s.next()
	if e != nil && e.Name.Local == "resume" {
		s.say("%s", answer)
		if e.Attr("previd") == "known" && answer[:8] == "<resumed" {
			s.resumedFrom = e.Attr("h")
			return
		}
		e = s.next()
	}
	if e != nil {
		s.say(`<iq type="result" id="%s"><bind xmlns="%s"><jid>%s</jid></bind></iq>`, e.Attr("id"), nsBind, house)
	}
}

// counted is a link with a server that counts and will resume it. What it wished for is heard already.
func counted(t *testing.T) (*Client, *link, *server, <-chan error) {
	t.Helper()
	c := idle()
	w, s := plug(t, &binding{resource: "releve"}, func(s *server) { s.managed("") })
	l := c.take(w)
	s.wire = w
	t.Cleanup(l.end)
	ended := serveOnce(t, l, s)
	if e := <-s.sent; e.Name.Local != "enable" || e.Attr("resume") != "true" {
		t.Errorf("the first word is %s", e)
	}
	s.say(`<enabled xmlns="%s" id="known" resume="true" max="60" location="other.example:5222"/>`, nsManagement)
	synctest.Wait()
	return c, l, s, ended
}

// serveOnce is serve for a link that goes on afterwards.
func serveOnce(t *testing.T, l *link, s *server) <-chan error {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	ended := make(chan error, 1)
	go s.hear()
	go func() { ended <- l.serve(ctx, s.wire) }()
	return ended
}

// again connects a client whose link was kept to a server that answers like that, and serves the link it gets.
func again(t *testing.T, c *Client, answer string) (*link, *server) {
	t.Helper()
	w, s := plug(t, &binding{resource: "releve", tally: c.resumable()}, func(s *server) { s.managed(answer) })
	s.wire = w
	l := c.take(w)
	t.Cleanup(l.end)
	serveOnce(t, l, s)
	return l, s
}

// message posts and returns what becomes of it.
func (s *server) message(t *testing.T, c *Client, text string) *Receipt {
	t.Helper()
	r, err := c.Post(context.Background(), jid.MustParse(peer), NewElement("urn:x", "thing").WithText(text), false)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// words are what the server heard: of messages their text.
func words(s *server) []string {
	var all []string
	for {
		select {
		case e, ok := <-s.sent:
			if !ok {
				return all
			}
			word := e.Name.Local
			if thing := e.Child("urn:x", "thing"); thing != nil {
				word = thing.Text
			}
			if h := e.Attr("h"); h != "" {
				word += " " + h
			}
			all = append(all, word)
		default:
			return all
		}
	}
}

// What our server has not acknowledged is sent again after a resumption, in order; a request that waits is answered,
// and Confirm is told, over the new connection.
func TestResume(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, l, s, ended := counted(t)
		c.up(l, s.wire)
		first := s.message(t, c, "one")
		s.message(t, c, "two")
		answer := make(chan error, 1)
		go func() {
			_, err := c.Query(context.Background(), "get", jid.MustParse(peer), NewElement("urn:x", "thing").WithText("ask"))
			answer <- err
		}()
		synctest.Wait()
		if diff := cmp.Diff([]string{"one", "r", "two", "ask"}, words(s)); diff != "" {
			t.Error(diff)
		}
		confirmed := make(chan error, 1)
		go func() { confirmed <- first.Confirm(context.Background()) }()
		synctest.Wait()
		_ = s.conn.Close()
		err := <-ended
		if c.away(); !c.keep(l, err) {
			t.Fatalf("after %v it is not kept", err)
		}
		if c.place != "other.example:5222" {
			t.Errorf("resumed at %q", c.place)
		}
		resumed, s := again(t, c, `<resumed xmlns="`+nsManagement+`" previd="known" h="1"/>`)
		synctest.Wait()
		if diff := cmp.Diff([]string{"two", "ask", "iq", "r"}, words(s)); diff != "" || resumed != l {
			t.Errorf("another link: %t; %s", resumed != l, diff)
		}
		for id, w := range maps.Clone(l.waiting) { // the question, and the ping that confirms
			s.say(`<iq type="result" from="%s" id="%s"/>`, w.to, id)
		}
		if err := <-answer; err != nil {
			t.Errorf("the request: %v", err)
		}
		if err := <-confirmed; err != nil {
			t.Errorf("confirm: %v", err)
		}
		s.say(`<a xmlns="%s" h="4"/>`, nsManagement)
		synctest.Wait()
		if on, bytes := l.tally.counting(); !on || bytes != 0 {
			t.Errorf("counting %t, %d bytes not acknowledged", on, bytes)
		}
	})
}

// A server that has forgotten the session may still say what it had handled; of the rest the senders are told.
func TestResumeFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, l, s, ended := counted(t)
		c.up(l, s.wire)
		handled, lost := s.message(t, c, "one"), s.message(t, c, "two")
		answer := make(chan error, 1)
		go func() {
			_, err := c.Query(context.Background(), "get", jid.MustParse(peer), NewElement("urn:x", "thing"))
			answer <- err
		}()
		synctest.Wait()
		_ = s.conn.Close()
		if err := <-ended; !c.keep(l, err) {
			t.Fatalf("after %v it is not kept", err)
		}
		fresh, _ := again(t, c, `<failed xmlns="`+nsManagement+`" h="1"><item-not-found xmlns="`+nsStanzas+`"/></failed>`)
		if fresh == l {
			t.Error("the old link goes on")
		}
		if err := lost.Wait(context.Background()); !errors.Is(err, errLinkLost) {
			t.Errorf("the lost message: %v", err)
		}
		if err := <-answer; !errors.Is(err, errLinkLost) {
			t.Errorf("the request: %v", err)
		}
		short, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := handled.Wait(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the handled message: %v", err)
		}
	})
}

// What came in counts as handled once its handler is done, without a gap; what the server repeats for that is passed over.
func TestHandledIsWhatIsDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, l, s, ended := counted(t)
		hold, handled := make(chan struct{}), 0
		on(c.router, func(context.Context, IQ) (*Element, error) { handled++; <-hold; return nil, nil }, taken)
		s.say(`<presence from="%s"/><iq type="get" from="%s" id="1"><thing xmlns="urn:x"/></iq><presence from="%s"/>`, peer, peer, peer)
		s.say(`<r xmlns="%s"/>`, nsManagement)
		synctest.Wait()
		if diff := cmp.Diff([]string{"a 1"}, words(s)); diff != "" {
			t.Error(diff)
		}
		_ = s.conn.Close()
		if err := <-ended; !c.keep(l, err) {
			t.Fatalf("after %v it is not kept", err)
		}
		_, s = again(t, c, `<resumed xmlns="`+nsManagement+`" previd="known" h="0"/>`)
		if s.resumedFrom != "1" {
			t.Errorf("resumed from %q", s.resumedFrom)
		}
		s.say(`<iq type="get" from="%s" id="1"><thing xmlns="urn:x"/></iq><presence from="%s"/>`, peer, peer) // again
		close(hold)
		synctest.Wait()
		s.say(`<r xmlns="%s"/>`, nsManagement)
		synctest.Wait()
		if diff := cmp.Diff([]string{"r", "iq", "a 3"}, words(s)); diff != "" || handled != 1 {
			t.Errorf("handled %d times; %s", handled, diff)
		}
	})
}

// A server may say how far it is without being asked, as Prosody does. That is an answer only once it is as far as was
// asked; one whose answer fell short is asked again before it is given up.
func TestUnaskedAcknowledgement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, l, s, _ := counted(t)
		c.up(l, s.wire)
		s.message(t, c, "one")
		for _, step := range []struct {
			h    int
			open bool
		}{{0, true}, {1, false}, {1, false}} {
			s.say(`<a xmlns="%s" h="%d"/>`, nsManagement, step.h)
			synctest.Wait()
			if _, open := s.wire.gauge.asks(); open != step.open {
				t.Errorf("after h=%d the question is open: %t", step.h, open)
			}
		}
		s.message(t, c, "two")
		s.say(`<a xmlns="%s" h="1"/>`, nsManagement)
		time.Sleep(margin - watchTick)
		if diff := cmp.Diff([]string{"one", "r", "two", "r", "r"}, words(s)); diff != "" {
			t.Error(diff)
		}
		s.say(`<a xmlns="%s" h="2"/>`, nsManagement)
		synctest.Wait()
		if _, open := s.wire.gauge.asks(); open {
			t.Error("the question stays open")
		}
	})
}

// A session is not kept when the server ended it, or had something against it.
func TestOver(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		over bool
	}{
		{errSilent, false},
		{errLinkLost, false},
		{errClosed, true},
		{&StreamError{Condition: "system-shutdown"}, false},
		{fmt.Errorf("%w (%w)", ErrConflict, &StreamError{Condition: "conflict"}), true},
		{&StreamError{Condition: "policy-violation"}, true},
	}
	for _, tt := range tests {
		if got := over(tt.err); got != tt.over {
			t.Errorf("%v: over %t", tt.err, got)
		}
	}
}

// The link is cut again and again while messages go both ways and a request waits: none is lost, none comes twice, their
// order stays, and the session is the same.
func TestIntegrationResume(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			f := start(t, kind)
			proxy, err := lab.NewProxy(f.Server(maison.Domainpart()).Addr())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = proxy.Close() })
			cfg := config(t, f, maison.String())
			cfg.Address, cfg.Pace = proxy.Addr(), PaceOff
			house, adviser := New(cfg), New(config(t, f, conseil.String()))
			got := make(chan string, 1000)
			adviser.HandleMessage("urn:test", "data", func(_ context.Context, m Message) error {
				got <- m.Child("urn:test", "data").Text
				return nil
			})
			answer := make(chan struct{})
			adviser.Handle("get", "urn:test", "slow", func(context.Context, IQ) (*Element, error) { <-answer; return nil, nil })
			run(t, house)
			run(t, adviser)
			waiting := make(chan error, 1)
			go func() {
				err := ErrAway
				for errors.Is(err, ErrAway) { // this goroutine may begin only after the first cut
					_, err = house.Query(within(t, 2*time.Minute), "get", conseil, NewElement("urn:test", "slow"))
				}
				waiting <- err
			}()
			var want []string
			for i := range 90 {
				text := fmt.Sprint(i)
				want = append(want, text)
				post(t, house, text)
				if i%30 == 20 {
					proxy.Cut()
				}
			}
			var all []string
			for range want {
				select {
				case text := <-got:
					all = append(all, text)
				case <-time.After(60 * time.Second):
					t.Fatalf("only %v came", all)
				}
			}
			if diff := cmp.Diff(want, all); diff != "" {
				t.Error(diff)
			}
			close(answer)
			if err := <-waiting; err != nil {
				t.Errorf("the request that waited: %v", err)
			}
			if state := house.State(); !state.Up || !state.Resumed {
				t.Errorf("%+v", state)
			}
		})
	}
}

// post sends a message, again while there is no session.
func post(t *testing.T, c *Client, text string) {
	t.Helper()
	ctx := within(t, time.Minute)
	for {
		_, err := c.Post(ctx, conseil, NewElement("urn:test", "data").WithText(text), false)
		if err == nil {
			return
		}
		if !errors.Is(err, ErrAway) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
