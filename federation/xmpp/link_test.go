package xmpp

import (
	"context"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// on registers a handler of requests and messages called thing.
func on(r *router, h IQHandler, m MessageHandler) *router {
	r.requests[route{"get", xml.Name{Space: "urn:x", Local: "thing"}}] = h
	r.messages[xml.Name{Space: "urn:x", Local: "thing"}] = m.take
	return r
}

func fine(context.Context, IQ) (*Element, error) { return NewElement("urn:x", "fine"), nil }
func taken(context.Context, Message) error       { return nil }
func addressed(attrs, inner string) (stanza string) {
	return `<iq to="` + house + `" ` + attrs + `>` + inner + `</iq>`
}

// arrival is a stanza and what comes of it.
type arrival struct {
	name, text string
	want       []string // told to the peer
	refused    uint64
}

func arrivals() []arrival {
	const (
		thing   = `<thing xmlns="urn:x"/>`
		request = `<request xmlns="urn:xmpp:receipts"/>`
		streams = `xmlns="http://etherx.jabber.org/streams"`
	)
	from := `from="` + peer + `" id="7"`
	deep := strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)
	long := strings.Repeat("x", maxID+1)
	return []arrival{
		{"get", addressed(from+` type="get"`, thing), []string{"iq type=result id=7 to=" + peer + " <fine>"}, 0},
		{"set without handler", addressed(from+` type="set"`, thing), []string{"iq type=error id=7 to=" + peer + " <error service-unavailable>"}, 0},
		{"get without payload", addressed(from+` type="get"`, ""), []string{"iq type=error id=7 to=" + peer + " <error service-unavailable>"}, 0},
		{"get from our server", addressed(`id="7" type="get"`, thing), []string{"iq type=result id=7 <fine>"}, 0},
		{"result nobody waits for", addressed(from+` type="result"`, thing), nil, 0},
		{"error nobody waits for", addressed(from+` type="error"`, ""), nil, 0},
		{"result from nowhere", addressed(`from="@x" id="7" type="result"`, ""), nil, 0},
		{"unknown type", addressed(from+` type="frob"`, thing), nil, 1},
		{"no type", addressed(from, thing), nil, 1},
		{"malformed sender", addressed(`from="@x" id="7" type="get"`, thing), []string{"iq type=error id=7 to=@x <error jid-malformed>"}, 1},
		{"malformed recipient", `<iq to="@x" ` + from + ` type="get">` + thing + `</iq>`, []string{"iq type=error id=7 to=" + peer + " <error jid-malformed>"}, 1},
		{"long id", addressed(`from="`+peer+`" type="get" id="`+long+`"`, thing), nil, 1},
		{"longest id", addressed(`from="`+peer+`" type="get" id="`+long[1:]+`"`, thing), []string{"iq type=result id=" + long[1:] + " to=" + peer + " <fine>"}, 0},
		{"too big", addressed(from+` type="get"`, strings.Repeat("x", maxElementBytes)), nil, 1},
		{"too deep", addressed(from+` type="get"`, deep), nil, 1},
		{"presence", `<presence ` + from + ` type="subscribe"/>`, nil, 0},
		{"another namespace", `<iq xmlns="urn:y" ` + from + ` type="get">` + thing + `</iq>`, nil, 0},
		{"message", `<message ` + from + `>` + thing + request + `</message>`, []string{"message to=" + peer + " <received>"}, 0},
		{"message from a malformed sender", `<message from="@x" id="7">` + thing + request + `</message>`, nil, 1},
		{"bounce of nothing we sent", `<message ` + from + ` type="error">` + thing + request + `</message>`, nil, 0},
		{"white space", "\n \n", nil, 0},
		{"stream error inside", `<message ` + from + `><error ` + streams + `><conflict xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></error></message>`, nil, 0},
		{"stream element inside", `<message ` + from + `><x ` + streams + `/></message>`, nil, 0},
		{"end of stream inside", `<message ` + from + `><stream ` + streams + `></stream></message>`, nil, 0},
		{"stream element as payload", addressed(from+` type="get"`, `<x `+streams+`/>`), []string{"iq type=error id=7 to=" + peer + " <error service-unavailable>"}, 0},
	}
}

// Whatever a peer sends is answered or dropped, and the stream goes on.
func TestDispatch(t *testing.T) {
	t.Parallel()
	for _, tt := range arrivals() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := on(quietRouter(), fine, taken)
				_, s, _ := serving(t, r)
				s.say("%s", tt.text)
				synctest.Wait()
				if diff := cmp.Diff(tt.want, s.heard()); diff != "" {
					t.Error(diff)
				}
				if got := r.refusals.Load(); got != tt.refused {
					t.Errorf("%d stanzas are counted as refused, want %d", got, tt.refused)
				}
				s.say(`<iq type="get" id="after"><thing xmlns="urn:x"/></iq>`)
				synctest.Wait()
				if diff := cmp.Diff([]string{"iq type=result id=after <fine>"}, s.heard()); diff != "" {
					t.Errorf("the stream does not go on:\n%s", diff)
				}
			})
		})
	}
}

