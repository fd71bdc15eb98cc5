package quoalise

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"releve/buffer/statefile"
	"releve/federation/xmpp"
)

// Subscription is what one subscriber asked to be sent.
type Subscription struct {
	JID         string    `json:"jid"`         // bare
	Identifiers []string  `json:"identifiers"` // series or whole devices, sorted
	Receipts    bool      `json:"receipts"`    // its client acknowledges (XEP-0184)
	Since       time.Time `json:"since"`

	// Thinned says of which identifiers less than everything is wanted.
	Thinned map[string]Thinning `json:"thinned,omitempty"`
}

// Wants says whether a series was asked for.
func (s Subscription) Wants(series string) bool {
	return slices.ContainsFunc(s.Identifiers, func(id string) bool { return names(id, series) })
}

// Thinning says how much of a series is wanted, which may have several names. What was asked for the series itself
// counts before what was asked for its device.
func (s Subscription) Thinning(aliases ...string) Thinning {
	var of Thinning
	for _, id := range s.Identifiers {
		switch {
		case slices.Contains(aliases, id):
			return s.Thinned[id]
		case slices.ContainsFunc(aliases, func(name string) bool { return names(id, name) }):
			of = s.Thinned[id]
		}
	}
	return of
}

// Subscriptions is the list of subscribers, kept in a file. Changed tells of every change that was kept.
type Subscriptions struct {
	file    string // set once
	changed chan struct{}

	mu   sync.Mutex // guards everything below
	list map[string]Subscription
}

// Bounds against a subscriber that asks without end.
const (
	maxSubscribers = 200
	maxIdentifiers = 200
)

// OpenSubscriptions reads the list from its file, which need not exist yet. A file that cannot be understood is set
// aside under another name and its trouble returned beside a usable empty list: subscribers ask again.
func OpenSubscriptions(file string) (*Subscriptions, error) {
	s := &Subscriptions{file: file, changed: make(chan struct{}, 1), list: map[string]Subscription{}}
	list, err := statefile.Read(file, checkSubscriptions)
	for _, one := range list {
		s.list[one.JID] = one
	}
	if err == nil {
		return s, nil
	}
	err = fmt.Errorf("read subscriptions: %w", err)
	var damaged *statefile.Damaged
	if errors.As(err, &damaged) {
		return s, err
	}
	return nil, err
}

// checkSubscriptions: one address that is none makes it a file that is not understood: nobody can be sent what it says.
func checkSubscriptions(list []Subscription) error {
	for i, one := range list {
		if address, err := xmpp.ParseJID(one.JID); err != nil || address.Bare().String() != one.JID {
			return fmt.Errorf("subscription %d: jid is not a bare address", i+1)
		}
	}
	return nil
}

// Changed receives after changes; several may have happened.
func (s *Subscriptions) Changed() <-chan struct{} { return s.changed }

// All returns the subscriptions, sorted by address.
func (s *Subscriptions) All() []Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sorted()
}

func (s *Subscriptions) sorted() []Subscription {
	var all []Subscription
	for _, one := range s.list {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Subscription) int { return strings.Compare(a.JID, b.JID) })
	return all
}

// add keeps that a subscriber wants an identifier. Asking twice is no error and tells of a change all the same: a
// subscriber that comes back asks again, and what waits for it can go at once.
func (s *Subscriptions) add(jid, identifier string, thinning Thinning, receipts bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known := s.list[jid]
	if !known {
		one = Subscription{JID: jid}
	}
	one.Identifiers = append(slices.Clone(one.Identifiers), identifier)
	slices.Sort(one.Identifiers)
	one.Identifiers = slices.Compact(one.Identifiers)
	if !known && len(s.list) >= maxSubscribers || len(one.Identifiers) > maxIdentifiers {
		return &xmpp.StanzaError{Type: "wait", Condition: "resource-constraint", Text: "too many subscriptions"}
	}
	one.Receipts, one.Since = receipts, time.Now().UTC()
	one.Thinned = maps.Clone(one.Thinned)
	one.thin(identifier, thinning)
	return s.keep(jid, one)
}

// thin sets the thinning of an identifier: asking again without it wants everything again.
func (s *Subscription) thin(identifier string, t Thinning) {
	delete(s.Thinned, identifier)
	if t.isZero() {
		return
	}
	if s.Thinned == nil {
		s.Thinned = map[string]Thinning{}
	}
	s.Thinned[identifier] = t
}

// receipts says whether a subscriber's client is known to acknowledge.
func (s *Subscriptions) receipts(jid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list[jid].Receipts
}

// remove forgets every identifier that begins with prefix; nothing to forget is no error.
func (s *Subscriptions) remove(jid, prefix string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known := s.list[jid]
	if !known {
		return nil
	}
	one.Identifiers = slices.DeleteFunc(slices.Clone(one.Identifiers), func(id string) bool {
		return strings.HasPrefix(id, prefix)
	})
	one.Thinned = maps.Clone(one.Thinned)
	maps.DeleteFunc(one.Thinned, func(id string, _ Thinning) bool { return strings.HasPrefix(id, prefix) })
	if one.Wants(prefix) { // success would be a lie: the series would go on coming
		return xmpp.BadRequest("you subscribed to the whole device; unsubscribe from the device")
	}
	return s.keep(jid, one)
}

// keep writes the list with one subscription changed; only what was written holds.
func (s *Subscriptions) keep(jid string, one Subscription) error {
	before, known := s.list[jid]
	s.list[jid] = one
	if len(one.Identifiers) == 0 {
		delete(s.list, jid)
	}
	if err := statefile.Write(s.file, s.sorted()); err != nil {
		delete(s.list, jid)
		if known {
			s.list[jid] = before
		}
		return fmt.Errorf("write subscriptions: %w", err)
	}
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return nil
}
