package peer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"releve/federation"
	"releve/federation/xmpp"
	"releve/senml"
)

// Counter is where requests arrive. *xmpp.Client is one.
type Counter interface {
	Handle(typ, space, local string, h xmpp.IQHandler)
	Announce(features ...string)
}

var _ Counter = (*xmpp.Client)(nil)

// Receiver takes packs from senders that the configuration names, and from nobody else.
type Receiver struct {
	From []xmpp.JID // bare; one without a localpart is everybody of its domain
	// Take stores a pack of one of them, a bare address, and returns nil once it is durable. What will never be taken is
	// an ErrRefused, told to the sender in its words; of any other error the sender learns only that it is to come again.
	Take func(ctx context.Context, from xmpp.JID, p senml.Pack) error
	Log  *slog.Logger

	mu    sync.Mutex // guards everything below
	busy  map[string]bool
	stats ReceiverStats
}

// ReceiverStats is what came since the start.
type ReceiverStats struct {
	Records   uint64 // stored
	Refused   uint64 // packs that could not be read or will never be taken
	Forbidden uint64 // requests of others
}

// Register prepares the session. Call it before the session starts.
func (r *Receiver) Register(c Counter) {
	c.Announce(NS, NSCBOR)
	c.Handle("set", NS, "pack", r.handle)
}

// Stats returns what came so far.
func (r *Receiver) Stats() ReceiverStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

func (r *Receiver) handle(ctx context.Context, q xmpp.IQ) (*xmpp.Element, error) {
	from := q.From.Bare()
	if !xmpp.Among(r.From, from) {
		r.count(func(s *ReceiverStats) { s.Forbidden++ })
		return nil, &xmpp.StanzaError{Type: "auth", Condition: "forbidden", Text: "no source names " + from.String()}
	}
	if !r.begin(from) {
		return nil, &xmpp.StanzaError{Type: "wait", Condition: "resource-constraint", Text: "one pack at a time; the one before is being stored"}
	}
	defer r.end(from)
	records, err := Parse(q.Payload)
	if err != nil {
		return nil, r.refuse(from, err)
	}
	switch err := r.Take(ctx, from, records); {
	case errors.Is(err, federation.ErrRefused):
		return nil, r.refuse(from, err)
	case err != nil:
		r.Log.Warn("pack not stored", "source", from.String(), "error", err)
		return nil, xmpp.Internal("the pack could not be stored; send it again later")
	}
	r.count(func(s *ReceiverStats) { s.Records += uint64(len(records)) })
	return xmpp.NewElement(NS, "stored"), nil
}

// refuse counts and logs a pack that will never be taken, and says why to its sender, who lets it go.
func (r *Receiver) refuse(from xmpp.JID, err error) error {
	r.count(func(s *ReceiverStats) { s.Refused++ })
	r.Log.Warn("pack refused", "source", from.String(), "error", err)
	return xmpp.BadRequest(fmt.Sprint(err))
}

func (r *Receiver) count(add func(*ReceiverStats)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	add(&r.stats)
}

// begin makes one sender's packs wait for each other: what it holds here at once is bounded, and its order kept.
func (r *Receiver) begin(from xmpp.JID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy == nil {
		r.busy = map[string]bool{}
	}
	if r.busy[from.String()] {
		return false
	}
	r.busy[from.String()] = true
	return true
}

func (r *Receiver) end(from xmpp.JID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, from.String())
}
