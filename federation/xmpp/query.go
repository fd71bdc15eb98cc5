package xmpp

import (
	"context"
	"fmt"
)

// waiter is somebody who sent a request and waits for the answer of that peer.
type waiter struct {
	id     string
	to     JID
	size   int // of the request, in bytes
	answer chan *Element
}

// query sends a request and waits for its answer, the end of ctx or of the link.
func (l *link) query(ctx context.Context, q IQ, lane lane) (*Element, error) {
	q.ID = newID()
	w, err := l.request(ctx, q, lane)
	if err != nil {
		return nil, err
	}
	return l.await(ctx, w)
}

// request sends a request. Who gets no error awaits the answer.
func (l *link) request(ctx context.Context, q IQ, lane lane) (w waiter, err error) {
	text, err := encodeWithin(q.element(), MaxStanza)
	if err == nil {
		err = l.fits(len(text), l.rooms.known(q.To))
	}
	if err != nil {
		return w, err
	}
	w = waiter{id: q.ID, to: q.To, size: len(text), answer: make(chan *Element, 1)}
	if err := l.expect(q.ID, w); err != nil {
		return w, err
	}
	if err := l.send(ctx, q.To, text, max(lane, laneOf(text)), func(error) { l.giveUp(q.ID) }); err != nil {
		l.forget(q.ID)
		return w, err
	}
	return w, nil
}

// await waits for the answer of a request that was sent.
func (l *link) await(ctx context.Context, w waiter) (*Element, error) {
	defer l.forget(w.id)
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for an answer of %s: %w", w.to, ctx.Err())
	case stanza, ok := <-w.answer:
		switch {
		case !ok:
			return nil, errLinkLost
		case stanza.Attr("type") == "error":
			return nil, stanzaError(stanza)
		case len(stanza.Children) == 0:
			return nil, nil
		}
		return stanza.Children[0], nil
	}
}

func (l *link) expect(id string, w waiter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.lost:
		return errLinkLost
	case len(l.waiting) >= maxWaiting:
		return ErrBusy
	}
	l.waiting[id] = w
	return nil
}

func (l *link) forget(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiting, id)
}

// giveUp ends the wait for the answer to a request that was lost.
func (l *link) giveUp(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w, ok := l.waiting[id]; ok {
		close(w.answer)
		delete(l.waiting, id)
	}
}

// fail ends every wait: answers to a dead link never come.
func (l *link) fail() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = true
	for id, w := range l.waiting {
		close(w.answer)
		delete(l.waiting, id)
	}
}

// settle hands an answer to who waits for it, if it comes from where the request went.
func (l *link) settle(stanza *Element, q IQ) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w, ok := l.waiting[q.ID]
	if !ok || !(w.to.Equal(q.From) || l.isOwn(w.to) && l.isOwn(q.From)) {
		return
	}
	delete(l.waiting, q.ID)
	w.answer <- stanza
}

// isOwn says whether an address stands for our own server or account: servers answer for both, with or without from.
func (l *link) isOwn(j JID) bool {
	return j.Equal(JID{}) || j.Equal(l.self.Domain()) || j.Equal(l.self.Bare())
}
