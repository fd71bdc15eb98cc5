package notice

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"

	"releve/federation/xmpp"
)

var (
	server = jid.MustParse("serveur@breizh-sen2.example/releve")
	house  = jid.MustParse("maison@breizh-sen1.example/releve")
	quiet  = slog.New(slog.DiscardHandler)
	gone   = Revocation{Consent: "23289931e73244d3", At: time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC)}
)

// line is a session whose far end answers as it is told.
type line struct {
	answer *xmpp.Element // to an IQ
	err    error         // of an IQ
	fate   error         // of a message
	said   []string
}

func (l *line) Query(_ context.Context, typ string, to xmpp.JID, payload *xmpp.Element) (*xmpp.Element, error) {
	l.said = append(l.said, "iq "+typ+" to "+to.String()+": "+payload.String())
	return l.answer, l.err
}

func (l *line) Notify(_ context.Context, to xmpp.JID, text string, payload *xmpp.Element) (*xmpp.Receipt, error) {
	if !strings.Contains(text, gone.Consent) {
		l.said = append(l.said, text)
	}
	l.said = append(l.said, "message to "+to.String()+": "+payload.String())
	r := xmpp.NewReceipt(func() {}, nil)
	r.Settle(l.fate)
	return r, nil
}

func TestTell(t *testing.T) {
	t.Parallel()
	const (
		revoke  = `<revoke xmlns="urn:releve:consent:0" consent="23289931e73244d3" at="2026-11-27T04:00:00Z"/>`
		iq      = "iq set to serveur@breizh-sen2.example/releve: " + revoke
		message = "message to serveur@breizh-sen2.example: " + revoke
	)
	unknown := &xmpp.StanzaError{Type: "cancel", Condition: "feature-not-implemented"}
	away := &xmpp.StanzaError{Type: "cancel", Condition: "remote-server-not-found"}
	nobody := &xmpp.StanzaError{Type: "cancel", Condition: "service-unavailable"}
	for _, test := range []struct {
		name  string
		to    xmpp.JID
		line  line
		acked bool
		said  []string
		err   string
	}{
		{"a program that knows", server, line{answer: xmpp.NewElement(NS, "revoked")}, true, []string{iq}, ""},
		{"one that says yes to everything", server, line{}, true, []string{iq, message}, ""},
		{"one that knows nothing of it", server, line{err: unknown}, true, []string{iq, message}, ""},
		{"nobody there, or none that knows of it", server, line{err: nobody, fate: context.DeadlineExceeded}, false, []string{iq, message}, ""},
		{"no such account", server, line{err: nobody, fate: nobody}, false, []string{iq, message},
			"tell serveur@breizh-sen2.example of a withdrawal: service-unavailable"},
		{"its server is away", server, line{err: away}, false, []string{iq},
			"tell serveur@breizh-sen2.example/releve of a withdrawal: remote-server-not-found"},
		{"while away", server, line{err: xmpp.ErrAway}, false, []string{iq},
			"tell serveur@breizh-sen2.example/releve of a withdrawal: " + xmpp.ErrAway.Error()},
		{"a subscriber", server.Bare(), line{}, true, []string{message}, ""},
		{"a subscriber whose client is silent", server.Bare(), line{fate: context.DeadlineExceeded}, false, []string{message}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			acked, err := Tell(t.Context(), &test.line, test.to, gone)
			said := ""
			if err != nil {
				said = err.Error()
			}
			if acked != test.acked || said != test.err {
				t.Errorf("acknowledged %v, %q; want %v, %q", acked, said, test.acked, test.err)
			}
			if diff := cmp.Diff(test.said, test.line.said); diff != "" {
				t.Errorf("said (-want +got):\n%s", diff)
			}
		})
	}
}

// What came back for good is told from what may yet be told.
func TestCameBack(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{xmpp.ErrAway, ""},
		{&xmpp.StanzaError{Type: "cancel", Condition: "remote-server-not-found"}, ""},
		{&xmpp.StanzaError{Type: "wait", Condition: "resource-constraint"}, ""},
		{wrapped(server, gone, &xmpp.StanzaError{Type: "cancel", Condition: "service-unavailable"}), "service-unavailable"},
		{&xmpp.StanzaError{Type: "auth", Condition: "forbidden"}, "forbidden"},
	} {
		got := ""
		if bounce := CameBack(test.err); bounce != nil {
			got = bounce.Error()
		}
		if got != test.want {
			t.Errorf("%v: %q, want %q", test.err, got, test.want)
		}
	}
}

