package main

import (
	"cmp"
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

// The cursors of subscribers, before their address.
const (
	cursorPrefix = "quoalise "
	slowPrefix   = "quoalise-slow "
)

// subscribers keeps two deliveries a subscriber, as subscriptions come and go: one of the slow series, whose records wait
// for more of them, and one of the others. Each series needs a message of its own, which is 600 bytes before the first
// record, and a meter has more slow series than others.
type subscribers struct {
	subscriptions *quoalise.Subscriptions
	session       quoalise.Poster
	buffer        *buffer.Buffer
	known         <-chan struct{} // closed once the time is known
	book          *consent.Book
	notary        *notary // nil owes nobody anything
	describe      func(path string) quoalise.Measurement
	slow          func(path string) bool // whether a series may wait
	rhythm        time.Duration
	slowRhythm    time.Duration
	log           *slog.Logger
	vigil         *vigil

	mu      sync.Mutex // guards everything below
	running map[string]*running
}

// running is the deliveries of one subscriber and what ends them.
type running struct {
	subscription quoalise.Subscription
	delivery     *federation.Delivery // of what may not wait
	slow         *federation.Delivery
	wakes        []chan struct{}
	stop         context.CancelFunc
	done         chan struct{}
}

// pending is how many packs wait, in the places of both deliveries. What gathers on purpose does not count.
func (r *running) pending(place, slow buffer.CursorStats) uint64 {
	if time.Now().Before(r.slow.Stats().Rest) {
		return place.Pending
	}
	return max(place.Pending, slow.Pending)
}

// stats are those of both deliveries.
func (r *running) stats() federation.Stats {
	stats, slow := r.delivery.Stats(), r.slow.Stats()
	stats.Records += slow.Records
	stats.Refused += slow.Refused
	stats.Refusal = cmp.Or(stats.Refusal, slow.Refusal)
	if slow.Last.After(stats.Last) {
		stats.Last = slow.Last
	}
	stats.Err = cmp.Or(stats.Err, slow.Err)
	return stats
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
		for _, prefix := range []string{cursorPrefix, slowPrefix} {
			jid, ours := strings.CutPrefix(c.Name, prefix)
			if _, still := wanted[jid]; ours && !still {
				errs = append(errs, s.buffer.RemoveCursor(c.Name), s.book.Forget(c.Name))
			}
		}
	}
	return errors.Join(errs...)
}

// start begins the deliveries to a subscriber once those before them, if any, have ended: a send over a link that died
// without a word may take a minute to end, which delays nobody else.
func (s *subscribers) start(ctx context.Context, one quoalise.Subscription, before <-chan struct{}) error {
	ctx, stop := context.WithCancel(ctx)
	r := &running{subscription: one, stop: stop, done: make(chan struct{})}
	var err error
	if r.slow, err = s.delivery(r, slowPrefix, max(s.slowRhythm, s.rhythm), s.slow); err == nil {
		r.delivery, err = s.delivery(r, cursorPrefix, s.rhythm, func(path string) bool { return !s.slow(path) })
	}
	if err != nil {
		stop()
		return fmt.Errorf("start delivery to %s: %w", one.JID, err)
	}
	s.mu.Lock()
	s.running[one.JID] = r
	s.mu.Unlock()
	go func() {
		defer close(r.done)
		if before != nil {
			<-before
		}
		var both sync.WaitGroup
		both.Go(func() { // what may wait lets the rest go first
			select {
			case <-ctx.Done():
			case <-time.After(s.rhythm):
				keep(ctx, s.log, r.slow)
			}
		})
		both.Go(func() { keep(ctx, s.log, r.delivery) })
		both.Wait()
	}()
	return nil
}

// delivery returns the delivery of those series of a subscription whose path takes is true of.
func (s *subscribers) delivery(r *running, prefix string, rhythm time.Duration, takes func(path string) bool) (*federation.Delivery, error) {
	one := r.subscription
	address, err := xmpp.ParseJID(one.JID)
	if err != nil {
		return nil, err
	}
	place, err := s.buffer.Cursor(prefix+one.JID, buffer.Now())
	if err != nil {
		return nil, err
	}
	wake := make(chan struct{}, 1)
	r.wakes = append(r.wakes, wake)
	gate := s.book.Gate(one.JID, prefix+one.JID, func(name string) bool { return one.Wants(name) && takes(quoalise.PathOf(name)) })
	return &federation.Delivery{
		Recipient: after{&quoalise.Subscriber{Session: s.session, JID: address, Receipts: one.Receipts, Describe: s.describe, Terms: gate.Terms}, one.JID, s.notary},
		Cursor:    cursor{place, s.known},
		Gate:      s.thinned(one, takes, gate),
		Rhythm:    rhythm,
		Wake:      wake,
		Log:       s.log,
		Step:      s.vigil.pulse("delivery to " + one.JID).within,
	}, nil
}

// thinned leaves out before a gate what a subscriber asked to be left out of the series that takes is true of.
func (s *subscribers) thinned(one quoalise.Subscription, takes func(path string) bool, gate federation.Gate) federation.Gate {
	if len(one.Thinned) == 0 {
		return gate
	}
	return &quoalise.Sieve{
		Next: gate,
		Wanted: func(local string) quoalise.Thinning {
			if _, path, _ := strings.Cut(local, "/"); !takes(path) {
				return quoalise.Thinning{}
			}
			return one.Thinning(s.book.Aliases(one.JID, local)...)
		},
		History: archive{buffer: s.buffer, now: time.Now}.everything,
		Log:     s.log,
	}
}

// wake makes every delivery that waits to try again do so now.
func (s *subscribers) wake(context.Context) {
	for _, r := range s.snapshot() {
		for _, wake := range r.wakes {
			rouse(wake)
		}
	}
}

// stop tells the deliveries to a subscriber to end and returns what is closed once they have.
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

// deliveries returns what runs now, by address of the subscriber.
func (s *subscribers) deliveries() []*running {
	var all []*running
	for _, r := range s.snapshot() {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *running) int { return strings.Compare(a.subscription.JID, b.subscription.JID) })
	return all
}
