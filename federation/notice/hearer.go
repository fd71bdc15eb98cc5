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
	// Take makes it known and keeps it; the provider learns only after that that we know.
	Take func(from xmpp.JID, r Revocation) error
	Log  *slog.Logger
}

// Register prepares the session. Call it before the session starts.
func (h *Hearer) Register(c Counter) {
	c.Announce(NS)
	c.Handle("set", NS, "revoke", func(_ context.Context, q xmpp.IQ) (*xmpp.Element, error) {
		if err := h.hear(q.From.Bare(), q.Payload); err != nil {
			return nil, err
		}
		return revoked(), nil
	})
	c.HandleMessage(NS, "revoke", func(_ context.Context, m xmpp.Message) error {
		i := slices.IndexFunc(m.Children, func(x *xmpp.Element) bool { return x.Name.Space == NS && x.Name.Local == "revoke" })
		return h.hear(m.From.Bare(), m.Children[i]) // the session has found it
	})
}

func (h *Hearer) hear(from xmpp.JID, x *xmpp.Element) error {
	if !xmpp.Among(h.From, from) {
		return &xmpp.StanzaError{Type: "auth", Condition: "forbidden", Text: "no source names " + from.String()}
	}
	r, err := Parse(x)
	if err != nil {
		return xmpp.BadRequest(err.Error())
	}
	if err := h.Take(from, r); err != nil {
		h.Log.Warn("withdrawal not kept", "source", from.String(), "error", fmt.Errorf("note a withdrawal: %w", err))
		return xmpp.Internal("the withdrawal could not be noted; tell it again later")
	}
	return nil
}
