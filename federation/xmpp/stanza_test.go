package xmpp

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stream"
)

func TestStanzaErrorReading(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, want string
		temporary        bool
	}{
		{"condition and text", `<iq type="error"><error type="cancel"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/><text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"> gone </text></error></iq>`, "item-not-found: gone", false},
		{"wait", `<iq><error type="wait"><not-allowed xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`, "not-allowed", true},
		{"other server away", `<message><error type="cancel"><remote-server-timeout xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`, "remote-server-timeout", true},
		{"application condition only", `<iq><error type="modify"><x xmlns="urn:y"/></error></iq>`, "undefined-condition", true},
		{"no error element", `<iq type="error"/>`, "undefined-condition: an error without an error element", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := ParseElement([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			got := stanzaError(e)
			if got.Error() != tt.want || got.Temporary() != tt.temporary {
				t.Errorf("got %q (temporary %t), want %q (%t)", got.Error(), got.Temporary(), tt.want, tt.temporary)
			}
		})
	}
}

func TestReason(t *testing.T) {
	t.Parallel()
	other := errors.New("other")
	tests := []struct {
		name string
		err  error
		want error
	}{
		{"wrong password", &Failure{Condition: "not-authorized"}, ErrCredentials},
		{"account closed", &Failure{Condition: "account-disabled"}, ErrCredentials},
		{"for the moment", &Failure{Condition: "temporary-auth-failure", Text: "the directory sleeps"}, nil},
		{"taken address", fmt.Errorf("read: %w", stream.Conflict), ErrConflict},
		{"anything else", other, other},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := reason(tt.err)
			for _, sentinel := range []error{ErrCredentials, ErrConflict, ErrUntrusted, other} {
				if errors.Is(got, sentinel) != (sentinel == tt.want) {
					t.Errorf("got %v, want %v", got, tt.want)
				}
			}
			if !errors.Is(got, tt.err) {
				t.Errorf("the cause is lost from %v", got)
			}
		})
	}
}

func TestBoundAddress(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want, err string }{
		{"good", `<iq id="1" type="result"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>a@b/c</jid></bind></iq>`, "a@b/c", ""},
		{"conflict", `<iq id="1" type="error"><error type="cancel"><conflict xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`, "", "conflict"},
		{"other id", `<iq id="2" type="result"/>`, "", "unexpected <iq/> in answer"},
		{"no address", `<iq id="1" type="result"/>`, "", "the answer has no address"},
		{"bad address", `<iq id="1" type="result"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>@b</jid></bind></iq>`, "", "the localpart must be larger than 0 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := ParseElement([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := boundAddress(e, "1")
			if text(err) != tt.err || got.String() != tt.want {
				t.Errorf("got %q, %q; want %q, %q", got, text(err), tt.want, tt.err)
			}
		})
	}
}

func quietRouter() *router { return newRouter(slog.New(slog.NewTextHandler(io.Discard, nil))) }

func TestRouterAnswers(t *testing.T) {
	t.Parallel()
	r := quietRouter()
	r.requests[route{"get", xml.Name{Space: "urn:x", Local: "good"}}] = func(context.Context, IQ) (*Element, error) {
		return NewElement("urn:x", "fine"), nil
	}
	r.requests[route{"get", xml.Name{Space: "urn:x", Local: "boom"}}] = func(context.Context, IQ) (*Element, error) {
		panic("boom")
	}
	tests := []struct{ name, payload, want string }{
		{"answered", `<good xmlns="urn:x"/>`, `type="result"`},
		{"no handler", `<other xmlns="urn:x"/>`, `service-unavailable`},
		{"handler panics", `<boom xmlns="urn:x"/>`, `internal-server-error`},
	}
	for _, tt := range tests {
		payload, err := ParseElement([]byte(tt.payload))
		if err != nil {
			t.Fatal(err)
		}
		answer := r.answer(context.Background(), IQ{ID: "1", Type: "get", From: jid.MustParse("a@b/c"), Payload: payload}).String()
		if !strings.Contains(answer, tt.want) || !strings.Contains(answer, `to="a@b/c"`) {
			t.Errorf("%s: %s has no %s", tt.name, answer, tt.want)
		}
	}
	if answer := r.answer(context.Background(), IQ{ID: "1", Type: "get"}).String(); !strings.Contains(answer, "service-unavailable") {
		t.Errorf("a request without payload is answered %s", answer)
	}
}