// desk is where stanzas arrive.
type desk struct {
	requests map[string]xmpp.IQHandler
	messages map[string]xmpp.MessageHandler
}

func newDesk() *desk {
	return &desk{requests: map[string]xmpp.IQHandler{}, messages: map[string]xmpp.MessageHandler{}}
}

func (d *desk) Handle(_, _, local string, h xmpp.IQHandler)          { d.requests[local] = h }
func (d *desk) HandleMessage(_, local string, h xmpp.MessageHandler) { d.messages[local] = h }
func (d *desk) Announce(...string)                                   {}
func (d *desk) hear(from xmpp.JID, x *xmpp.Element) (answer *xmpp.Element, iq, message error) {
	answer, iq = d.requests[x.Name.Local](context.Background(), xmpp.IQ{Type: "set", From: from, Payload: x})
	message = d.messages[x.Name.Local](context.Background(), xmpp.Message{From: from, Children: []*xmpp.Element{xmpp.NewElement("", "body"), x}})
	return answer, iq, message
}

func TestHear(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	for _, test := range []struct {
		name string
		from xmpp.JID
		x    *xmpp.Element
		full error
		err  string
		want []Revocation
	}{
		{"a source", house, gone.Element(), nil, "", []Revocation{gone, gone}},
		{"one without a clock", house, Revocation{Consent: "a"}.Element(), nil, "", []Revocation{{Consent: "a"}, {Consent: "a"}}},
		{"somebody else", server, gone.Element(), nil, "forbidden: no source names serveur@breizh-sen2.example", nil},
		{"of nothing", house, xmpp.NewElement(NS, "revoke"), nil,
			"bad-request: read a withdrawal: consent is not an identifier of 1 to 64 letters and digits", nil},
		{"at no time", house, xmpp.NewElement(NS, "revoke", "consent", "a", "at", "yesterday"), nil,
			"bad-request: read a withdrawal: at is not a time such as 2026-11-27T04:00:00Z", nil},
		{"with a full disk", house, gone.Element(), full, "internal-server-error: a withdrawal could not be noted; tell it again later", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []Revocation
			d := newDesk()
			h := &Hearer{From: []xmpp.JID{house.Bare()}, Log: quiet, Take: func(_ xmpp.JID, r Revocation) error {
				if test.full == nil {
					got = append(got, r)
				}
				return test.full
			}}
			h.Register(d)
			_, iq, message := d.hear(test.from, test.x)
			for _, err := range []error{iq, message} {
				said := ""
				if err != nil {
					said = err.Error()
				}
				if said != test.err {
					t.Errorf("answer %q, want %q", said, test.err)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("taken (-want +got):\n%s", diff)
			}
		})
	}
}

// What the document shows is what is said, and answered.
func TestProtocolExamples(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, block := range regexp.MustCompile("(?s)```xml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		x, err := xmpp.ParseElement([]byte(block[1]))
		if err != nil {
			t.Fatal(err)
		}
		if child := x.Children[0]; child.Name.Space == NS {
			shown[child.Name.Local] = child.String()
		}
	}
	want := map[string]string{
		"revoke": parsed(t, gone.Element()), "revoked": parsed(t, xmpp.NewElement(NS, "revoked")),
		"erase": parsed(t, wiped.Element()), "erasing": parsed(t, xmpp.NewElement(NS, "erasing")),
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("(-code +document):\n%s", diff)
	}
}

func parsed(t *testing.T, e *xmpp.Element) string {
	t.Helper()
	x, err := xmpp.ParseElement([]byte(e.String()))
	if err != nil {
		t.Fatal(err)
	}
	return x.String()
}

func FuzzParse(f *testing.F) {
	f.Add("23289931e73244d3", "2026-11-27T04:00:00Z")
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, consent, at string) {
		r, err := Parse(xmpp.NewElement(NS, "revoke", "consent", consent, "at", at))
		if err != nil {
			return
		}
		again, err := Parse(r.Element())
		if err != nil || again.Consent != consent || !again.At.Equal(r.At.Truncate(time.Second)) {
			t.Errorf("%+v became %+v, %v", r, again, err)
		}
	})
}
