package xmpp

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// An IQHandler answers a request: with a payload, nil for an empty result, or an error. A *StanzaError is told to
// the peer as it is; of any other it learns only that something went wrong.
type IQHandler func(ctx context.Context, q IQ) (*Element, error)

// A MessageHandler takes a message. Returning nil means that it is safe where it belongs: a receipt is then sent
// when one was asked for (XEP-0184). A *StanzaError says that it will never be taken, and is told to the sender in
// place of the receipt; ErrNotOurs that the message is for another client of our account. On any other error nothing
// is sent, and a sender that keeps its data sends it again.
type MessageHandler func(ctx context.Context, m Message) error

func (h MessageHandler) take(ctx context.Context, m Message, settle func(error)) { settle(h(ctx, m)) }

// A MessageTaker takes a message as a MessageHandler does, and may tell what became of it later, from another goroutine:
// it calls settle once. Messages come one after the other, and the next only after the taker has returned; how many wait
// to be settled is for it to bound.
type MessageTaker func(ctx context.Context, m Message, settle func(error))

// ErrNotOurs is what a handler answers to a message that another client of our account may be waiting for.
var ErrNotOurs = errors.New("for another client")

type route struct {
	typ  string
	name xml.Name
}

// router knows who handles what. Its tables are filled before the session starts and only read afterwards.
type router struct {
	log      *slog.Logger
	requests map[route]IQHandler
	messages map[xml.Name]MessageTaker
	receipts receipts
	refusals atomic.Uint64
}

func newRouter(log *slog.Logger) *router {
	return &router{log: log, requests: map[route]IQHandler{}, messages: map[xml.Name]MessageTaker{}}
}

// refused counts a stanza that no handler saw.
func (r *router) refused(why string) {
	r.refusals.Add(1)
	r.log.Debug("stanza refused", "why", why)
}

// answer runs the handler of a request and returns the whole answer.
func (r *router) answer(ctx context.Context, q IQ) *Element {
	payload, err := r.handle(ctx, q)
	answer := IQ{ID: q.ID, Type: "result", To: q.From, Payload: payload}
	if err != nil {
		answer.Type, answer.Payload = "error", asStanzaError(err).element()
	}
	return answer.element()
}

func (r *router) handle(ctx context.Context, q IQ) (payload *Element, err error) {
	handler, ok := r.requests[route{q.Type, payloadName(q.Payload)}]
	if !ok {
		return nil, &StanzaError{Type: "cancel", Condition: "service-unavailable"}
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("handle %s: panic: %v", q.Payload.Name.Local, p)
			r.log.Error("handler broke", "request", q.Payload.Name.Local, "error", err, "stack", string(debug.Stack()))
		}
	}()
	payload, err = handler(ctx, q)
	if _, told := err.(*StanzaError); err != nil && !told { //nolint:errorlint // only a bare one was meant for the peer
		r.log.Warn("request not answered", "request", q.Payload.Name.Local, "error", err)
	}
	return payload, err
}

// deliver hands a message to the first taker that fits. done is called once, when the message is settled, with what its
// sender is to be told, or nil.
func (r *router) deliver(ctx context.Context, m Message, done func(answer *Element)) {
	payload, taker := r.taker(m)
	if taker == nil {
		done(nil)
		return
	}
	var once sync.Once
	settle := func(err error) {
		once.Do(func() {
			if err != nil && !errors.Is(err, ErrNotOurs) {
				r.log.Warn("message not taken", "payload", payload, "error", err)
			}
			done(settlement(m, err))
		})
	}
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("message handler broke", "panic", p, "stack", string(debug.Stack()))
			once.Do(func() { done(nil) })
		}
	}()
	taker(ctx, m, settle)
}

// taker finds who takes a message, by its payload.
func (r *router) taker(m Message) (payload string, t MessageTaker) {
	if m.Type == "error" {
		return "", nil
	}
	for _, child := range m.Children {
		if t, ok := r.messages[child.Name]; ok {
			return child.Name.Local, t
		}
	}
	return "", nil
}

// settlement is the word a sender asked for about a message that was handled.
func settlement(m Message, err error) *Element {
	var never *StanzaError
	switch {
	case m.ID == "" || m.Child(NSReceipts, "request") == nil:
		return nil
	case errors.As(err, &never):
		return bounced(m, never)
	case err != nil:
		return nil
	}
	return received(m)
}
