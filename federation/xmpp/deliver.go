package xmpp

import (
	"context"
	"errors"
	"time"
)

// answerTime is how long a peer may take to answer once it can have the whole request.
const answerTime = time.Minute

// Deliver sends data as a request of type set, at the pace of bulk data, and waits for the payload of its answer, which
// is nil when empty. The wait for the answer begins when the request has left, and counts what the server's shaper may
// hold of it. An error answer is a *StanzaError; ErrTooBig, ErrNoRoom, ErrBusy and ErrAway are ours.
func (c *Client) Deliver(ctx context.Context, to JID, payload *Element) (*Element, error) {
	l, err := c.current()
	if err != nil {
		return nil, err
	}
	return l.deliver(ctx, IQ{ID: newID(), Type: "set", To: to, Payload: payload})
}

func (l *link) deliver(ctx context.Context, q IQ) (*Element, error) {
	w, err := l.request(ctx, q, bulk)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, answerTime+patience(MaxStanza))
	defer cancel()
	answer, err := l.await(limited, w)
	l.measure(ctx, w, err)
	return answer, err
}

// measure tells the room of a recipient what came of a request.
func (l *link) measure(ctx context.Context, w waiter, err error) {
	var told *StanzaError
	room := l.rooms.room(w.to)
	switch {
	case err == nil:
		room.Took(w.size)
	case errors.As(err, &told) && told.TooLarge():
		room.TooLarge(w.size)
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		room.Silent(w.size)
	}
}
