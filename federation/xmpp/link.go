package xmpp

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds on one link. A peer that asks too much at once is told to wait; nothing it does stops the stream.
const (
	maxID       = 256     // bytes
	bulkFrom    = 4_000   // bytes: smaller answers and requests are urgent, larger ones are data
	maxRequests = 16      // answered at the same time
	maxRefusals = 64      // being told at the same time; beyond that they are silent
	maxMessages = 256     // waiting for their handler
	maxHeld     = 1 << 20 // bytes of XML of those, unless it is a single one
	maxWaiting  = 256     // requests of ours waiting for their answer
)

var (
	errLinkLost = errors.New("the link to the server was lost")
	errClosed   = errors.New("the server closed the stream")
)

// link is one session with our server, from the binding of our address to its end. It outlives a connection when the
// server lets it be resumed over another one (XEP-0198 §5): what waits, is being answered or was not acknowledged goes on.
//
// It reads the stream itself instead of through mellium's Serve, which ends the session on any stanza it does not
// like and answers a request as soon as its handler returns.
type link struct {
	self   JID // full, as bound
	terms  terms
	router *router
	pacer  *pacer
	queue  *queue
	tally  *tally
	rooms  *rooms

	life context.Context // of handlers
	end  func()          // of the link, once

	requests chan struct{} // one token a request being answered
	refusals chan struct{} // one token a refusal being told
	messages chan arrived
	held     atomic.Int64 // bytes of messages, and of the one with its handler
	replied  atomic.Int64 // when an answer was sent last, Unix nanoseconds

	mu      sync.Mutex // guards everything below
	waiting map[string]waiter
	lost    bool
}

// arrived is a message and its place among what came in.
type arrived struct {
	message Message
	number  uint32
	bytes   int64 // of XML
}

func newLink(self JID, r *router, p *pacer) *link {
	life, cancel := context.WithCancel(context.Background())
	l := &link{
		self:     self,
		router:   r,
		pacer:    p,
		queue:    newQueue(),
		tally:    newTally(),
		rooms:    &rooms{},
		life:     life,
		requests: make(chan struct{}, maxRequests),
		refusals: make(chan struct{}, maxRefusals),
		messages: make(chan arrived, maxMessages),
		waiting:  map[string]waiter{},
	}
	l.end = sync.OnceFunc(func() {
		cancel()
		l.fail()
		l.queue.fail(errLinkLost)
		l.tally.end(errLinkLost)
	})
	go l.handleMessages(life)
	return l
}

// serve reads and writes over a connection until that ends or ctx does. Whether the link ends too is for the caller.
func (l *link) serve(ctx context.Context, w *wire) error {
	within, cancel := context.WithCancelCause(ctx)
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		l.write(within, w)
	}()
	go l.watch(within, w, cancel)
	stop := context.AfterFunc(within, func() { l.part(ctx, w, wrote) })
	err := l.read(w)
	cancel(reason(err))
	if !stop() { // part is at it
		<-wrote
	}
	w.conn.Close() // often closed already
	<-wrote
	l.queue.purge()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return context.Cause(within)
}

func (l *link) read(w *wire) error {
	for {
		before := w.in.InputOffset()
		start, err := nextStanza(w.in)
		switch {
		case errors.Is(err, io.EOF):
			return errClosed
		case err != nil:
			return err
		}
		stanza, err := readElement(w.in, start)
		switch {
		case errors.Is(err, errElementTooBig):
			l.router.refused("too big")
			stanza = &Element{Name: start.Name} // counted all the same
		case err != nil:
			return err
		}
		l.dispatch(w, stanza, w.in.InputOffset()-before, err != nil)
	}
}

// dispatch never blocks and never fails: what a peer sends must not be able to end the session.
func (l *link) dispatch(w *wire, stanza *Element, bytes int64, drop bool) {
	switch {
	case stanza.Name.Space == nsManagement:
		l.manage(w, stanza)
		return
	case !isStanza(stanza.Name):
		return
	}
	number, known := l.tally.arrive()
	switch {
	case known:
	case drop, stanza.Name.Local == "presence":
		l.tally.finish(number)
	case stanza.Name.Local == "iq":
		if l.dispatchIQ(w, stanza, number) {
			l.tally.finish(number)
		}
	default:
		l.dispatchMessage(stanza, number, bytes)
	}
}

func isStanza(name xml.Name) bool {
	return name.Space == nsClient && (name.Local == "iq" || name.Local == "message" || name.Local == "presence")
}

