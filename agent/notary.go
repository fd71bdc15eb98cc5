package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"releve/agent/status"
	"releve/federation/consent"
	"releve/federation/ledger"
)

// notary writes into the ledger what holds in this house: the software that runs, and the consents of the
// configuration as they are given, taken back and come to their end. A ledger that cannot be written is said on the
// page; measuring goes on.
type notary struct {
	dir    string // set once
	grants []consent.Grant
	now    func() (t time.Time, known bool)
	log    *slog.Logger

	mu       sync.Mutex // guards everything below
	ledger   *ledger.Ledger
	standing map[string]ledger.Entry // the consents the ledger holds to be given, by identifier
	version  string                  // the last it knows of
	trouble  error
}

// openLedger begins to record. The file it is in may not be there yet, or its disk may be full: see Run.
func (a *agent) openLedger(context.Context) error {
	a.notary = &notary{dir: a.state("ledger"), grants: a.cfg.Grants, now: a.clock.Now, log: a.log}
	a.notary.look()
	return nil
}

// String names the task.
func (n *notary) String() string { return "ledger" }

// Run looks every minute whether a consent came to its end, or the ledger can be written again.
func (n *notary) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			n.look()
		}
	}
}

// look records what is not recorded yet.
func (n *notary) look() {
	n.mu.Lock()
	defer n.mu.Unlock()
	err := n.open()
	if err == nil {
		err = n.reconcile()
	}
	if err != nil && (n.trouble == nil || n.trouble.Error() != err.Error()) {
		n.log.Error("ledger not written", "error", err)
	}
	n.trouble = err
}

// open opens the ledger unless it is open, and reads what it holds.
func (n *notary) open() error {
	if n.ledger != nil {
		return nil
	}
	at, _ := n.time()
	l, err := ledger.Open(n.dir, at)
	if l == nil {
		return err
	}
	if err != nil {
		n.log.Warn("ledger begun anew", "error", err)
	}
	if err := n.recall(); err != nil {
		return errors.Join(err, l.Close())
	}
	n.ledger = l
	return nil
}

// recall reads from the ledger which consents are given and which version ran last.
func (n *notary) recall() error {
	s, err := ledger.Take(n.dir)
	if err != nil {
		return err
	}
	entries, err := s.Entries()
	if err != nil {
		return err
	}
	n.standing, n.version = map[string]ledger.Entry{}, ""
	for _, e := range entries {
		switch e.Entry.Kind {
		case ledger.Grant:
			n.standing[e.Entry.Consent] = e.Entry
		case ledger.Withdrawal, ledger.Lapse:
			delete(n.standing, e.Entry.Consent)
		case ledger.Software:
			n.version = e.Entry.After
		}
	}
	return nil
}

// reconcile records how what holds now differs from what the ledger says. A consent that cannot be recorded keeps none of
// the others out.
func (n *notary) reconcile() error {
	if running := versionText(); running != n.version {
		if err := n.record(ledger.Entry{Kind: ledger.Software, Before: n.version, After: running}); err != nil {
			return err
		}
		n.version = running
	}
	var errs []error
	given := map[string]bool{}
	for _, g := range n.grants {
		given[g.ID()] = true
		errs = append(errs, n.follow(g))
	}
	for _, id := range slices.Sorted(maps.Keys(n.standing)) {
		if given[id] {
			continue
		}
		errs = append(errs, n.end(ledger.Withdrawal, n.standing[id]))
	}
	return errors.Join(errs...)
}

// follow records that a consent was given, or that it came to its end. One that has an end does not hold before the time
// is known.
func (n *notary) follow(g consent.Grant) error {
	now, known := n.time()
	e, stands := n.standing[g.ID()]
	switch over := known && g.Over(now); {
	case over && stands:
		return n.end(ledger.Lapse, e)
	case over, stands, !known && !g.Until.IsZero():
		return nil
	}
	e = ledger.Entry{
		Kind: ledger.Grant, By: "file", Recipient: g.To, Consent: g.ID(), Series: g.Covered(), Finest: g.Resolution,
		Identity: g.Identity, To: g.Until, Text: g.Purpose,
	}
	if err := n.record(e); err != nil {
		return err
	}
	n.standing[g.ID()] = e
	return nil
}

// end records the end of a consent.
func (n *notary) end(kind ledger.Kind, given ledger.Entry) error {
	e := ledger.Entry{Kind: kind, Recipient: given.Recipient, Consent: given.Consent}
	if kind == ledger.Withdrawal {
		e.By = "file"
	}
	if err := n.record(e); err != nil {
		return err
	}
	delete(n.standing, given.Consent)
	return nil
}

func (n *notary) record(e ledger.Entry) error {
	e.At, _ = n.time()
	_, err := n.ledger.Append(e)
	return err
}

// time is zero while it is not known: a wrong date would be signed for ever.
func (n *notary) time() (time.Time, bool) {
	now, known := n.now()
	if !known {
		return time.Time{}, false
	}
	return now, true
}

// close closes the ledger.
func (n *notary) close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ledger == nil {
		return nil
	}
	return n.ledger.Close()
}

func (n *notary) finding() status.Finding {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.trouble == nil {
		return status.Finding{}
	}
	return status.Finding{
		State:  status.Warning,
		Text:   status.Say("Le registre des consentements ne peut pas être écrit.", "The ledger of consents cannot be written."),
		Advice: status.Sayf("Vérifiez la place qui reste sur la carte, et le dossier %s.", "Check the space left on the card, and the folder %s.", filepath.Base(n.dir)),
		Detail: n.trouble.Error(),
	}
}
