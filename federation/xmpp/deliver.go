package xmpp

import (
	"context"
	"time"
)

// answerTime is how long a peer may take to answer once it can have the whole request.
const answerTime = time.Minute

// Deliver sends data as a request of type set, at the pace of bulk data, and waits for the payload of its answer, which
// is nil when empty. The wait begins when the request leaves and counts what the server's shaper may hold before it.
// An error answer is a *StanzaError; ErrTooBig and ErrAway are ours.
func (c *Client) Deliver(ctx context.Context, to JID, payload *Element) (*Element, error) {
	text, err := IQ{ID: newID(), Type: "set", To: to, Payload: payload}.element().Bytes()
	if err != nil {
		return nil, err
	}
	if len(text) > MaxStanza {
		return nil, ErrTooBig
	}
	if err := c.pace(ctx, len(text)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime+drainTime(len(text)))
	defer cancel()
	return c.Query(ctx, "set", to, payload)
}

// drainTime is how long a stanza of that size, and the burst that may have left just before it, take to reach the
// server through its shaper.
func drainTime(size int) time.Duration {
	return time.Duration(size+bulkBurst) * time.Second / bulkBytesPerSec
}
