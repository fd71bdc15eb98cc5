package xmpp

import (
	"context"
	"time"
)

// answerTime is how long a peer may take to answer once it can have the whole request.
const answerTime = time.Minute

// Deliver sends data as a request of type set, at the pace of bulk data, and waits for the payload of its answer, which
// is nil when empty. The wait for the answer begins when the request leaves, and counts what the server's shaper may hold
// before it. An error answer is a *StanzaError; ErrTooBig and ErrAway are ours.
func (c *Client) Deliver(ctx context.Context, to JID, payload *Element) (*Element, error) {
	l, err := c.current()
	if err != nil {
		return nil, err
	}
	return l.deliver(ctx, IQ{ID: newID(), Type: "set", To: to, Payload: payload})
}

func (l *link) deliver(ctx context.Context, q IQ) (*Element, error) {
	text, err := encode(q.element())
	switch {
	case err != nil:
		return nil, err
	case len(text) > l.terms.stanza():
		return nil, ErrTooBig
	}
	w := waiter{to: q.To, answer: make(chan *Element, 1)}
	if !l.expect(q.ID, w) {
		return nil, errLinkLost
	}
	defer l.forget(q.ID)
	if err := l.pace(ctx, len(text)); err != nil {
		return nil, err
	}
	if err := l.write(ctx, text); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime+drainTime(len(text)))
	defer cancel()
	return l.await(ctx, w)
}

// drainTime is how long a stanza of that size, and the burst that may have left just before it, take to reach the
// server through its shaper.
func drainTime(size int) time.Duration {
	return time.Duration(size+bulkBurst) * time.Second / bulkBytesPerSec
}
