package quoalise

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"releve/federation"
	"releve/federation/xmpp"
	"releve/senml"
)

const (
	recordsPerMessage = 1000             // as the federation's own publisher
	receiptTimeout    = 60 * time.Second // for the messages of one pack
	bounceTimeout     = 3 * time.Second  // how long a message to a client that never acknowledges may come back
)

// Subscriber is a recipient: it pushes packs to one subscriber as messages of one series each.
type Subscriber struct {
	Session  Poster
	JID      xmpp.JID // bare
	Receipts bool     // its client acknowledges
	Describe func(path string) Measurement
	Terms    func(name string) []string // what was agreed to about what is sent; may be nil
}

var _ federation.Gradual = (*Subscriber)(nil)

// String is the subscriber's address.
func (s *Subscriber) String() string { return s.JID.String() }

// Send pushes p and waits until the subscriber's client acknowledged every message of it. From a client that never
// acknowledges, no bounce for a while is the strongest sign there is. A message that cannot be sent for good holds up
// none of the others.
func (s *Subscriber) Send(ctx context.Context, p senml.Pack) error {
	return s.SendWhile(ctx, p, func() error { return nil })
}

// SendWhile is Send while all of p is granted, which is asked before each message, and when it is written.
func (s *Subscriber) SendWhile(ctx context.Context, p senml.Pack, granted func() error) error {
	ctx = xmpp.While(ctx, granted)
	var open []*xmpp.Receipt
	var refused error
	for _, data := range s.messages(p) {
		receipts, err := s.post(ctx, data, granted)
		open = append(open, receipts...)
		switch {
		case errors.Is(err, federation.ErrRefused):
			refused = err
		case err != nil:
			abandon(open)
			return err
		}
	}
	if err := s.settle(ctx, open); err != nil {
		return err
	}
	if err := s.confirm(ctx, open); err != nil {
		return err
	}
	return refused
}

// confirm makes sure, for a client that never acknowledges, that at least our server has the messages: a link that
// died without a word takes everything and bounces nothing. To ask over the link of the first message is enough; it
// is the link of all, or it is gone.
func (s *Subscriber) confirm(ctx context.Context, open []*xmpp.Receipt) error {
	if s.Receipts || len(open) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, receiptTimeout)
	defer cancel()
	if err := open[0].Confirm(ctx); err != nil {
		return fmt.Errorf("wait for our server to take messages to %s: %w", s.JID, err)
	}
	return nil
}

// post sends data as one message, or as several when long texts make it larger than a stanza may be.
func (s *Subscriber) post(ctx context.Context, data Data, granted func() error) ([]*xmpp.Receipt, error) {
	element, err := data.Element()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", federation.ErrRefused, err)
	}
	if err := granted(); err != nil {
		return nil, err
	}
	receipt, err := s.Session.Post(ctx, s.JID, element, s.Receipts)
	switch {
	case (errors.Is(err, xmpp.ErrTooBig) || errors.Is(err, xmpp.ErrNoRoom)) && len(data.Records) > 1:
		return s.postHalves(ctx, data, granted)
	case errors.Is(err, xmpp.ErrTooBig):
		return nil, fmt.Errorf("%w: %w", federation.ErrRefused, err)
	case errors.Is(err, xmpp.ErrNoRoom): // there may be some later
		return nil, fmt.Errorf("%w: %w", federation.ErrStopped, err)
	case err != nil:
		return nil, err
	}
	return []*xmpp.Receipt{receipt}, nil
}

func (s *Subscriber) postHalves(ctx context.Context, data Data, granted func() error) ([]*xmpp.Receipt, error) {
	first, second := data, data
	half := len(data.Records) / 2
	first.Records, second.Records = data.Records[:half], data.Records[half:]
	open, err := s.post(ctx, first, granted)
	if err != nil && !errors.Is(err, federation.ErrRefused) {
		return open, err
	}
	more, errSecond := s.post(ctx, second, granted)
	if errSecond != nil {
		err = errSecond
	}
	return append(open, more...), err
}

// messages sorts the records of p by series, in the order in which series first appear, and splits long ones.
func (s *Subscriber) messages(p senml.Pack) []Data {
	var order []string
	series := map[string]senml.Pack{}
	for _, r := range p {
		if _, known := series[r.Name]; !known {
			order = append(order, r.Name)
		}
		series[r.Name] = append(series[r.Name], r)
	}
	var messages []Data
	for _, name := range order {
		measurement, terms := s.measurement(name), s.terms(name)
		for records := series[name]; len(records) > 0; {
			n := min(len(records), recordsPerMessage)
			messages = append(messages, Data{Name: name, Measurement: measurement, Records: records[:n], Terms: terms})
			records = records[n:]
		}
	}
	return messages
}

