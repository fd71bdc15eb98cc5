package pubsub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"releve/federation"
	"releve/federation/xmpp"
)

const (
	answerTime    = 30 * time.Second
	maxComponents = 20 // of our server that are asked what they are

	nsDiscoInfo  = "http://jabber.org/protocol/disco#info"
	nsDiscoItems = "http://jabber.org/protocol/disco#items"
)

// errNoNode says that a node does not exist anywhere.
var errNoNode = errors.New("there is no such node")

// errNoService says that our server has none.
var errNoService = fmt.Errorf("%w: our server has no publish-subscribe service (XEP-0060), neither for all nor for each account", federation.ErrStopped)

// find returns a node where it is, or makes it at the first service that lets us.
func (r *Recipient) find(ctx context.Context, name string, create bool) (node, error) {
	places, err := r.places(ctx)
	if err != nil {
		return node{}, err
	}
	for _, place := range places {
		n := node{r.Session, place, name}
		_, err := n.settings(ctx)
		switch {
		case err == nil:
			r.services = []xmpp.JID{place}
			return n, nil
		case !isRefusal(err):
			return n, fmt.Errorf("look for node %s: %w", name, err)
		}
	}
	if !create {
		return node{}, errNoNode
	}
	return r.create(ctx, places, name)
}

func (r *Recipient) create(ctx context.Context, places []xmpp.JID, name string) (node, error) {
	var last error
	for _, place := range places {
		n := node{r.Session, place, name}
		last = n.create(ctx)
		switch {
		case last == nil:
			r.services = []xmpp.JID{place}
			r.Log.Info("node made", "recipient", r.Name, "service", place.String(), "node", name)
			return n, nil
		case !isRefusal(last):
			return n, fmt.Errorf("make node %s: %w", name, last)
		}
	}
	return node{}, fmt.Errorf("%w: no publish-subscribe service of %s lets this account make a node: %w", federation.ErrStopped, r.Account.Domain(), last)
}

// places returns the services where nodes may be: the one of the configuration, or those found since the login.
func (r *Recipient) places(ctx context.Context) (places []xmpp.JID, err error) {
	switch {
	case !r.Service.Equal(xmpp.JID{}):
		return []xmpp.JID{r.Service}, nil
	case len(r.services) > 0:
		return r.services, nil
	}
	r.services, err = r.discover(ctx)
	return r.services, err
}

// discover asks which components of our server are a service, and whether our own account is one (XEP-0163).
func (r *Recipient) discover(ctx context.Context) ([]xmpp.JID, error) {
	listed, err := r.query(ctx, r.Account.Domain(), nsDiscoItems)
	if err != nil {
		return nil, fmt.Errorf("look for a publish-subscribe service: %w", err)
	}
	var candidates []xmpp.JID
	for _, one := range childrenOf(listed, "item") {
		if j, err := xmpp.ParseJID(one.Attr("jid")); err == nil && len(candidates) < maxComponents {
			candidates = append(candidates, j)
		}
	}
	var places []xmpp.JID
	for _, candidate := range append(candidates, r.Account) {
		info, err := r.query(ctx, candidate, nsDiscoInfo)
		switch {
		case isRefusal(err):
		case err != nil:
			return nil, fmt.Errorf("look for a publish-subscribe service: %w", err)
		case isService(info):
			places = append(places, candidate)
		}
	}
	if len(places) == 0 {
		return nil, errNoService
	}
	return places, nil
}

// isService tells a service for all, or that of an account, by its identity (XEP-0060 §10, XEP-0163 §6).
func isService(info *xmpp.Element) bool {
	for _, identity := range childrenOf(info, "identity") {
		if kind := identity.Attr("type"); identity.Attr("category") == "pubsub" && (kind == "service" || kind == "pep") {
			return true
		}
	}
	return false
}

func (r *Recipient) query(ctx context.Context, to xmpp.JID, about string) (*xmpp.Element, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return r.Session.Query(ctx, "get", to, xmpp.NewElement(about, "query"))
}

// isRefusal says that the other side has answered, with an error that time alone does not cure.
func isRefusal(err error) bool {
	var told *xmpp.StanzaError
	return errors.As(err, &told) && (!told.Temporary() || told.Condition == "service-unavailable")
}

// errTooLarge says that fewer records may be taken.
var errTooLarge = errors.New("too large for the service")

// verdict says what the answer to a publication means for its records: nothing that a service says loses any, but that
// a single one is too large.
func (n node) verdict(err error) error {
	var told *xmpp.StanzaError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, xmpp.ErrTooBig), errors.Is(err, xmpp.ErrNoRoom):
		return fmt.Errorf("%w: %w", errTooLarge, err)
	case !errors.As(err, &told):
		return fmt.Errorf("publish on node %s: %w", n.name, err)
	case told.TooLarge():
		return fmt.Errorf("%w: %w", errTooLarge, err)
	case told.Temporary(), told.Condition == "item-not-found", told.Condition == "conflict", told.Condition == "precondition-not-met":
		return fmt.Errorf("publish on node %s: %w", n.name, err) // it is looked at again
	}
	return fmt.Errorf("%w: publish on node %s: %w", federation.ErrStopped, n.name, err)
}
