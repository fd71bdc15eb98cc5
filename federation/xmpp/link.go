package xmpp

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	mellium "mellium.im/xmpp"
)

// Bounds on one link. A peer that asks too much at once is told to wait; nothing it does stops the stream.
const (
	sendTimeout = 60 * time.Second
	maxID       = 256   // bytes
	paceFrom    = 4_000 // bytes: smaller answers are urgent, larger ones are data
	maxRequests = 16    // answered at the same time
	maxRefusals = 64    // being told at the same time; beyond that they are silent
	maxMessages = 256   // waiting for their handler
)

var (
	errLinkLost = errors.New("the link to the server was lost")
	errClosed   = errors.New("the server closed the stream")
)

// link is one negotiated connection, from its login to its end.
//
// It reads the stream itself instead of through mellium's Serve, which ends the session on any stanza it does not
// like and answers a request as soon as its handler returns.
type link struct {
	session *mellium.Session
	in      *xml.Decoder // of session
	conn    *watchedConn
	router  *router
	pace    func(ctx context.Context, bytes int) error // of large answers
	terms   terms                                      // of our login

	requests chan struct{} // one token a request being answered
	refusals chan struct{} // one token a refusal being told
	messages chan Message

	mu      sync.Mutex // guards everything below
	waiting map[string]waiter
	lost    bool
}

func newLink(session *mellium.Session, in *xml.Decoder, conn *watchedConn, r *router, pace func(context.Context, int) error) *link {
	return &link{
		session:  session,
		in:       in,
		conn:     conn,
		router:   r,
		pace:     pace,
		requests: make(chan struct{}, maxRequests),
		refusals: make(chan struct{}, maxRefusals),
		messages: make(chan Message, maxMessages),
		waiting:  map[string]waiter{},
	}
}

// serve reads until the link ends or ctx does. Handlers it started may still run for a moment after it.
func (l *link) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go l.handleMessages(ctx)
	go l.watch(ctx, cancel)
	stop := context.AfterFunc(ctx, func() { l.close() })
	defer stop()
	err := l.read(ctx)
	l.fail()
	l.conn.Close() // often closed already
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return reason(err)
}

func (l *link) read(ctx context.Context) error {
	for {
		start, err := nextStanza(l.in)
		switch {
		case errors.Is(err, io.EOF):
			return errClosed
		case err != nil:
			return err
		}
		stanza, err := readElement(l.in, start)
		switch {
		case errors.Is(err, errElementTooBig):
			l.router.refused("too big")
			continue
		case err != nil:
			return err
		}
		l.dispatch(ctx, stanza)
	}
}

// dispatch never blocks and never fails: what a peer sends must not be able to end the session.
func (l *link) dispatch(ctx context.Context, stanza *Element) {
	switch stanza.Name {
	case xml.Name{Space: nsClient, Local: "iq"}:
		l.dispatchIQ(ctx, stanza)
	case xml.Name{Space: nsClient, Local: "message"}:
		l.dispatchMessage(stanza)
	}
}

func (l *link) dispatchIQ(ctx context.Context, stanza *Element) {
	q, err := parseIQ(stanza)
	if len(q.ID) > maxID { // an answer repeats it
		l.router.refused("long id")
		return
	}
	switch q.Type {
	case "result", "error":
		if err == nil {
			l.settle(stanza, q)
		}
		return
	case "get", "set":
	default:
		l.router.refused("iq type")
		return
	}
	if err != nil {
		l.router.refused("address")
		l.refuse(ctx, stanza, &StanzaError{Type: "modify", Condition: "jid-malformed"})
		return
	}
	select {
	case l.requests <- struct{}{}:
		go func() {
			defer func() { <-l.requests }()
			l.reply(ctx, q)
		}()
	default:
		l.router.refused("too many requests")
		l.refuse(ctx, stanza, &StanzaError{Type: "wait", Condition: "resource-constraint", Text: "too many requests at once"})
	}
}

// refuse tells the sender of a request, by the address as it came, why no handler saw it.
func (l *link) refuse(ctx context.Context, stanza *Element, e *StanzaError) {
	answer := NewElement(nsClient, "iq", "id", stanza.Attr("id"), "type", "error", "to", stanza.Attr("from")).Add(e.element())
	select {
	case l.refusals <- struct{}{}:
		go func() {
			defer func() { <-l.refusals }()
			l.answer(ctx, answer)
		}()
	default:
	}
}

// reply answers a request. A large answer waits its turn as bulk data does: many at once would keep the link from
// saying anything else until the server looks dead.
func (l *link) reply(ctx context.Context, q IQ) {
	text, err := bounded(q, l.router.answer(ctx, q), l.terms.stanza())
	if err == nil && len(text) >= paceFrom {
		err = l.pace(ctx, len(text))
	}
	if err == nil {
		err = l.write(ctx, text)
	}
	l.unanswered(q.From.String(), err)
}

// bounded encodes an answer, or an error in place of one that cannot be sent: our own server would end the session
// over one that is larger than a stanza may be.
func bounded(q IQ, answer *Element, most int) ([]byte, error) {
	text, err := encode(answer)
	if err == nil && len(text) <= most {
		return text, nil
	}
	told := &StanzaError{Type: "modify", Condition: "policy-violation", Text: "the answer is too large; ask for less"}
	if err != nil {
		told = asStanzaError(err)
	}
	return encode(IQ{ID: q.ID, Type: "error", To: q.From, Payload: told.element()}.element())
}

// answer sends an answer.
func (l *link) answer(ctx context.Context, answer *Element) {
	l.unanswered(answer.Attr("to"), l.send(ctx, answer))
}

// unanswered notes that an answer was not sent. A link that cannot take it is at its end, which read notices.
func (l *link) unanswered(to string, err error) {
	if err != nil {
		l.router.log.Debug("answer not sent", "to", to, "error", err)
	}
}

func (l *link) dispatchMessage(stanza *Element) {
	m, err := parseMessage(stanza)
	if err != nil {
		l.router.refused("address")
		return
	}
	if l.router.receipts.settle(m, stanza) {
		return
	}
	select {
	case l.messages <- m:
	default: // no receipt is sent: a sender that keeps its data sends it again
		l.router.refused("too many messages")
	}
}

// handleMessages runs message handlers one after the other: the order of data matters.
func (l *link) handleMessages(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-l.messages:
			if word := l.router.deliver(ctx, m); word != nil {
				l.answer(ctx, word)
			}
		}
	}
}

// send encodes and writes one stanza.
func (l *link) send(ctx context.Context, stanza *Element) error {
	text, err := encode(stanza)
	if err != nil {
		return err
	}
	return l.write(ctx, text)
}

// write puts one encoded stanza on the wire, whole, in a single Write. It is written past mellium's encoder and under
// its lock. After an error the stream may be broken in the middle of an element, so it is closed.
func (l *link) write(ctx context.Context, text []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	lock := l.session.TokenWriter()
	defer lock.Close() //nolint:errcheck // it flushes an encoder that nobody wrote to
	stuck := time.AfterFunc(sendTimeout, func() { l.conn.Close() })
	defer stuck.Stop()
	if _, err := l.session.Conn().Write(text); err != nil {
		return errors.Join(fmt.Errorf("send stanza: %w", err), l.conn.Close())
	}
	return nil
}
