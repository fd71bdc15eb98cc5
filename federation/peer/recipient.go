package peer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"releve/federation"
	"releve/federation/xmpp"
	"releve/senml"
)

const (
	recordsPerRequest = 1_500            // about 45 kB of XML: 18 s of a stock shaper
	featureTimeout    = 30 * time.Second // for the question what the consumer takes
	limitFor          = time.Hour        // until as many records as ever are tried again
)

// Session is what a recipient needs of an XMPP session. *xmpp.Client is one.
type Session interface {
	Features(ctx context.Context, of xmpp.JID) ([]string, error)
	Deliver(ctx context.Context, to xmpp.JID, payload *xmpp.Element) (*xmpp.Element, error)
}

var _ Session = (*xmpp.Client)(nil)

// Recipient hands packs to one consumer, one request at a time and in order. Use New.
type Recipient struct {
	// Terms are what was agreed to about what is sent under a name, which travels along; may be nil. Set it before use.
	Terms func(name string) []string

	session Session
	jid     xmpp.JID // full: to a bare one the consumer's server would answer itself

	// Only Send, which is never called twice at once, uses what follows.
	format senml.Format               // what the consumer takes; 0 when it has to be asked
	limit  int                        // records; less than recordsPerRequest once more was too large
	until  time.Time                  // when limit is forgotten
	done   map[[sha256.Size]byte]bool // what it acknowledged of a Send that did not come to its end
}

var _ federation.Gradual = (*Recipient)(nil)

// New returns the recipient at a full address.
func New(session Session, jid xmpp.JID) *Recipient {
	return &Recipient{session: session, jid: jid, limit: recordsPerRequest, done: map[[sha256.Size]byte]bool{}}
}

// String is the consumer's address.
func (r *Recipient) String() string { return r.jid.String() }

// Send returns nil when the consumer has said of all of p that it is stored. What will never be taken holds up nothing
// that comes after it.
func (r *Recipient) Send(ctx context.Context, p senml.Pack) error {
	return r.SendWhile(ctx, p, func() error { return nil })
}

// SendWhile is Send while all of p is granted, which is asked before each request, and when it is written.
func (r *Recipient) SendWhile(ctx context.Context, p senml.Pack, granted func() error) error {
	ctx = xmpp.While(ctx, granted)
	if err := r.ask(ctx); err != nil {
		return err
	}
	var refused error
	if !time.Now().Before(r.until) {
		r.limit = recordsPerRequest
	}
	fits := r.limit
	for rest := p; len(rest) > 0; {
		n, err := r.hand(ctx, rest, granted)
		if errors.Is(err, errTooLarge) { // one record alone, which says nothing of how many others fit
			r.limit = fits
		}
		switch {
		case errors.Is(err, federation.ErrRefused):
			refused = err
		case err != nil:
			r.format = 0 // another program may be there when it is back
			return err
		}
		rest = rest[n:]
	}
	clear(r.done)
	return refused
}

// ask learns from the consumer which formats it takes (XEP-0030).
func (r *Recipient) ask(ctx context.Context) error {
	if r.format != 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, featureTimeout)
	defer cancel()
	features, err := r.session.Features(ctx, r.jid)
	switch {
	case err != nil: // whatever it is, it says nothing of records
		return fmt.Errorf("ask %s what it takes: %w", r.jid, err)
	case slices.Contains(features, NSCBOR):
		r.format = senml.CBOR
	case slices.Contains(features, NS):
		r.format = senml.XML
	default:
		return fmt.Errorf("%w: %s does not announce %s: it takes no packs", federation.ErrStopped, r.jid, NS)
	}
	return nil
}

// hand sends as many of the first records as fit into one request, and says how many that were. Of an error other than
// a refusal nothing counts as sent.
func (r *Recipient) hand(ctx context.Context, p senml.Pack, granted func() error) (n int, err error) {
	n = min(len(p), r.limit)
	for {
		if err = granted(); err == nil {
			err = r.request(ctx, p[:n])
		}
		if !errors.Is(err, errTooLarge) {
			return n, err
		}
		if n == 1 {
			return n, r.tooLarge(err)
		}
		n /= 2
		r.limit, r.until = min(r.limit, n), time.Now().Add(limitFor)
	}
}

// request sends records and waits for the word that they are stored.
func (r *Recipient) request(ctx context.Context, p senml.Pack) error {
	element, err := Element(p, r.format)
	if err != nil {
		return fmt.Errorf("%w: %w", federation.ErrRefused, err)
	}
	text, err := Agree(element, p, r.Terms).Bytes()
	if err != nil {
		return fmt.Errorf("%w: %w", federation.ErrRefused, err)
	}
	sum := sha256.Sum256(text)
	if r.done[sum] {
		return nil
	}
	answer, err := r.session.Deliver(ctx, r.jid, element)
	switch {
	case err != nil:
		return r.verdict(err)
	case answer == nil || answer.Name.Space != NS || answer.Name.Local != "stored":
		// A program that says yes to everything has stored nothing.
		return fmt.Errorf("%w: %s answers without <stored/>: it takes no packs", federation.ErrStopped, r.jid)
	}
	r.done[sum] = true
	return nil
}
