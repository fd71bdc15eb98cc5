package quoalise

import (
	"context"
	"errors"
	"slices"
	"time"

	"releve/federation/xmpp"
)

// featureTimeout bounds the question whether a subscriber's client acknowledges.
const featureTimeout = 30 * time.Second

func (p *Provider) subscribe(ctx context.Context, s xmpp.Step) (xmpp.Outcome, error) {
	if s.Form == nil {
		return form("Subscribe", "An identifier without its part after the underscore means all series of the device. "+
			"The other fields ask for less than every reading; get_history has the rest.",
			append([]xmpp.Field{identifierField()}, thinningFields()...)...), nil
	}
	id, err := p.identifier(s)
	if err != nil {
		return xmpp.Outcome{}, err
	}
	if _, wanted := splitRollUp(id); wanted != (rollUp{}) {
		return xmpp.Outcome{}, xmpp.BadRequest("roll-ups are not sent; ask for them with get_history")
	}
	thinning, err := parseThinning(id, s.Form)
	if err != nil {
		return xmpp.Outcome{}, err
	}
	bare := s.From.Bare().String()
	granted := p.Consent.Granted(bare, p.Archive.Series())
	if !slices.ContainsFunc(granted, func(name string) bool { return names(id, name) }) {
		return xmpp.Outcome{}, errNoSeries()
	}
	if err := p.Subscriptions.add(bare, id, thinning, p.acknowledges(ctx, s.From)); err != nil {
		return xmpp.Outcome{}, err
	}
	p.Log.Info("subscribed", "recipient", bare)
	return done("Subscribe", "Subscribe to "+id), nil
}

// acknowledges asks a client whether it sends receipts (XEP-0184 §5.1). The client of the federation's reference
// does not: to such a one a message counts as delivered when it does not bounce, and get_history repairs. Silence is
// no answer: behind a long stanza the question may wait longer than we do, and what was known before still holds.
func (p *Provider) acknowledges(ctx context.Context, client xmpp.JID) bool {
	ctx, cancel := context.WithTimeout(ctx, featureTimeout)
	defer cancel()
	features, err := p.Session.Features(ctx, client)
	var refusal *xmpp.StanzaError
	if err != nil && !errors.As(err, &refusal) {
		return p.Subscriptions.receipts(client.Bare().String())
	}
	return slices.Contains(features, xmpp.NSReceipts)
}

func (p *Provider) unsubscribe(_ context.Context, s xmpp.Step) (xmpp.Outcome, error) {
	if s.Form == nil {
		return form("Unsubscribe", "All subscriptions that begin with the identifier end.", identifierField()), nil
	}
	id := s.Form.Value("identifier")
	if err := checkIdentifier(id); err != nil { // no consent is needed to want nothing more
		return xmpp.Outcome{}, err
	}
	if err := p.Subscriptions.remove(s.From.Bare().String(), id); err != nil {
		return xmpp.Outcome{}, err
	}
	return done("Unsubscribe", "Unsubscribe from "+id), nil
}
