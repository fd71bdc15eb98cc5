package xmpp

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"mellium.im/xmlstream"
	mellium "mellium.im/xmpp"
)

// Bounds on one link. A peer that asks too much at once is told to wait; nothing it does stops the stream.
const (
	sendTimeout  = 60 * time.Second
	pingAfter    = 60 * time.Second  // of silence
	deadAfter    = 150 * time.Second // of silence: more than the time a stock shaper takes for a full answer
	closeTimeout = 2 * time.Second
	maxID        = 256   // bytes
	paceFrom     = 4_000 // bytes: smaller answers are urgent, larger ones are data
	maxRequests  = 16    // answered at the same time
	maxRefusals  = 64    // being told at the same time; beyond that they are silent
	maxMessages  = 256   // waiting for their handler
)

var (
	errLinkLost = errors.New("the link to the server was lost")
	errSilent   = errors.New("the server has been silent for too long")
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

	requests chan struct{} // one token a request being answered
	refusals chan struct{} // one token a refusal being told
	messages chan Message

	mu      sync.Mutex // guards everything below
	waiting map[string]waiter
	lost    bool
}

// waiter is somebody who sent a request and waits for the answer of that peer.
type waiter struct {
	to     JID
	answer chan *Element
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
	answer, size := bounded(q, l.router.answer(ctx, q))
	if size >= paceFrom && l.pace(ctx, size) != nil {
		return // the link ended meanwhile
	}
	l.answer(ctx, answer)
}

// bounded puts an error in place of an answer that is larger than a stanza may be: our own server would end the
// session over it. It also returns the size in bytes.
func bounded(q IQ, answer *Element) (*Element, int) {
	if text, err := answer.Bytes(); err == nil && len(text) <= MaxStanza {
		return answer, len(text)
	}
	tooBig := &StanzaError{Type: "modify", Condition: "policy-violation", Text: "the answer is too large; ask for less"}
	return IQ{ID: q.ID, Type: "error", To: q.From, Payload: tooBig.element()}.element(), 0
}

// answer sends an answer. A link that cannot take it is at its end, which read notices.
func (l *link) answer(ctx context.Context, answer *Element) {
	if err := l.send(ctx, answer); err != nil {
		l.router.log.Debug("answer not sent", "to", answer.Attr("to"), "error", err)
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
	self := l.session.LocalAddr()
	return j.Equal(JID{}) || j.Equal(self.Domain()) || j.Equal(self.Bare())
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

// send writes one stanza. After an error the stream may be broken in the middle of an element, so it is closed.
//
// mellium gets a context that never ends: when one ends just after a write, mellium may set a deadline in the past
// for an instant, which breaks the next write of somebody else.
func (l *link) send(ctx context.Context, stanza *Element) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	stuck := time.AfterFunc(sendTimeout, func() { l.conn.Close() })
	defer stuck.Stop()
	if err := l.session.Send(context.Background(), stanza.TokenReader()); err != nil {
		return errors.Join(fmt.Errorf("send <%s/>: %w", stanza.Name.Local, err), l.conn.Close())
	}
	return nil
}

// query sends a request and waits for its answer, the end of ctx or of the link.
func (l *link) query(ctx context.Context, q IQ) (*Element, error) {
	q.ID = newID()
	w := waiter{to: q.To, answer: make(chan *Element, 1)}
	if !l.expect(q.ID, w) {
		return nil, errLinkLost
	}
	defer l.forget(q.ID)
	if err := l.send(ctx, q.element()); err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for an answer of %s: %w", q.To, ctx.Err())
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

func (l *link) expect(id string, w waiter) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost {
		return false
	}
	l.waiting[id] = w
	return true
}

func (l *link) forget(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiting, id)
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

// watch asks a silent server whether it lives. It counts any byte as life, so that a long answer in front of the
// ping does not look like death.
func (l *link) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(pingAfter / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch silence := l.conn.silence(); {
		case silence > deadAfter:
			cancel(errSilent)
			return
		case silence > pingAfter:
			go l.ping(ctx)
		}
	}
}

// confirm returns nil when our server has taken everything that was sent over this link before: stanzas are handled
// in order (RFC 6120 §10.1), and this one is answered.
func (l *link) confirm(ctx context.Context) error {
	_, err := l.query(ctx, IQ{Type: "get", To: l.session.LocalAddr().Domain(), Payload: NewElement(nsPing, "ping")})
	var refused *StanzaError
	if errors.As(err, &refused) { // a server that does not know pings has answered all the same
		return nil
	}
	return err
}

// ping is XEP-0199 to the own server. Its answer is not waited for: the bytes are what counts.
func (l *link) ping(ctx context.Context) {
	ping := IQ{ID: newID(), Type: "get", To: l.session.LocalAddr().Domain(), Payload: NewElement(nsPing, "ping")}
	l.answer(ctx, ping.element())
}

// close says goodbye within closeTimeout and ends the connection.
func (l *link) close() {
	stuck := time.AfterFunc(closeTimeout, func() { l.conn.Close() })
	defer stuck.Stop()
	goodbye := NewElement(nsClient, "presence", "type", "unavailable")
	if err := l.session.Send(context.Background(), goodbye.TokenReader()); err == nil {
		_ = l.session.Close() // only writes </stream:stream>; the socket is ours
	}
	l.conn.Close()
}

var _ xmlstream.Marshaler = (*Element)(nil)
