package notice

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"releve/federation/xmpp"
)

// Counter is where stanzas arrive. *xmpp.Client is one.
type Counter interface {
	Handle(typ, space, local string, h xmpp.IQHandler)
	HandleMessage(space, local string, h xmpp.MessageHandler)
	Announce(features ...string)
}

var _ Counter = (*xmpp.Client)(nil)

// Hearer takes notices of the providers that the configuration names, and of nobody else.
type Hearer struct {
	From []xmpp.JID // bare; one without a localpart is everybody of its domain
	// Take and Erase make it known and keep it; the provider learns only after that that we know.
	Take  func(from xmpp.JID, r Revocation) error
	Erase func(from xmpp.JID, e Erasure) error
	Log   *slog.Logger
}

// Register prepares the session. Call it before the session starts.
func (h *Hearer) Register(c Counter) {
	c.Announce(NS)
	register(h, c, "revoke", Parse, h.Take)
	register(h, c, "erase", ParseErasure, h.Erase)
}

// register takes one kind of notice, by IQ and by message.
func register[W Word](h *Hearer, c Counter, local string, parse func(*xmpp.Element) (W, error), take func(xmpp.JID, W) error) {
	hear := func(from xmpp.JID, x *xmpp.Element) error {
		if !xmpp.Among(h.From, from) {
			return &xmpp.StanzaError{Type: "auth", Condition: "forbidden", Text: "no source names " + from.String()}
		}
		w, err := parse(x)
		if err != nil {
			return xmpp.BadRequest(err.Error())
		}
		if err := take(from, w); err != nil {
			h.Log.Warn("notice not kept", "source", from.String(), "error", fmt.Errorf("note %s: %w", w.about(), err))
			return xmpp.Internal(fmt.Sprintf("%s could not be noted; tell it again later", w.about()))
		}
		return nil
	}
	c.Handle("set", NS, local, func(_ context.Context, q xmpp.IQ) (*xmpp.Element, error) {
		var w W
		if err := hear(q.From.Bare(), q.Payload); err != nil {
			return nil, err
		}
		return xmpp.NewElement(NS, w.answer()), nil
	})
	c.HandleMessage(NS, local, func(_ context.Context, m xmpp.Message) error {
		i := slices.IndexFunc(m.Children, func(x *xmpp.Element) bool { return x.Name.Space == NS && x.Name.Local == local })
		return hear(m.From.Bare(), m.Children[i]) // the session has found it
	})
}
