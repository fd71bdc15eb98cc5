package xmpp

import (
	"crypto/sha1" //nolint:gosec // what RFC 5802 prescribes
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"hash"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xdg-go/scram"
)

// porter plays the login of a server as a test tells it to.
type porter struct {
	offers      []string
	announces   []string // channel bindings, XEP-0440; nil for no word of them
	version     uint16   // of TLS, at most
	ties        string   // the channel binding it can do
	rounds      int
	password    string
	spoil       func(word, text string) (string, string) // changes what it says: challenge, success, failure
	attempts    chan string                              // mechanism and flag of each client
	certificate []byte
}

func (p porter) features() string {
	text := "<mechanisms xmlns='" + nsSASL + "'>"
	for _, m := range p.offers {
		text += "<mechanism>" + m + "</mechanism>"
	}
	text += "</mechanisms>"
	if p.announces != nil {
		text += "<sasl-channel-binding xmlns='" + nsChannelBinding + "'>"
		for _, b := range p.announces {
			text += "<channel-binding type='" + b + "'/>"
		}
		text += "</sasl-channel-binding>"
	}
	return text + "<limits xmlns='" + nsLimits + "'><max-bytes>12345</max-bytes><idle-seconds>60</idle-seconds></limits>"
}

// play lets a client in that proves that it knows the password, over this connection.
func (p porter) play(h *host, s *server) bool {
	security := h.security.Clone()
	p.certificate = security.Certificates[0].Certificate[0]
	security.MaxVersion = p.version
	s.secure(security)
	s.open(p.features())
	auth := s.next()
	if auth == nil {
		return false
	}
	first, _ := base64.StdEncoding.DecodeString(auth.Text)
	flag, _, _ := strings.Cut(string(first), ",")
	p.attempts <- auth.Attr("mechanism") + " " + flag
	if !p.converse(s, p.conversation(s, auth.Attr("mechanism")), string(first)) {
		return false
	}
	s.bind()
	return true
}

func (p porter) conversation(s *server, mechanism string) *scram.ServerConversation {
	hashes := map[string]func() hash.Hash{"SCRAM-SHA-1": sha1.New, "SCRAM-SHA-256": sha256.New, "SCRAM-SHA-512": sha512.New}
	generator := scram.HashGeneratorFcn(hashes[strings.TrimSuffix(mechanism, plus)])
	known, _ := generator.NewClient("maison", p.password, "")
	credentials, _ := known.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "salt", Iters: p.rounds})
	account, _ := generator.NewServer(func(string) (scram.StoredCredentials, error) { return credentials, nil })
	if p.ties == "" {
		return account.NewConversation()
	}
	return account.NewConversationWithChannelBinding(scram.ChannelBinding{Type: scram.ChannelBindingType(p.ties), Data: p.tie(s)})
}

// tie is what the server has of a channel binding, by RFC 9266, RFC 5929 §3 and §4.
func (p porter) tie(s *server) []byte {
	state := s.conn.(*tls.Conn).ConnectionState()
	switch p.ties {
	case "tls-exporter":
		data, _ := state.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
		return data
	case "tls-unique":
		return state.TLSUnique
	}
	sum := sha256.Sum256(p.certificate)
	return sum[:]
}

func (p porter) converse(s *server, talk *scram.ServerConversation, heard string) bool {
	for {
		reply, err := talk.Step(heard)
		word, text := "challenge", reply
		switch {
		case err != nil:
			word, text = "failure", "<not-authorized/>"
		case talk.Done():
			word = "success"
		}
		if p.spoil != nil {
			word, text = p.spoil(word, text)
		}
		if word != "failure" {
			text = base64.StdEncoding.EncodeToString([]byte(text))
		}
		s.say(`<%s xmlns="%s">%s</%s>`, word, nsSASL, text, word)
		answer := s.heardAfter(word)
		if answer == nil {
			return word == "success"
		}
		decoded, _ := base64.StdEncoding.DecodeString(answer.Text)
		heard = string(decoded)
	}
}

// heardAfter reads the client's answer to a challenge.
func (s *server) heardAfter(word string) *Element {
	if word != "challenge" {
		return nil
	}
	return s.next()
}

// onWord changes one word of the server.
func onWord(which string, change func(string) (string, string)) func(string, string) (string, string) {
	return func(word, text string) (string, string) {
		if word == which {
			return change(text)
		}
		return word, text
	}
}

func adding(suffix string) func(string) (string, string) {
	return func(text string) (string, string) { return "challenge", text + suffix }
}

