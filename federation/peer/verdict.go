package peer

import (
	"context"
	"errors"
	"fmt"

	"releve/federation"
	"releve/federation/xmpp"
)

// errTooLarge says that fewer records may be taken.
var errTooLarge = errors.New("too large")

// verdict says what an error of a request means for its records. What is not known for certain to be about them loses
// none: it waits.
//
//	too large   policy-violation and its like (StanzaError.TooLarge)   fewer records at once
//	refused     bad-request                                            let go, and counted
//	waits       of type wait, nobody there, a server away              sent again
//	stopped     forbidden and all else                                 kept until somebody mends it
//
// Among the latter is not-acceptable, which is also what our own server says of an address that our account has blocked
// (XEP-0191 §3.3).
func (r *Recipient) verdict(err error) error {
	var told *xmpp.StanzaError
	switch {
	case errors.Is(err, xmpp.ErrTooBig), errors.Is(err, xmpp.ErrNoRoom):
		return fmt.Errorf("%w: %w", errTooLarge, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w from %s: %w", federation.ErrSilent, r.jid, err)
	case !errors.As(err, &told):
		return fmt.Errorf("hand a pack to %s: %w", r.jid, err)
	}
	if told.TooLarge() {
		return fmt.Errorf("%w for %s: %w", errTooLarge, r.jid, err)
	}
	switch told.Condition {
	case "bad-request":
		return fmt.Errorf("%w by %s: %w", federation.ErrRefused, r.jid, err)
	case "item-not-found": // what some servers say of a client that is away
		return fmt.Errorf("%s is not there: %w", r.jid, err)
	}
	if told.Temporary() {
		return fmt.Errorf("%s takes nothing now: %w", r.jid, err)
	}
	return fmt.Errorf("%w: %s says %w", federation.ErrStopped, r.jid, err)
}

// tooLarge is the end of a record that travels alone: what does not fit into a stanza never will; what another server
// finds too large may fit after a change there.
func (r *Recipient) tooLarge(err error) error {
	if errors.Is(err, xmpp.ErrTooBig) {
		return fmt.Errorf("%w: %w", federation.ErrRefused, err)
	}
	return fmt.Errorf("%w: %w", federation.ErrStopped, err)
}
