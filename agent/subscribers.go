package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"releve/buffer"
	"releve/federation"
	"releve/federation/consent"
	"releve/federation/quoalise"
	"releve/federation/xmpp"
)

// cursorPrefix names the cursors of subscribers, before their address.
const cursorPrefix = "quoalise "

// subscribers keeps one delivery a subscriber, as subscriptions come and go.
type subscribers struct {
	subscriptions *quoalise.Subscriptions
	session       quoalise.Poster
	buffer        *buffer.Buffer
	known         <-chan struct{} // closed once the time is known
	book          *consent.Book
	describe      func(path string) quoalise.Measurement
	rhythm        time.Duration
	log           *slog.Logger

	mu      sync.Mutex // guards everything below
	running map[string]*running
}

// running is one delivery and what ends it.
type running struct {
	subscription quoalise.Subscription
	delivery     *federation.Delivery
	wake         chan struct{}
	stop         context.CancelFunc
	done         chan struct{}
}

// String names the task.
func (s *subscribers) String() string { return "subscribers" }

// Run follows the subscriptions until ctx ends and every delivery has stopped.
func (s *subscribers) Run(ctx context.Context) error {
	defer s.stopAll()
	for {
		var again <-chan time.Time
		if err := s.follow(ctx); err != nil { // those that could be served are
			s.log.Warn("subscribers not all served", "error", err, "retry_in", restart)
			again = time.After(restart)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.subscriptions.Changed():
		case <-again:
		}
	}
}

// follow starts and stops deliveries until they are as the subscriptions want them. A changed subscription starts its
// delivery anew: a subscriber that came back asks again, and what waits for it goes at once.
func (s *subscribers) follow(ctx context.Context) error {
	wanted := map[string]quoalise.Subscription{}
	for _, one := range s.subscriptions.All() {
		wanted[one.JID] = one
	}
	ending := map[string]<-chan struct{}{}
	for jid, r := range s.snapshot() {
		if one, still := wanted[jid]; !still || !same(one, r.subscription) {
			ending[jid] = s.stop(jid)
		}
	}
	errs := []error{s.forget(wanted)}
	going := s.snapshot()
	for jid, one := range wanted {
		if going[jid] == nil {
			errs = append(errs, s.start(ctx, one, ending[jid]))
		}
	}
	return errors.Join(errs...)
}

// same says whether a delivery can go on as it is.
func same(a, b quoalise.Subscription) bool {
	return a.Since.Equal(b.Since) && a.Receipts == b.Receipts && slices.Equal(a.Identifiers, b.Identifiers)
}

// forget removes the cursors of those who no longer subscribe, also when that was before a crash: who subscribes
// again later begins with what comes then.
func (s *subscribers) forget(wanted map[string]quoalise.Subscription) error {
	var errs []error
	for _, c := range s.buffer.Cursors() {
		jid, ours := strings.CutPrefix(c.Name, cursorPrefix)
		if _, still := wanted[jid]; ours && !still {
			errs = append(errs, s.buffer.RemoveCursor(c.Name))
		}
	}
	return errors.Join(errs...)
}

// start begins a delivery once the one before it, if any, has ended: a send over a link that died without a word may
// take a minute to end, which delays nobody else.
func (s *subscribers) start(ctx context.Context, one quoalise.Subscription, before <-chan struct{}) error {
	address, err := xmpp.ParseJID(one.JID)
	if err != nil {
		return fmt.Errorf("start delivery to %s: %w", one.JID, err)
	}
	place, err := s.buffer.Cursor(cursorPrefix+one.JID, buffer.Now())
	if err != nil {
		return fmt.Errorf("start delivery to %s: %w", one.JID, err)
	}
	ctx, stop := context.WithCancel(ctx)
	wake := make(chan struct{}, 1)
	r := &running{
		subscription: one,
		delivery: &federation.Delivery{
			Recipient: &quoalise.Subscriber{Session: s.session, JID: address, Receipts: one.Receipts, Describe: s.describe},
			Cursor:    cursor{place, s.known},
			Gate:      s.book.Gate(one.JID, one.Wants),
			Rhythm:    s.rhythm,
			Wake:      wake,
			Log:       s.log,
		},
		wake: wake,
		stop: stop,
		done: make(chan struct{}),
	}
	s.mu.Lock()
	s.running[one.JID] = r
	s.mu.Unlock()
	go func() {
		defer close(r.done)
		if before != nil {
			<-before
		}
		keep(ctx, s.log, r.delivery)
	}()
	return nil
}

// wake makes every delivery that waits to try again do so now.
func (s *subscribers) wake(context.Context) {
	for _, r := range s.snapshot() {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// stop tells a delivery to end and returns what is closed once it has.
func (s *subscribers) stop(jid string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.running[jid]
	delete(s.running, jid)
	r.stop()
	return r.done
}

func (s *subscribers) stopAll() {
	var ending []<-chan struct{}
	for jid := range s.snapshot() {
		ending = append(ending, s.stop(jid))
	}
	for _, done := range ending {
		<-done
	}
}

func (s *subscribers) snapshot() map[string]*running {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]*running{}
	for jid, r := range s.running {
		all[jid] = r
	}
	return all
}

// deliveries returns what runs now, by address.
func (s *subscribers) deliveries() []*running {
	var all []*running
	for _, r := range s.snapshot() {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *running) int { return strings.Compare(a.subscription.JID, b.subscription.JID) })
	return all
}
