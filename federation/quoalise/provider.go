// Package quoalise speaks the Quoalise protocol on an XMPP session: it answers get_history, subscribe and unsubscribe,
// pushes data to subscribers, and on the other side subscribes and listens.
//
// In: commands of peers, packs for subscribers. Out: SenML inside <quoalise xmlns="urn:quoalise:0"/>. It asks the
// consent book before it says anything about a series, and knows nothing of meters or storage.
package quoalise

import (
	"context"
	"log/slog"
	"time"

	"releve/federation/xmpp"
	"releve/senml"
)

// NS is the namespace of everything that is Quoalise's own.
const NS = "urn:quoalise:0"

// NodeSeries is the disco#items node under which a provider lists the series that the asker may see.
const NodeSeries = "series"

// Archive is what is kept, under local names. Peers learn of an error only what an *UpstreamError in it says.
type Archive interface {
	// Series returns the names of all series.
	Series() []string
	// History returns at most limit records with from ≤ time < to, oldest first, and whether there are more.
	History(ctx context.Context, local string, from, to time.Time, limit int) (p senml.Pack, more bool, err error)
	// Periods returns at most limit periods that are over, with from ≤ begin < to, oldest first, and whether there are more.
	Periods(ctx context.Context, local string, r Resolution, from, to time.Time, limit int) (p []Period, more bool, err error)
}

// Consent says what a recipient, a bare address, may see, and under which names.
type Consent interface {
	Knows(recipient string) bool
	Local(recipient, name string, all []string) string
	Granted(recipient string, all []string) []string
	// Finest says how finely it may see a local series: "live", or the length of periods in ISO 8601.
	Finest(recipient, local string) string
	// Terms are names and values of what it agreed to, which travel along.
	Terms(recipient, local string) []string
	// Answered notes what it is about to be given because it asked. With an error it may not.
	Answered(recipient, local string, p senml.Pack) error
}

// live is the resolution of readings.
const live = "live"

// Session is what a provider needs of an XMPP session. *xmpp.Client is one.
type Session interface {
	Offer(list ...xmpp.Command)
	HandleItems(node string, items xmpp.Items)
	Announce(features ...string)
	Features(ctx context.Context, of xmpp.JID) ([]string, error)
	Poster
}

// Poster sends messages.
type Poster interface {
	Post(ctx context.Context, to xmpp.JID, payload *xmpp.Element, receipt bool) (*xmpp.Receipt, error)
}

// Provider answers Quoalise commands.
type Provider struct {
	Session       Session
	Archive       Archive
	Consent       Consent
	Subscriptions *Subscriptions
	Describe      func(path string) Measurement
	Log           *slog.Logger
}

var _ Session = (*xmpp.Client)(nil)

// Offer registers the commands. Call it before the session starts.
func (p *Provider) Offer() {
	p.Session.Announce(NS)
	p.Session.HandleItems(NodeSeries, p.items)
	p.Session.Offer(
		xmpp.Command{Node: "get_history", Name: "Get history", For: p.knows, Run: p.history},
		xmpp.Command{Node: "subscribe", Name: "Subscribe", For: p.knows, Run: p.subscribe},
		xmpp.Command{Node: "unsubscribe", Name: "Unsubscribe", For: p.knows, Run: p.unsubscribe},
	)
}

// knows tells who the commands are listed to. Others that know their names are told what is missing.
func (p *Provider) knows(from xmpp.JID) bool { return p.Consent.Knows(from.Bare().String()) }

// items lists what the asker may see: nobody learns of a series without a consent.
func (p *Provider) items(from xmpp.JID) []xmpp.Item {
	var items []xmpp.Item
	for _, name := range p.Consent.Granted(from.Bare().String(), p.Archive.Series()) {
		_, path := splitIdentifier(name)
		items = append(items, xmpp.Item{Node: name, Name: p.Describe(path).Title})
	}
	return items
}

// identifier reads and checks the identifier field of a form, and that the caller has any consent at all.
func (p *Provider) identifier(s xmpp.Step) (string, error) {
	if !p.knows(s.From) {
		return "", xmpp.NotAuthorized("no consent in force names " + s.From.Bare().String())
	}
	id := s.Form.Value("identifier")
	return id, checkIdentifier(id)
}

// form is the form for people: programs send it filled in at once.
func form(title, instructions string, fields ...xmpp.Field) xmpp.Outcome {
	return xmpp.Outcome{Form: &xmpp.Form{Type: "form", Title: title, Instructions: instructions, Fields: fields}}
}

// done is the end of a command, with a form for people beside the payload for programs.
func done(title, label string, payload ...*xmpp.Element) xmpp.Outcome {
	return xmpp.Outcome{
		Done: true,
		Form: &xmpp.Form{Type: "result", Title: title, Fields: []xmpp.Field{
			{Var: "result", Type: "fixed", Label: label, Values: []string{"Success"}},
		}},
		Payload: payload,
	}
}

// errNoSeries does not tell a series that is not granted from one that does not exist.
func errNoSeries() error {
	return xmpp.NotAuthorized("no consent covers this series, or it does not exist")
}

func identifierField() xmpp.Field {
	return xmpp.Field{Var: "identifier", Type: "text-single", Label: "Identifier", Required: true}
}
