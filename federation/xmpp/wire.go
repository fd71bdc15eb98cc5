package xmpp

import (
	"context"
	"encoding/xml"
	"fmt"
	"time"

	mellium "mellium.im/xmpp"
)

// Bounds on what was written and is not known to be taken. One window is what a server with a stock shaper takes within
// patience; what is urgent may exceed it.
const (
	window    = 128 << 10 // bytes: no data is begun beyond it
	maxFlight = 256 << 10 // bytes: nothing is written beyond it
	soundFrom = 8 << 10   // bytes between two pings that ask how far a server is that does not count stanzas
)

// wire is one connection of a link.
type wire struct {
	session *mellium.Session
	in      *xml.Decoder // of session
	conn    *watchedConn // what is closed to end it
	terms   terms
	bound   binding // how it became ours
	gauge   gauge
	sound   chan struct{} // has a value when the silence is to be broken
}

func newWire(session *mellium.Session, conn *watchedConn, told terms, bound binding) *wire {
	return &wire{session: session, in: bound.in, conn: conn, terms: told, bound: bound, sound: make(chan struct{}, 1)}
}

// write sends what is queued, until ctx or the connection ends. It is the only one that writes.
func (l *link) write(ctx context.Context, w *wire) {
	if err := l.greet(ctx, w); err != nil {
		w.conn.Close()
		return
	}
	for {
		select {
		case <-w.sound:
			l.ask(w, true)
		default:
		}
		it, wait := l.next(w)
		if it == nil {
			if !l.idle(ctx, wait) {
				return
			}
			continue
		}
		if err := it.may(); err != nil {
			it.done <- err
			continue
		}
		err := l.put(ctx, w, it)
		if err == nil && !it.bare {
			err = l.ask(w, false)
		}
		if err != nil { // the stream may be broken in the middle of an element
			w.conn.Close()
			return
		}
	}
}

// idle waits until there may be something to write, and says whether ctx lasts.
func (l *link) idle(ctx context.Context, wait time.Duration) bool {
	began := time.Now()
	lasts := l.queue.await(ctx, wait)
	if wait > 0 {
		l.pacer.waited(time.Since(began))
	}
	return lasts
}

// greet says first what makes the session go on from here: the wish to count, or again what was not acknowledged.
func (l *link) greet(ctx context.Context, w *wire) error {
	switch {
	case w.bound.resumed:
		for _, it := range l.tally.pending() {
			if err := it.may(); err != nil {
				l.tally.drop(it, err)
				continue
			}
			if err := l.pour(ctx, w, it.text); err != nil {
				return err
			}
		}
		return l.ask(w, true)
	case w.bound.managed:
		return w.say(l.tally.enable())
	}
	return nil
}

// next returns what to write now, or for how long to wait until there may be something; 0 is until woken.
func (l *link) next(w *wire) (*item, time.Duration) {
	flight := w.gauge.flight()
	if flight < maxFlight {
		if it := l.queue.takeUrgent(); it != nil {
			return it, 0
		}
	}
	size := l.queue.next()
	if size == 0 || flight >= window || l.pacer.behind(&w.gauge) {
		return nil, 0
	}
	if wait := l.pacer.delay(size); wait > 0 {
		return nil, wait
	}
	return l.queue.takeBulk(), 0
}

// put writes an item and tells its sender. Of a stanza that is kept until it is acknowledged the sender need not know
// that the connection broke: it is sent again, or told to be unsent.
func (l *link) put(ctx context.Context, w *wire, it *item) error {
	kept := l.tally.sends(it)
	err := l.pour(ctx, w, it.text)
	if kept {
		it.done <- nil
	} else {
		it.done <- err
	}
	return err
}

