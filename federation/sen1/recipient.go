package sen1

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"releve/federation"
	"releve/federation/xmpp"
	"releve/senml"
)

// Poster is what a recipient needs of the session. *xmpp.Client is one.
type Poster interface {
	PostChat(ctx context.Context, to xmpp.JID, payload *xmpp.Element) (*xmpp.Receipt, error)
	Query(ctx context.Context, typ string, to xmpp.JID, payload *xmpp.Element) (*xmpp.Element, error)
}

var _ Poster = (*xmpp.Client)(nil)

// Recipient hands packs to a proxy of the proof of concept.
//
// Such a proxy acknowledges nothing, not even that it is there. Taken for delivered is what came back from nowhere by the
// time that the proxy's server has answered a ping: stanzas from us to it stay in order (RFC 6120 §10.1), so that it has
// all of them then, and would have returned what it cannot hand on or keep. What a proxy loses after that, nobody tells.
type Recipient struct {
	Session  Poster
	To       xmpp.JID // bare
	Username string   // of whose data it is that no route says
	Source   string   // our application
	Target   string   // its application
	Location *time.Location
}

var _ federation.Gradual = (*Recipient)(nil)

// String is the proxy's address.
func (r *Recipient) String() string { return r.To.String() }

const (
	dataPerMessage = 500 // as the proxies
	answerTimeout  = time.Minute
	bounceTimeout  = time.Second // after the answer, for bounces that another thread of the server sent
)

const nsPing = "urn:xmpp:ping" // XEP-0199

// Send hands on a pack: a message for each series, and a ping behind them.
func (r *Recipient) Send(ctx context.Context, p senml.Pack) error {
	return r.SendWhile(ctx, p, func() error { return nil })
}

// SendWhile is Send while all of p is granted, which is asked when a message is written.
func (r *Recipient) SendWhile(ctx context.Context, p senml.Pack, granted func() error) error {
	ctx = xmpp.While(ctx, granted)
	var open []*xmpp.Receipt
	defer func() {
		for _, receipt := range open {
			receipt.Forget()
		}
	}()
	var refused error
	for _, m := range r.messages(p) {
		receipts, err := r.post(ctx, m)
		open = append(open, receipts...)
		switch {
		case errors.Is(err, federation.ErrRefused):
			refused = err
		case err != nil:
			return err
		}
	}
	if len(open) == 0 {
		return refused
	}
	if err := r.ping(ctx); err != nil {
		return err
	}
	if err := r.bounces(ctx, open); err != nil {
		return err
	}
	return refused
}

// post sends a message, or halves of it when it is larger than may be sent.
func (r *Recipient) post(ctx context.Context, m Message) ([]*xmpp.Receipt, error) {
	receipt, err := r.Session.PostChat(ctx, r.To, m.element(r.Location))
	switch {
	case (errors.Is(err, xmpp.ErrTooBig) || errors.Is(err, xmpp.ErrNoRoom)) && len(m.Data) > 1:
		first, second := m, m
		first.Data, second.Data = m.Data[:len(m.Data)/2], m.Data[len(m.Data)/2:]
		open, err := r.post(ctx, first)
		if err != nil && !errors.Is(err, federation.ErrRefused) {
			return open, err
		}
		more, errSecond := r.post(ctx, second)
		return append(open, more...), cmp.Or(errSecond, err)
	case errors.Is(err, xmpp.ErrTooBig):
		return nil, fmt.Errorf("%w: %w", federation.ErrRefused, err)
	case errors.Is(err, xmpp.ErrNoRoom): // there may be some later
		return nil, fmt.Errorf("%w: %w", federation.ErrStopped, err)
	case err != nil:
		return nil, err
	}
	return []*xmpp.Receipt{receipt}, nil
}

// ping waits for any answer of the proxy's server. One that our own gives, because it does not reach it, is none.
func (r *Recipient) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	_, err := r.Session.Query(ctx, "get", r.To, xmpp.NewElement(nsPing, "ping"))
	var told *xmpp.StanzaError
	if errors.As(err, &told) && !strings.HasPrefix(told.Condition, "remote-server-") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("wait for the server of %s: %w", r.To, err)
	}
	return nil
}

// bounces says what came back.
func (r *Recipient) bounces(ctx context.Context, open []*xmpp.Receipt) error {
	waiting, cancel := context.WithTimeout(ctx, bounceTimeout)
	defer cancel()
	var refused error
	for _, receipt := range open {
		fate := receipt.Wait(waiting)
		var bounce *xmpp.StanzaError
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case fate == nil, errors.Is(fate, context.DeadlineExceeded):
		case errors.As(fate, &bounce) && bounce.Condition == "service-unavailable": // nobody is there, and nothing is kept
			return fmt.Errorf("%s is not connected: %w", r.To, fate)
		case errors.As(fate, &bounce) && !bounce.Temporary():
			refused = fmt.Errorf("%w by %s: %w", federation.ErrRefused, r.To, fate)
		default:
			return fmt.Errorf("message to %s came back: %w", r.To, fate)
		}
	}
	return refused
}

// messages sorts records by where they go, in the order in which they first appear, and by type, for a message has one.
// Bytes have no form there and are left out.
func (r *Recipient) messages(p senml.Pack) []Message {
	type leg struct{ name, unit, typ string }
	var all []*Message
	open := map[leg]*Message{}
	for _, record := range p {
		if record.Value.Kind() == senml.Data {
			continue
		}
		l := leg{record.Name, record.Unit, typeOf(record.Value)}
		m := open[l]
		if m == nil || len(m.Data) == dataPerMessage {
			m = r.message(l.name, l.unit, l.typ)
			open[l] = m
			all = append(all, m)
		}
		at := time.UnixMilli(int64(record.Time*1000 + 0.5))
		m.Data = append(m.Data, Datum{Value: record.Value, Time: at})
	}
	var list []Message
	for _, m := range all {
		list = append(list, *m)
	}
	return list
}

// message is an empty message of a series. A route names the device as [USERNAME/]NAME.
func (r *Recipient) message(name, unit, typ string) *Message {
	place := federation.PlaceOf(name)
	m := Message{
		Username: r.Username, Name: cmp.Or(place.Device, place.URN), Metaname: cmp.Or(place.Item, place.Path),
		Unit: unit, Type: typ, Source: r.Source, To: r.Target,
	}
	if user, device, both := strings.Cut(place.Device, "/"); both {
		m.Username, m.Name = user, device
	}
	return &m
}