func (s *Subscriber) terms(name string) []string {
	if s.Terms == nil {
		return nil
	}
	return s.Terms(name)
}

// measurement is what a series measures, or one that was rolled up because it was granted no finer.
func (s *Subscriber) measurement(name string) Measurement {
	series, wanted := splitRollUp(name)
	m := s.Describe(PathOf(series))
	if wanted == (rollUp{}) {
		return m
	}
	if wanted.aggregation != first {
		m.Aggregation = wanted.aggregation
	}
	m.SamplingInterval = string(wanted.resolution)
	return m
}

// settle waits for the fate of all messages at once: one that keeps silent must not hide the bounce of another. What
// came back for the moment counts more than what was refused for good: all of it is sent again.
func (s *Subscriber) settle(ctx context.Context, open []*xmpp.Receipt) error {
	limit := receiptTimeout
	if !s.Receipts {
		limit = bounceTimeout
	}
	waitCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	fates := make([]error, len(open))
	var group sync.WaitGroup
	for i, receipt := range open {
		group.Go(func() { fates[i] = receipt.Wait(waitCtx) })
	}
	group.Wait()
	if err := s.measure(ctx, open, fates); err != nil {
		return err
	}
	var refused error
	for _, fate := range fates {
		err := s.verdict(ctx, fate, limit)
		switch {
		case errors.Is(err, federation.ErrRefused):
			refused = err
		case err != nil:
			return err
		}
	}
	return refused
}

// measure tells the room of the recipient what came of all messages. One that came back for its size is an error: all is
// sent again, in shorter ones, or stops when there are none.
func (s *Subscriber) measure(ctx context.Context, open []*xmpp.Receipt, fates []error) error {
	var silent, large, taken *xmpp.Receipt // the longest of each
	var refusal *xmpp.StanzaError
	for i, receipt := range open {
		var told *xmpp.StanzaError
		switch fate := fates[i]; {
		case fate == nil:
			taken = longer(taken, receipt)
		case errors.As(fate, &told) && told.TooLarge():
			large, refusal = longer(large, receipt), told
		case errors.Is(fate, context.DeadlineExceeded) && ctx.Err() == nil && s.Receipts:
			silent = longer(silent, receipt)
		}
	}
	switch {
	case large != nil && large.Room.TooLarge(large.Size):
		return fmt.Errorf("a message of %d bytes to %s came back, shorter ones follow: %w", large.Size, s.JID, refusal)
	case large != nil:
		return fmt.Errorf("%w: %s takes not even a message of %d bytes: %w", federation.ErrStopped, s.JID, large.Size, refusal)
	case taken != nil && longer(silent, taken) == taken: // what keeps silent is not for its size
		taken.Room.Took(taken.Size)
	case silent != nil:
		silent.Room.Silent(silent.Size)
	}
	return nil
}

// longer returns the receipt of the longer message, of two that are as long the second; nil is none.
func longer(a, b *xmpp.Receipt) *xmpp.Receipt {
	if a == nil || a.Size <= b.Size {
		return b
	}
	return a
}

// verdict says what the fate of a message means for its pack.
func (s *Subscriber) verdict(ctx context.Context, fate error, limit time.Duration) error {
	silent := errors.Is(fate, context.DeadlineExceeded) && ctx.Err() == nil
	var bounce *xmpp.StanzaError
	switch {
	case fate == nil, silent && !s.Receipts:
		return nil
	case silent:
		return fmt.Errorf("%w from %s within %s", federation.ErrSilent, s.JID, limit)
	case errors.As(fate, &bounce) && !bounce.Temporary():
		return fmt.Errorf("%w by %s: %w", federation.ErrRefused, s.JID, fate)
	case bounce == nil:
		return fmt.Errorf("wait for %s: %w", s.JID, fate)
	default:
		return fmt.Errorf("message to %s came back: %w", s.JID, fate)
	}
}

// abandon gives up waiting for messages that will be sent again: forgotten ones cost no memory.
func abandon(open []*xmpp.Receipt) {
	for _, receipt := range open {
		receipt.Forget()
	}
}
