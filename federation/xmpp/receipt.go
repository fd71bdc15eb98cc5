package xmpp

import (
	"context"
	"sync"
)

// NSReceipts is the feature a client announces that acknowledges messages (XEP-0184).
const NSReceipts = "urn:xmpp:receipts"

// nsHints is XEP-0334. A message that its sender repeats until it is acknowledged must not pile up in the recipient's
// offline store: copies of it would come back as bounces and, later, all at once.
const nsHints = "urn:xmpp:hints"

// Receipt is the wait for the word of a recipient's client that it has a message (XEP-0184), or for its bounce.
type Receipt struct {
	Size int   // of the message, in bytes
	Room *Room // of its recipient: whoever waits for several tells it what came of them all; may be nil

	settled chan error
	forget  func()
	confirm func(ctx context.Context) error // nil when there is nothing to ask
}

// NewReceipt returns the wait for the fate of one message. forget is called once nobody waits any more; confirm
// answers Confirm, and may be nil.
func NewReceipt(forget func(), confirm func(ctx context.Context) error) *Receipt {
	return &Receipt{settled: make(chan error, 1), forget: forget, confirm: confirm}
}

// Settle ends the wait: with nil for an acknowledgement, with the bounce otherwise. The first call counts.
func (r *Receipt) Settle(fate error) {
	select {
	case r.settled <- fate:
	default:
	}
}

// Wait returns nil when the recipient's client acknowledged, the bounce when the message came back, and ctx's
// error when neither happened in time: then nothing is known.
func (r *Receipt) Wait(ctx context.Context) error {
	defer r.forget()
	select {
	case fate := <-r.settled:
		return fate
	case <-ctx.Done():
	}
	select { // both may have happened: what is known counts
	case fate := <-r.settled:
		return fate
	default:
		return ctx.Err()
	}
}

// Confirm returns nil when our own server has taken the message and all that was sent after it until now. It says
// nothing of the recipient: it is for those whose client never acknowledges.
func (r *Receipt) Confirm(ctx context.Context) error {
	if r.confirm == nil {
		return nil
	}
	return r.confirm(ctx)
}

// Forget gives up the wait.
func (r *Receipt) Forget() { r.forget() }

// receipts are the messages whose fate is still open. They outlive a link: an answer may come over the next one.
type receipts struct {
	mu   sync.Mutex // guards everything below
	open map[string]expected
}

// expected is a receipt and the bare address it must come from.
type expected struct {
	receipt *Receipt
	from    JID
}

func (r *receipts) expect(id string, to JID, confirm func(context.Context) error) *Receipt {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = map[string]expected{}
	}
	receipt := NewReceipt(func() { r.forget(id) }, confirm)
	r.open[id] = expected{receipt, to.Bare()}
	return receipt
}

func (r *receipts) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, id)
}

// settle takes a message that is a receipt or a bounce of ours, and says whether it was. Anybody can send one:
// it counts only from the address the message went to (a bounce may also come from that address' server).
func (r *receipts) settle(m Message, stanza *Element) bool {
	id, err := fate(m, stanza)
	if id == "" {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.open[id]
	if !ok {
		return m.Type == "error" || m.Child(NSReceipts, "received") != nil
	}
	if m.From.Bare().Equal(e.from) || err != nil && m.From.Equal(e.from.Domain()) {
		delete(r.open, id)
		e.receipt.Settle(err)
	}
	return true
}

// fate reads which message of ours this one is about and what became of it.
func fate(m Message, stanza *Element) (id string, err error) {
	if m.Type == "error" {
		return m.ID, stanzaError(stanza)
	}
	if received := m.Child(NSReceipts, "received"); received != nil {
		return received.Attr("id"), nil
	}
	return "", nil
}

// received is the receipt for m.
func received(m Message) *Element {
	return Message{
		ID: newID(), Type: m.Type, To: m.From,
		Children: []*Element{NewElement(NSReceipts, "received", "id", m.ID)},
	}.element()
}

// bounced tells the sender of m why it will never be taken.
func bounced(m Message, e *StanzaError) *Element {
	return Message{ID: m.ID, Type: "error", To: m.From, Children: []*Element{e.element()}}.element()
}
