package main

import (
	"errors"

	"releve/federation/consent"
	"releve/federation/ledger"
)

// Ask puts a grant on the list of what a person has to answer; by is who asks.
func (n *notary) Ask(g consent.Grant, by string) (consent.Consent, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, _ := n.time()
	return n.consents.Ask(g, by, at)
}

// Request is Ask by an address outside the house, for itself; the owners are told of it.
func (n *notary) Request(g consent.Grant, owners []string) (consent.Consent, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer rouse(n.news)
	at, _ := n.time()
	one, err := n.consents.Request(g, at, owners)
	if errors.Is(err, consent.ErrCrowded) {
		n.crowded++
	}
	return one, err
}

// turnedAway is how many requests from outside found no room.
func (n *notary) turnedAway() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.crowded
}

// Accept brings a consent in force; by is who says so: "terminal", "page", or an address. It is in the ledger then.
func (n *notary) Accept(id, by string) (consent.Consent, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer rouse(n.news)
	one, err := n.consents.Find(id)
	if err == nil {
		err = n.promised(one.Grant)
	}
	if err != nil {
		return one, err
	}
	at, _ := n.time()
	return n.consents.Accept(one.ID, by, at)
}

// AcceptAs is Accept in other terms than those that were asked for: the person's own, under another identifier.
func (n *notary) AcceptAs(id string, g consent.Grant, by string) (consent.Consent, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer rouse(n.news)
	if err := n.promised(g); err != nil {
		return consent.Consent{}, err
	}
	at, _ := n.time()
	id, err := n.consents.Amend(id, g)
	if err != nil {
		return consent.Consent{}, err
	}
	return n.consents.Accept(id, by, at)
}

// Refuse says no to what was asked for.
func (n *notary) Refuse(id, by string) (consent.Consent, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer rouse(n.news)
	at, _ := n.time()
	return n.consents.Refuse(id, by, at)
}

// Withdraw takes a consent back. Nothing more leaves under it once this returns, also when it returns an error.
func (n *notary) Withdraw(id, by string) (consent.Consent, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	one, err := n.consents.Find(id)
	if err != nil {
		return one, err
	}
	at, _ := n.time()
	one, err = n.consents.Withdraw(one.ID, by, at, n.tell(one.Grant))
	rouse(n.news)
	return one, errors.Join(err, n.recordUntold(), n.account(func(c *transfer) bool { return c.Consent == one.ID }))
}

// Changed records that somebody changed a setting of this agent, from something to something else. Call it before the
// change holds: what cannot be recorded must not be done.
func (n *notary) Changed(by, what, before, after string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.record(ledger.Entry{Kind: ledger.Change, By: by, Text: what, Before: before, After: after})
}

// transfers counts the entries of the ledger, and what will be one, of what left.
func (n *notary) transfers(is func(ledger.Entry) bool) (count int, err error) {
	s, err := ledger.Take(n.dir)
	if err != nil {
		return 0, err
	}
	entries, err := s.Entries()
	for _, e := range entries {
		if is(e.Entry) {
			count++
		}
	}
	for _, c := range n.tally.all() {
		if is(c.entry()) {
			count++
		}
	}
	return count, err
}

// EraseTransfers takes out of the ledger what it tells of what left, today too. That it was erased stays, as do consents.
func (n *notary) EraseTransfers(by string, is func(ledger.Entry) bool) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ledger == nil {
		return 0, errNoLedger
	}
	if err := n.account(func(c *transfer) bool { return is(c.entry()) }); err != nil {
		return 0, err
	}
	at, _ := n.time()
	count, err := n.ledger.Erase(at, by, is)
	if err == nil && count == 0 {
		err = errNothing
	}
	if count > 0 {
		n.heed(ledger.Entry{Kind: ledger.Erasure})
	}
	return count, err
}

// Erased records that readings were erased: only the fact, and how many.
func (n *notary) Erased(by, what string, count int) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.record(ledger.Entry{Kind: ledger.Erasure, By: by, Text: what, Count: count})
}
