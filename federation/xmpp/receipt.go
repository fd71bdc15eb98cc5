package xmpp

import (
	"context"
	"sync"
)

const nsReceipts = "urn:xmpp:receipts"

// Receipt is the wait for the word of a recipient's client that it has a message (XEP-0184), or for its bounce.
type Receipt struct {
	id       string
	from     JID // bare
	settled  chan error
	receipts *receipts
}

// Wait returns nil when the recipient's client acknowledged, the bounce when the message came back, and ctx's
// error when neither happened in time: then nothing is known.
func (r *Receipt) Wait(ctx context.Context) error {
	defer r.receipts.forget(r.id)
	select {
	case err := <-r.settled:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// receipts are the messages whose fate is still open. They outlive a link: an answer may come over the next one.
type receipts struct {
	mu   sync.Mutex // guards everything below
	open map[string]*Receipt
}

func (r *receipts) expect(id string, to JID) *Receipt {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = map[string]*Receipt{}
	}
	receipt := &Receipt{id: id, from: to.Bare(), settled: make(chan error, 1), receipts: r}
	r.open[id] = receipt
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
	receipt, ok := r.open[id]
	if !ok {
		return m.Type == "error" || m.Child(nsReceipts, "received") != nil
	}
	bare := m.From.Bare()
	if bare.Equal(receipt.from) || err != nil && m.From.Equal(receipt.from.Domain()) {
		delete(r.open, id)
		receipt.settled <- err
	}
	return true
}

// fate reads which message of ours this one is about and what became of it.
func fate(m Message, stanza *Element) (id string, err error) {
	if m.Type == "error" {
		return m.ID, stanzaError(stanza)
	}
	if received := m.Child(nsReceipts, "received"); received != nil {
		return received.Attr("id"), nil
	}
	return "", nil
}

// received is the receipt for m.
func received(m Message) Message {
	return Message{ID: newID(), Type: m.Type, To: m.From, Children: []*Element{NewElement(nsReceipts, "received", "id", m.ID)}}
}
