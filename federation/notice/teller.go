package notice

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"releve/federation/xmpp"
)

// Session is what telling needs of an XMPP session. *xmpp.Client is one.
type Session interface {
	Query(ctx context.Context, typ string, to xmpp.JID, payload *xmpp.Element) (*xmpp.Element, error)
	Notify(ctx context.Context, to xmpp.JID, text string, payload *xmpp.Element) (*xmpp.Receipt, error)
}

var _ Session = (*xmpp.Client)(nil)

// patience is how long an answer may take, or a receipt.
const patience = time.Minute

// Word is what is told: a Revocation or an Erasure.
type Word interface {
	Element() *xmpp.Element
	text() string   // in both languages, for who reads messages
	answer() string // local name of what who understood says
	about() string
}

// isAcknowledged says whether an answer is one of who understood: there are programs that say yes to everything.
func isAcknowledged(answer *xmpp.Element, w Word) bool {
	return answer != nil && answer.Name.Space == NS && answer.Name.Local == w.answer()
}

func wrapped(to xmpp.JID, w Word, err error) error {
	return fmt.Errorf("tell %s of %s: %w", to, w.about(), err)
}

// Tell says to an address what has happened: by an IQ to a full one, which a program answers that knows what
// it is told, and by a message to a bare one, or when there is no such program. "service-unavailable" is said both by the
// server of a program that is away and by one that knows nothing of this (RFC 6120 §8.3.3.19): the message then waits for
// the first, before any data, and is all that can be done about the second. A message is acknowledged by a receipt
// (XEP-0184), which not every client sends. acked is true once the address has said that it knows; otherwise, without an
// error, it was sent the notice, and no more is known.
func Tell(ctx context.Context, s Session, to xmpp.JID, w Word) (acked bool, err error) {
	if to.Resourcepart() != "" {
		acked, err = ask(ctx, s, to, w)
		var refusal *xmpp.StanzaError
		unheard := errors.As(err, &refusal) && (!refusal.Temporary() || refusal.Condition == "service-unavailable")
		if acked || err != nil && !unheard {
			return acked, err
		}
	}
	return post(ctx, s, to.Bare(), w)
}

// CameBack returns the word of the server or the account that the notice came back with; nil when it may yet be told. What
// a server cannot be reached for, or only now, is no such word.
func CameBack(err error) *xmpp.StanzaError {
	var bounce *xmpp.StanzaError
	if !errors.As(err, &bounce) || strings.HasPrefix(bounce.Condition, "remote-server-") || bounce.Type == "wait" {
		return nil
	}
	return bounce
}

func ask(ctx context.Context, s Session, to xmpp.JID, w Word) (acked bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := s.Query(ctx, "set", to, w.Element())
	if err != nil {
		return false, wrapped(to, w, err)
	}
	return isAcknowledged(answer, w), nil
}

func post(ctx context.Context, s Session, to xmpp.JID, w Word) (acked bool, err error) {
	receipt, err := s.Notify(ctx, to, w.text(), w.Element())
	if err != nil {
		return false, wrapped(to, w, err)
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch err := receipt.Wait(waiting); {
	case err == nil:
		return true, nil
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return taken(ctx, receipt, to, w)
	default:
		return false, wrapped(to, w, err)
	}
}

// taken makes sure that at least our server has the message: a link that died without a word takes everything.
func taken(ctx context.Context, receipt *xmpp.Receipt, to xmpp.JID, w Word) (acked bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := receipt.Confirm(ctx); err != nil {
		return false, wrapped(to, w, err)
	}
	return false, nil
}