// How a stream ends, and what is said of it.
func TestServeEnds(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, err string }{
		{"goodbye", `</stream:stream>`, "the server closed the stream"},
		{"conflict", `<stream:error><conflict xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>`, "another program uses the same address and resource (conflict)"},
		{"other stream error", `<stream:error><system-shutdown xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>`, "system-shutdown"},
		{"unknown stream element", `<stream:x/>`, "<stream:x/> in the stream"},
		{"text between stanzas", `hello <a/>`, "text where an element was expected"},
		{"not XML", `<a></b>`, "XML syntax error on line 1: element <a> closed by </b>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, s, ended := serving(t, quietRouter())
				s.say("%s", tt.text)
				if got := text(<-ended); got != tt.err {
					t.Errorf("got %q, want %q", got, tt.err)
				}
				synctest.Wait()
				if _, err := s.conn.Write([]byte(" ")); err == nil {
					t.Error("the connection is still open")
				}
			})
		})
	}
}

func TestServeEndsInsideAStanza(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, s, ended := serving(t, quietRouter())
		s.say(`<message><body>half`)
		s.conn.Close()
		if got, want := text(<-ended), "XML syntax error on line 1: unexpected EOF"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// A peer that asks more than is answered at once is told to wait, and the others are still answered after it.
func TestTooManyRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		r := on(quietRouter(), func(context.Context, IQ) (*Element, error) { <-hold; return nil, nil }, nil)
		_, s, _ := serving(t, r)
		for i := range maxRequests + 1 {
			s.say(`<iq type="get" from="%s" id="%d"><thing xmlns="urn:x"/></iq>`, peer, i)
		}
		synctest.Wait()
		want := []string{fmt.Sprintf("iq type=error id=%d to=%s <error resource-constraint text>", maxRequests, peer)}
		if diff := cmp.Diff(want, s.heard()); diff != "" || r.refusals.Load() != 1 {
			t.Errorf("%d refused: %s", r.refusals.Load(), diff)
		}
		close(hold)
		synctest.Wait()
		if got := s.heard(); len(got) != maxRequests {
			t.Errorf("%d requests are answered, want %d", len(got), maxRequests)
		}
		s.say(`<iq type="get" id="after"><thing xmlns="urn:x"/></iq>`)
		synctest.Wait()
		if diff := cmp.Diff([]string{"iq type=result id=after"}, s.heard()); diff != "" {
			t.Errorf("nobody is answered any more: %s", diff)
		}
	})
}

// Refusals are counted always and told only as far as the link keeps up.
func TestRefusalsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := quietRouter()
		l, s, _ := serving(t, r)
		for range maxRefusals {
			l.refusals <- struct{}{}
		}
		const malformed = `<iq type="get" from="@x" id="7"/>`
		s.say(malformed)
		synctest.Wait()
		if got := s.heard(); got != nil || r.refusals.Load() != 1 {
			t.Errorf("%d refused, told %v", r.refusals.Load(), got)
		}
		<-l.refusals
		s.say(malformed)
		synctest.Wait()
		if got := s.heard(); len(got) != 1 || len(l.refusals) != maxRefusals-1 {
			t.Errorf("told %v; %d are being told, want %d", got, len(l.refusals), maxRefusals-1)
		}
	})
}

// Messages are handled in their order, one at a time, and never hold up the stream.
func TestMessagesInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		var got, want []string
		r := on(quietRouter(), fine, func(_ context.Context, m Message) error {
			<-hold
			got = append(got, m.ID)
			return nil
		})
		_, s, _ := serving(t, r)
		for i := range maxMessages + 3 { // one is with the handler, two are too many
			s.say(`<message from="%s" id="%d"><thing xmlns="urn:x"/><request xmlns="urn:xmpp:receipts"/></message>`, peer, i)
			synctest.Wait()
			if i <= maxMessages {
				want = append(want, fmt.Sprint(i))
			}
		}
		s.say(`<iq type="get" id="7"><thing xmlns="urn:x"/></iq>`)
		synctest.Wait()
		if diff := cmp.Diff([]string{"iq type=result id=7 <fine>"}, s.heard()); diff != "" || r.refusals.Load() != 2 {
			t.Errorf("%d are refused, want 2; the stream waits for a handler: %s", r.refusals.Load(), diff)
		}
		close(hold)
		synctest.Wait()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		receipts := slices.DeleteFunc(s.heard(), func(word string) bool { return !strings.Contains(word, "<received>") })
		if len(receipts) != len(want) {
			t.Errorf("%d receipts for %d messages", len(receipts), len(want))
		}
	})
}

// Large messages are held by their bytes: a flood of them takes no more memory than a few, whatever is in them.
func TestLargeMessagesAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold, done := make(chan struct{}), 0
		r := on(quietRouter(), fine, func(context.Context, Message) error { <-hold; done++; return nil })
		l, s, _ := serving(t, r)
		const flood, size = 50, 200_000
		filler := strings.Repeat("x", size-100)
		message := func() {
			s.say(`<message from="%s"><thing xmlns="urn:x"/><body>%s</body></message>`, peer, filler)
			synctest.Wait()
		}
		for range flood {
			message()
		}
		if held := l.held.Load(); held > maxHeld || r.refusals.Load() != flood-maxHeld/size {
			t.Errorf("%d bytes are held, %d of %d messages refused", held, r.refusals.Load(), flood)
		}
		s.say(`<iq type="get" id="7"><thing xmlns="urn:x"/></iq>`)
		synctest.Wait()
		if diff := cmp.Diff([]string{"iq type=result id=7 <fine>"}, s.heard()); diff != "" {
			t.Errorf("the stream does not go on:\n%s", diff)
		}
		close(hold)
		synctest.Wait()
		filler = strings.Repeat("x", maxElementBytes-200) // alone it fits
		message()
		if held := l.held.Load(); held != 0 || done != maxHeld/size+1 {
			t.Errorf("%d bytes stay held, %d messages were handled", held, done)
		}
	})
}
