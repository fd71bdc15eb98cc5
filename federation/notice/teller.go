package notice

import (
	"context"
	"errors"
	"time"

	"releve/federation/xmpp"
)

// Session is what telling needs of an XMPP session. *xmpp.Client is one.
type Session interface {
	Query(ctx context.Context, typ string, to xmpp.JID, payload *xmpp.Element) (*xmpp.Element, error)
	Post(ctx context.Context, to xmpp.JID, payload *xmpp.Element, receipt bool) (*xmpp.Receipt, error)
}

var _ Session = (*xmpp.Client)(nil)

// patience is how long an answer may take, or a receipt.
const patience = time.Minute

// Tell says to an address that a consent was withdrawn: by an IQ to a full one, which a program answers that knows what
// it is told, and by a message to a bare one, or when there is no such program. A message is acknowledged by a receipt
// (XEP-0184), which not every client sends. acked is true once the address has said that it knows; otherwise, without an
// error, it was sent the notice, and no more is known.
func Tell(ctx context.Context, s Session, to xmpp.JID, r Revocation) (acked bool, err error) {
	if to.Resourcepart() != "" {
		acked, err = ask(ctx, s, to, r)
		var refusal *xmpp.StanzaError
		if acked || err != nil && (!errors.As(err, &refusal) || refusal.Temporary()) { // nobody is there, perhaps
			return acked, err
		}
	}
	return post(ctx, s, to.Bare(), r)
}

func ask(ctx context.Context, s Session, to xmpp.JID, r Revocation) (acked bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := s.Query(ctx, "set", to, r.Element())
	if err != nil {
		return false, wrapped(to, err)
	}
	return isAcknowledged(answer), nil
}

func post(ctx context.Context, s Session, to xmpp.JID, r Revocation) (acked bool, err error) {
	receipt, err := s.Post(ctx, to, r.Element(), true)
	if err != nil {
		return false, wrapped(to, err)
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch err := receipt.Wait(waiting); {
	case err == nil:
		return true, nil
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return false, nil
	default:
		return false, wrapped(to, err)
	}
}