// The login that is chosen, what the server is told of its own list, and what becomes of every answer.
func TestSASL(t *testing.T) {
	t.Parallel()
	everything := []string{"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "X-OAUTH2"}
	listed := func(h func() hash.Hash, mechanisms, bindings []string) string {
		text := strings.Join(slices.Sorted(slices.Values(mechanisms)), "\x1e")
		if bindings != nil {
			text += "\x1f" + strings.Join(slices.Sorted(slices.Values(bindings)), "\x1e")
		}
		sum := h()
		sum.Write([]byte(text))
		return ",h=" + base64.StdEncoding.EncodeToString(sum.Sum(nil))
	}
	tests := []struct {
		name string
		porter
		used string // mechanism and flag
		want error
	}{
		{name: "a list with -PLUS over TLS 1.3 and no word of bindings, as of ejabberd 23.01",
			porter: porter{offers: []string{"PLAIN", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"}}, used: "SCRAM-SHA-1 n"},
		{name: "the same over TLS 1.2", used: "SCRAM-SHA-1-PLUS p=tls-unique",
			porter: porter{offers: []string{"PLAIN", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"}, version: tls.VersionTLS12, ties: "tls-unique"}},
		{name: "bindings announced", used: "SCRAM-SHA-256-PLUS p=tls-exporter",
			porter: porter{offers: everything, announces: []string{"tls-server-end-point", "tls-exporter"}, ties: "tls-exporter"}},
		{name: "bindings announced over TLS 1.2", used: "SCRAM-SHA-256-PLUS p=tls-unique",
			porter: porter{offers: everything, announces: []string{"tls-unique", "tls-exporter"}, ties: "tls-unique", version: tls.VersionTLS12}},
		{name: "the binding of TLS 1.3 over TLS 1.2", used: "SCRAM-SHA-256 n",
			porter: porter{offers: everything, announces: []string{"tls-exporter"}, version: tls.VersionTLS12}},
		{name: "the certificate only", used: "SCRAM-SHA-256-PLUS p=tls-server-end-point",
			porter: porter{offers: everything, announces: []string{"tls-server-end-point"}, ties: "tls-server-end-point"}},
		{name: "a binding nobody knows", used: "SCRAM-SHA-256 n",
			porter: porter{offers: everything, announces: []string{"tls-telepathy"}}},
		{name: "no -PLUS", used: "SCRAM-SHA-512 y",
			porter: porter{offers: []string{"SCRAM-SHA-1", "SCRAM-SHA-512", "SCRAM-SHA-256"}}},
		{name: "a tied login of a weaker hash before a stronger one", used: "SCRAM-SHA-1-PLUS p=tls-exporter",
			porter: porter{offers: []string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-512"}, announces: []string{"tls-exporter"}, ties: "tls-exporter"}},
		{name: "somebody took -PLUS out of the list", used: "SCRAM-SHA-256 y", want: ErrCredentials,
			porter: porter{offers: []string{"SCRAM-SHA-256"}, ties: "tls-exporter"}},
		{name: "somebody passes the login on over another connection", used: "SCRAM-SHA-256-PLUS p=tls-exporter", want: ErrCredentials,
			porter: porter{offers: everything, announces: []string{"tls-exporter"}, ties: "tls-server-end-point"}},
		{name: "nothing but the password itself", porter: porter{offers: []string{"PLAIN", "LOGIN", "EXTERNAL"}}, want: ErrMechanism},
		{name: "nothing", porter: porter{}, want: ErrMechanism},
		{name: "a list that is proved is gone on with, until this server forgets that it did so", used: "SCRAM-SHA-256-PLUS p=tls-exporter",
			porter: porter{offers: everything, announces: []string{"tls-exporter"}, ties: "tls-exporter",
				spoil: onWord("challenge", adding(listed(sha256.New, everything, []string{"tls-exporter"})))}, want: ErrCredentials},
		{name: "the list is another", used: "SCRAM-SHA-1 n", want: ErrImpostor,
			porter: porter{offers: []string{"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"}, spoil: onWord("challenge", adding(listed(sha1.New, everything, nil)))}},
		{name: "too many rounds", used: "SCRAM-SHA-256 y", want: errAny, porter: porter{offers: []string{"SCRAM-SHA-256"},
			spoil: onWord("challenge", func(text string) (string, string) {
				return "challenge", strings.Replace(text, "i=4096", "i=2000000000", 1)
			})}},
		{name: "too few rounds", used: "SCRAM-SHA-256 y", want: errAny, porter: porter{offers: []string{"SCRAM-SHA-256"}, rounds: 100}},
		{name: "wrong password", used: "SCRAM-SHA-256 y", want: ErrCredentials, porter: porter{offers: []string{"SCRAM-SHA-256"}, password: "other"}},
		{name: "not now", used: "SCRAM-SHA-256 y", want: &Failure{Condition: "temporary-auth-failure", Text: "the directory sleeps"},
			porter: porter{offers: []string{"SCRAM-SHA-256"}, spoil: onWord("success", func(string) (string, string) {
				return "failure", "<temporary-auth-failure/><text>the directory sleeps</text>"
			})}},
		{name: "a server that does not know the password", used: "SCRAM-SHA-256 y", want: ErrImpostor,
			porter: porter{offers: []string{"SCRAM-SHA-256"}, spoil: onWord("success", func(string) (string, string) {
				return "success", "v=" + base64.StdEncoding.EncodeToString(make([]byte, 32))
			})}},
		{name: "a server that lets everybody in", used: "SCRAM-SHA-256 y", want: ErrImpostor,
			porter: porter{offers: []string{"SCRAM-SHA-256"}, spoil: onWord("challenge", func(string) (string, string) { return "success", "" })}},
		{name: "a proof that is left out", used: "SCRAM-SHA-256 y", want: ErrImpostor,
			porter: porter{offers: []string{"SCRAM-SHA-256"}, spoil: onWord("success", func(string) (string, string) { return "success", "" })}},
		{name: "the proof in a challenge of its own", used: "SCRAM-SHA-256 y",
			porter: porter{offers: []string{"SCRAM-SHA-256"}, spoil: twice()}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := tt.porter
			p.attempts = make(chan string, 2)
			if p.rounds == 0 {
				p.rounds = 4096
			}
			if p.password == "" {
				p.password = secret
			}
			l, err := New(listen(t, p.play).config()).login(within(t, 60*time.Second))
			if err == nil {
				defer l.conn.Close()
			}
			used := ""
			if len(p.attempts) > 0 {
				used = <-p.attempts
			}
			if diff := cmp.Diff(tt.used, used); diff != "" {
				t.Error(diff)
			}
			checkLogin(t, l, err, tt.want)
		})
	}
}

// errAny stands for any error.
var errAny = errors.New("any")

func checkLogin(t *testing.T, l *wire, err, want error) {
	t.Helper()
	var refused, expected *Failure
	switch {
	case want == nil && err == nil:
		if got := l.terms.stanza(); got != 12345 {
			t.Errorf("the server takes %d bytes", got)
		}
	case want == nil || err == nil:
		t.Errorf("got %v, want %v", err, want)
	case errors.As(want, &expected):
		if diff := cmp.Diff(expected, refused); errors.As(err, &refused) && errors.Is(err, ErrCredentials) {
			t.Errorf("%v; %s", err, diff)
		}
		if diff := cmp.Diff(expected, refused); diff != "" {
			t.Error(diff)
		}
	case want != errAny && !errors.Is(err, want):
		t.Errorf("got %v, want %v", err, want)
	}
}

// twice says the last word of a login first in a challenge (RFC 6120 §6.4.2), then in a success without text.
func twice() func(string, string) (string, string) {
	return func(word, text string) (string, string) {
		if word == "success" {
			return "challenge", text
		}
		if word == "failure" { // the library does not know what to do with a word after its last
			return "success", ""
		}
		return word, text
	}
}

// A session is told how it was begun, and the log when a later one is weaker.
func TestWeakerLoginIsToldOnce(t *testing.T) {
	t.Parallel()
	lines := 0
	cfg := idleConfig()
	cfg.Log = logTo(func() { lines++ })
	c := New(cfg)
	l, s := connect(t, c.router)
	for i, want := range []int{1, 2, 4, 5} { // one line for each session, and one for the step down
		s.wire.terms.mechanism = []string{"SCRAM-SHA-1", "SCRAM-SHA-256-PLUS tls-exporter", "SCRAM-SHA-1", "SCRAM-SHA-1"}[i]
		if c.up(l, s.wire); lines != want {
			t.Errorf("after session %d there are %d lines, want %d", i+1, lines, want)
		}
	}
}

// STARTTLS that is not offered, refused, or answered with something else: nothing but the wish for it is said in the
// clear.
func TestNeverInTheClear(t *testing.T) {
	t.Parallel()
	const passwords = "<mechanisms xmlns='" + nsSASL + "'><mechanism>PLAIN</mechanism></mechanisms>"
	for _, tt := range []struct{ name, feature, answer string }{
		{"refused", `<starttls xmlns="` + nsTLS + `"/>`, `<failure xmlns="` + nsTLS + `"/>`},
		{"answered by somebody who wants a password", passwords, `<success xmlns="` + nsSASL + `"/>`},
		{"unknown to the server", passwords, `<stream:error><unsupported-stanza-type xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>`},
		{"not answered", passwords, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			said := make(chan string, 8)
			h := listen(t, func(_ *host, s *server) bool {
				s.open(tt.feature)
				for e := s.next(); e != nil; e = s.next() {
					said <- e.Name.Local
					s.say("%s</stream:stream>", tt.answer)
					_ = s.conn.Close()
				}
				close(said)
				return false
			})
			err := Reach(within(t, 60*time.Second), h.config())
			if !errors.Is(err, ErrPlain) || StageOf(err) != StageTLS {
				t.Errorf("got %v at %q", err, StageOf(err))
			}
			var all []string
			for word := range said {
				all = append(all, word)
			}
			if diff := cmp.Diff([]string{"starttls"}, all); diff != "" {
				t.Error(diff)
			}
		})
	}
}
