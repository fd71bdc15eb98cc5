package peer

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"

	"mellium.im/xmpp/jid"

	"releve/federation/xmpp"
	"releve/senml"
)

var (
	maison  = jid.MustParse("maison@breizh-sen1.example/releve")
	serveur = jid.MustParse("serveur@breizh-sen2.example/releve")
	voisin  = jid.MustParse("voisin@breizh-sen2.example/desk")
	quiet   = slog.New(slog.NewTextHandler(io.Discard, nil))
)

const device = "urn:dev:org:60060-1f2e3d4c5b6a7988" // invented

func record(path string, v, at float64) senml.Record {
	unit := "A"
	if path == "voltage/1" {
		unit = "V"
	}
	return senml.Record{Name: device + "_" + path, Unit: unit, Value: senml.NumberValue(v), Time: at}
}

// records is n of one series, a second apart.
func records(n int) senml.Pack {
	var p senml.Pack
	for i := range n {
		p = append(p, record("current/1", float64(i), 1_700_000_000+float64(i)))
	}
	return p
}

// session is one whose consumer says what it is told to, request after request.
type session struct {
	features []string
	unknown  error // of the question for features
	answers  []func(payload *xmpp.Element) (*xmpp.Element, error)

	mu    sync.Mutex // guards everything below
	asked int
	came  []senml.Pack
}

func (s *session) Features(context.Context, xmpp.JID) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.features, s.unknown
}

func (s *session) Deliver(_ context.Context, to xmpp.JID, payload *xmpp.Element) (*xmpp.Element, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !to.Equal(serveur) {
		return nil, errors.New("to somebody else")
	}
	sent, err := sent(payload)
	if err != nil {
		return nil, err
	}
	s.came = append(s.came, sent)
	answer := stored
	if n := len(s.came) - 1; n < len(s.answers) {
		answer = s.answers[n]
	}
	return answer(payload)
}

// sent reads a payload as it comes out of the wire.
func sent(payload *xmpp.Element) (senml.Pack, error) {
	text, err := payload.Bytes()
	if err != nil {
		return nil, err
	}
	x, err := xmpp.ParseElement(text)
	if err != nil {
		return nil, err
	}
	return Parse(x)
}

func stored(*xmpp.Element) (*xmpp.Element, error) { return xmpp.NewElement(NS, "stored"), nil }

func says(typ, condition string) func(*xmpp.Element) (*xmpp.Element, error) {
	return func(*xmpp.Element) (*xmpp.Element, error) {
		return nil, &xmpp.StanzaError{Type: typ, Condition: condition}
	}
}

func fails(err error) func(*xmpp.Element) (*xmpp.Element, error) {
	return func(*xmpp.Element) (*xmpp.Element, error) { return nil, err }
}

// counter hands requests to the handler that was registered, as the session does.
type counter struct {
	features []string
	handler  xmpp.IQHandler
}

func (c *counter) Announce(features ...string) { c.features = append(c.features, features...) }

func (c *counter) Handle(typ, space, local string, h xmpp.IQHandler) {
	if typ == "set" && space == NS && local == "pack" {
		c.handler = h
	}
}