func message(t *testing.T, text string) (Message, *Element) {
	t.Helper()
	e, err := ParseElement([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m, err := parseMessage(e)
	if err != nil {
		t.Fatal(err)
	}
	return m, e
}

func TestRouterReceipts(t *testing.T) {
	t.Parallel()
	r := quietRouter()
	var later []func(error)
	r.messages[xml.Name{Space: "urn:x", Local: "data"}] = func(_ context.Context, m Message, settle func(error)) {
		switch m.Child("urn:x", "data").Text {
		case "bad":
			settle(errors.New("bad"))
		case "never":
			settle(BadRequest("never"))
		case "boom":
			panic("boom")
		case "settled, then boom":
			settle(nil)
			panic("boom")
		case "later":
			later = append(later, settle)
		default:
			settle(nil)
			settle(errors.New("once is enough"))
		}
	}
	const request = `<request xmlns="urn:xmpp:receipts"/>`
	tests := []struct {
		name, text string
		want       string // part of what the sender is told
	}{
		{"taken", `<message id="1" from="a@b/c"><data xmlns="urn:x"/>` + request + `</message>`, `<received xmlns="urn:xmpp:receipts" id="1"/>`},
		{"not asked for", `<message id="1" from="a@b/c"><data xmlns="urn:x"/></message>`, ""},
		{"not taken now", `<message id="1" from="a@b/c"><data xmlns="urn:x">bad</data>` + request + `</message>`, ""},
		{"never taken", `<message id="1" from="a@b/c"><data xmlns="urn:x">never</data>` + request + `</message>`, `<error type="modify"><bad-request`},
		{"taken later", `<message id="1" from="a@b/c"><data xmlns="urn:x">later</data>` + request + `</message>`, `<received xmlns="urn:xmpp:receipts" id="1"/>`},
		{"taken, then the handler panics", `<message id="1" from="a@b/c"><data xmlns="urn:x">settled, then boom</data>` + request + `</message>`, `<received`},
		{"handler panics", `<message id="1" from="a@b/c"><data xmlns="urn:x">boom</data>` + request + `</message>`, ""},
		{"not for us", `<message id="1" from="a@b/c"><body>hi</body>` + request + `</message>`, ""},
		{"no id", `<message from="a@b/c"><data xmlns="urn:x"/>` + request + `</message>`, ""},
		{"an error", `<message id="1" type="error" from="a@b/c"><data xmlns="urn:x"/>` + request + `</message>`, ""},
	}
	for _, tt := range tests {
		m, _ := message(t, tt.text)
		var told []*Element
		r.deliver(context.Background(), m, func(answer *Element) { told = append(told, answer) })
		for _, settle := range later {
			if len(told) > 0 {
				t.Errorf("%s: settled before its taker says so", tt.name)
			}
			settle(nil)
		}
		later = nil
		if len(told) != 1 {
			t.Fatalf("%s: settled %d times", tt.name, len(told))
		}
		switch got := told[0]; {
		case got == nil && tt.want != "", got != nil && (tt.want == "" || !strings.Contains(got.String(), tt.want)):
			t.Errorf("%s: the sender is told %v, want %s", tt.name, got, tt.want)
		}
	}
}

// A receipt counts only from the address the message went to: anybody in the federation can send one.
func TestReceiptSettles(t *testing.T) {
	t.Parallel()
	const bounce = `<error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`
	tests := []struct {
		name, text string
		settled    bool
		err        string
	}{
		{"from the client", `<message from="a@b/c"><received xmlns="urn:xmpp:receipts" id="1"/></message>`, true, ""},
		{"from somebody else", `<message from="x@b/c"><received xmlns="urn:xmpp:receipts" id="1"/></message>`, false, ""},
		{"for something else", `<message from="a@b/c"><received xmlns="urn:xmpp:receipts" id="2"/></message>`, false, ""},
		{"from the server only", `<message from="b"><received xmlns="urn:xmpp:receipts" id="1"/></message>`, false, ""},
		{"bounced by the account", `<message id="1" type="error" from="a@b">` + bounce + `</message>`, true, "service-unavailable"},
		{"bounced by the server", `<message id="1" type="error" from="b">` + bounce + `</message>`, true, "service-unavailable"},
		{"bounced by somebody else", `<message id="1" type="error" from="x@y">` + bounce + `</message>`, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var rs receipts
			receipt := rs.expect("1", jid.MustParse("a@b"), nil)
			m, stanza := message(t, tt.text)
			if !rs.settle(m, stanza) {
				t.Error("it was not taken for a receipt or bounce")
			}
			select {
			case err := <-receipt.settled:
				if !tt.settled || text(err) != tt.err {
					t.Errorf("settled with %v", err)
				}
			default:
				if tt.settled {
					t.Error("not settled")
				}
			}
			if waiting := len(rs.open) == 1; waiting == tt.settled {
				t.Errorf("waiting %t", waiting)
			}
		})
	}
}

func TestReceiptWaitEnds(t *testing.T) {
	t.Parallel()
	var rs receipts
	receipt := rs.expect("1", jid.MustParse("a@b"), nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := receipt.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(rs.open) != 0 {
		t.Error("it is still waited for")
	}
}

// What our own server would end the session over is never sent.
func TestBounded(t *testing.T) {
	t.Parallel()
	q := IQ{ID: "1", From: jid.MustParse("a@b/c")}
	tests := []struct {
		name    string
		payload *Element
		want    string
	}{
		{"small", NewElement("urn:x", "fine"), `<iq id="1" type="result"><fine xmlns="urn:x"/></iq>`},
		{"large once it is written", NewElement("urn:x", "big").WithText(strings.Repeat("<", MaxStanza/3)),
			`<iq id="1" type="error" to="a@b/c"><error type="modify"><policy-violation xmlns="` + nsStanzas + `"/>` +
				`<text xmlns="` + nsStanzas + `">the answer is too large; ask for less</text></error></iq>`},
		{"not XML", NewElement("urn:x", "a>b"),
			`<iq id="1" type="error" to="a@b/c"><error type="wait"><internal-server-error xmlns="` + nsStanzas + `"/>` +
				`<text xmlns="` + nsStanzas + `">the agent could not do this; its log says why</text></error></iq>`},
	}
	for _, tt := range tests {
		got, err := bounded(q, IQ{ID: "1", Type: "result", Payload: tt.payload}.element(), MaxStanza)
		if string(got) != tt.want || err != nil {
			t.Errorf("%s: got %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
}

func TestReceiptPrefersWhatIsKnown(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 100 {
		forgotten := 0
		r := NewReceipt(func() { forgotten++ }, nil)
		r.Settle(nil)
		r.Settle(errors.New("too late"))
		if err := r.Wait(ctx); err != nil || forgotten != 1 {
			t.Fatalf("got %v, forgotten %d times", err, forgotten)
		}
	}
}