// pour writes a stanza: as much at once as the pace lets through at once, the rest in pieces. What is small never waits.
func (l *link) pour(ctx context.Context, w *wire, text []byte) error {
	w.gauge.begins(len(text))
	paced := len(text) >= bulkFrom
	for n := l.pacer.first(len(text)); len(text) > 0; n = min(piece, len(text)) {
		if wait := l.pacer.delay(n); paced && wait > 0 {
			if !pause(ctx, wait) {
				return errLinkLost
			}
			l.pacer.waited(wait)
		}
		l.pacer.spend(n)
		if err := w.write(text[:n]); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// write hands bytes to the connection, past mellium's encoder.
func (w *wire) write(b []byte) error {
	defer w.gauge.writes(len(b))()
	if _, err := w.session.Conn().Write(b); err != nil {
		return fmt.Errorf("write to the server: %w", err)
	}
	return nil
}

// say writes an element at once.
func (w *wire) say(e *Element) error {
	text, err := encode(e)
	if err != nil {
		return err
	}
	return w.write(text)
}

// ask puts a question behind what was written, when none is open: how far a server is that counts, or a ping to one
// that does not, which costs more and is asked less often. now asks one that counts again.
func (l *link) ask(w *wire, now bool) error {
	on, _ := l.tally.counting()
	if !on {
		return l.askByPing(w, now)
	}
	if !w.gauge.ask(question{upto: l.tally.total()}) && !now {
		return nil
	}
	l.pacer.spend(len(`<r xmlns=""/>`) + len(nsManagement))
	return w.say(NewElement(nsManagement, "r"))
}

func (l *link) askByPing(w *wire, now bool) error {
	ping := l.pingRequest()
	ping.ID = newID()
	if !now && w.gauge.flight() < soundFrom || !w.gauge.ask(question{ping: ping.ID}) {
		return nil
	}
	text, err := encode(ping.element())
	if err != nil {
		return err
	}
	l.tally.sends(&item{text: text})
	l.pacer.spend(len(text))
	return w.write(text)
}

// heard takes the answer to our ping and says whether it was that.
func (l *link) heard(w *wire, id string) bool {
	q, open := w.gauge.asks()
	if !open || q.ping == "" || q.ping != id {
		return false
	}
	l.answered(w)
	return true
}

// answered notes that our question was answered.
func (l *link) answered(w *wire) {
	if r, ok := w.gauge.answer(); ok {
		l.pacer.judge(r)
	}
	l.queue.rouse()
}

// manage takes what the server says about counting (XEP-0198).
func (l *link) manage(w *wire, e *Element) {
	switch e.Name.Local {
	case "enabled":
		l.tally.enabled(e)
	case "failed":
		l.tally.refused()
	case "r":
		l.acknowledge()
	case "a":
		if !l.tally.acknowledge(e.Attr("h")) {
			l.router.refused("acknowledgement")
			return
		}
		switch q, open := w.gauge.asks(); {
		case !open || q.ping != "":
		case l.tally.reached(q.upto):
			l.answered(w)
		default: // unasked, or by a server that counts late
			w.gauge.fallsShort()
		}
	}
}

// acknowledge tells the server what we have handled. It does not wait until that is written.
func (l *link) acknowledge() {
	text, err := encode(l.tally.acknowledgement())
	if err == nil {
		err = l.queue.put(&item{text: text, bare: true, done: make(chan error, 1)}, urgent)
	}
	l.unanswered("", err)
}

// part ends a connection. When the agent ends, it says goodbye first, within closeTimeout; what is in the middle of a
// stanza then can say nothing more.
func (l *link) part(ctx context.Context, w *wire, wrote <-chan struct{}) {
	defer w.conn.Close()
	if ctx.Err() == nil {
		return
	}
	stuck := time.AfterFunc(closeTimeout, func() { w.conn.Close() })
	defer stuck.Stop()
	<-wrote
	l.farewell(w)
}

func (l *link) farewell(w *wire) {
	words := []*Element{NewElement(nsClient, "presence", "type", "unavailable")}
	if on, _ := l.tally.counting(); on {
		words = append(words, l.tally.acknowledgement())
	}
	for _, word := range words {
		if err := w.say(word); err != nil {
			return
		}
	}
	_ = w.session.Close() // only writes </stream:stream>; the socket is ours
}