// dispatchIQ says whether the stanza is done with: a request is when it is answered.
func (l *link) dispatchIQ(w *wire, stanza *Element, number uint32) (done bool) {
	q, err := parseIQ(stanza)
	if len(q.ID) > maxID { // an answer repeats it
		l.router.refused("long id")
		return true
	}
	switch q.Type {
	case "result", "error":
		if err == nil && !l.heard(w, q.ID) {
			l.settle(stanza, q)
		}
		return true
	case "get", "set":
	default:
		l.router.refused("iq type")
		return true
	}
	if err != nil {
		l.router.refused("address")
		l.refuse(stanza, &StanzaError{Type: "modify", Condition: "jid-malformed"})
		return true
	}
	select {
	case l.requests <- struct{}{}:
		go func() {
			defer func() { <-l.requests }()
			l.reply(q)
			l.replied.Store(time.Now().UnixNano())
			l.tally.finish(number)
		}()
		return false
	default:
		l.router.refused("too many requests")
		l.refuse(stanza, &StanzaError{Type: "wait", Condition: "resource-constraint", Text: "too many requests at once"})
		return true
	}
}

// refuse tells the sender of a request, by the address as it came, why no handler saw it.
func (l *link) refuse(stanza *Element, e *StanzaError) {
	answer := NewElement(nsClient, "iq", "id", stanza.Attr("id"), "type", "error", "to", stanza.Attr("from")).Add(e.element())
	select {
	case l.refusals <- struct{}{}:
		go func() {
			defer func() { <-l.refusals }()
			l.answer(answer)
		}()
	default:
	}
}

// reply answers a request. A large answer takes its turn among data; when too much waits already, the peer is told to
// come back.
func (l *link) reply(q IQ) {
	var o answering
	text, err := bounded(q, l.router.answer(context.WithValue(l.life, answeringKey{}, &o), q), min(l.terms.stanza(), l.rooms.known(q.From).Most()))
	if err == nil {
		err = l.send(While(l.life, o.granted), q.From, text, laneOf(text), nil)
	}
	var told *StanzaError
	if errors.Is(err, ErrBusy) {
		told = &StanzaError{Type: "wait", Condition: "resource-constraint", Text: "too much waits to be sent; ask again later"}
	}
	if told != nil || errors.As(err, &told) {
		l.answer(IQ{ID: q.ID, Type: "error", To: q.From, Payload: told.element()}.element())
		return
	}
	l.unanswered(q.From.String(), err)
}

// laneOf is where a stanza goes that is no data of ours.
func laneOf(text []byte) lane {
	if len(text) < bulkFrom {
		return urgent
	}
	return bulk
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
func (l *link) answer(answer *Element) {
	text, err := encode(answer)
	if err == nil {
		err = l.send(l.life, JID{}, text, urgent, nil)
	}
	l.unanswered(answer.Attr("to"), err)
}

// unanswered notes that an answer was not sent.
func (l *link) unanswered(to string, err error) {
	if err != nil {
		l.router.log.Debug("answer not sent", "to", to, "error", err)
	}
}

func (l *link) dispatchMessage(stanza *Element, number uint32, bytes int64) {
	m, err := parseMessage(stanza)
	switch {
	case err != nil:
		l.router.refused("address")
	case l.router.receipts.settle(m, stanza):
	case l.hold(arrived{m, number, bytes}):
		return
	default: // no receipt is sent: a sender that keeps its data sends it again
		l.router.refused("too many messages")
	}
	l.tally.finish(number)
}

// hold keeps a message for its handler, unless too many wait, or too large ones. Only the reader calls it.
func (l *link) hold(m arrived) bool {
	if held := l.held.Load(); held > 0 && held+m.bytes > maxHeld {
		return false
	}
	l.held.Add(m.bytes)
	select {
	case l.messages <- m:
		return true
	default:
		l.held.Add(-m.bytes)
		return false
	}
}

// handleMessages runs message handlers one after the other: the order of data matters.
func (l *link) handleMessages(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-l.messages:
			l.router.deliver(ctx, m.message, func(word *Element) {
				if word != nil {
					l.answer(word)
				}
				l.tally.finish(m.number)
			})
			l.held.Add(-m.bytes)
		}
	}
}

// send queues a stanza and waits until it is written, or is ours to send again after a resumption. unsent is told when
// it was written and may be lost; it may be nil. When ctx ends first, or what While gave it says no, the stanza is not sent.
func (l *link) send(ctx context.Context, to JID, text []byte, lane lane, unsent func(error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	it := &item{text: text, to: to.Bare().String(), done: make(chan error, 1), unsent: unsent, granted: grantedBy(ctx)}
	if err := l.queue.put(it, lane); err != nil {
		return err
	}
	select {
	case err := <-it.done:
		return err
	case <-ctx.Done():
	}
	if l.queue.withdraw(it) {
		return ctx.Err()
	}
	return <-it.done
}
