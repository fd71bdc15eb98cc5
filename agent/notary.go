package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"releve/agent/status"
	"releve/federation/consent"
	"releve/federation/ledger"
)

// notary writes into the ledger what holds in this house: the software that runs, and the consents as they are given,
// taken back and come to their end. Whoever answers a consent does it here (answer.go). A ledger that cannot be
// written is said on the page; measuring goes on.
type notary struct {
	dir      string // set once
	reader   *ledger.Reader
	consents *consent.Consents
	now      func() (t time.Time, known bool)
	tally    *tally
	tell     func(consent.Grant) []consent.Notice // what is owed once it is withdrawn
	onTrial  func() bool                          // whether the configuration may yet be taken back
	promised func(consent.Grant) error            // why one must not be accepted
	finish   func()                               // says what there is to record since
	location *time.Location
	news     chan struct{} // receives when somebody is to be told
	log      *slog.Logger

	mu        sync.Mutex // guards everything below, and every change of the consents
	ledger    *ledger.Ledger
	standing  map[string]ledger.Entry // the consents the ledger holds to be given, by identifier
	said      map[string]ledger.Entry // its last word on each
	lost      map[string]ledger.Entry // what sources have withdrawn or erased, see lostKey
	untold    map[string]bool         // whom it says a person has to tell, by consent and recipient
	accounted map[string]string       // digest of the last transfer it has, by recipient and consent
	version   string                  // the last it knows of
	erased    int                     // how many erasures it has
	warned    map[string]bool         // of which it was said that they come to their end
	crowded   int                     // requests from outside for which there was no room, since the start
	trouble   error
}

// openLedger prepares to record. The folder may not be there yet, or its disk may be full: see Run.
func (a *agent) openLedger(context.Context) error {
	consents, err := consent.OpenConsents(a.state(consentsFile))
	if consents == nil {
		return err
	}
	if err != nil {
		a.log.Warn("consents lost", "error", err)
	}
	a.notary = newNotary(a.state("ledger"), consents, a.clock.Now, a.log)
	a.notary.location = a.cfg.Agent.Location
	a.notary.tally, err = openTally(a.state("transfers.json"), a.log)
	return err
}

func newNotary(dir string, consents *consent.Consents, now func() (time.Time, bool), log *slog.Logger) *notary {
	n := &notary{dir: dir, reader: ledger.NewReader(dir), consents: consents, now: now, tell: func(consent.Grant) []consent.Notice { return nil }, onTrial: func() bool { return false }, promised: func(consent.Grant) error { return nil }, finish: func() {}, log: log, news: make(chan struct{}, 1), warned: map[string]bool{}}
	consents.Record = n.recordConsent
	return n
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
			n.finish()
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
		err = errors.Join(n.reconcile(), n.recordUntold(), n.account(n.isOver))
	}
	if err != nil && (n.trouble == nil || n.trouble.Error() != err.Error()) {
		n.log.Error("ledger not written", "error", err)
	}
	n.trouble = err
	n.warn()
}

// isOver says whether a count is of a day that is over. What is on its way at midnight has an hour to arrive.
func (n *notary) isOver(c *transfer) bool {
	now, known := n.time()
	day := midnight(now, n.location)
	return known && c.Since.Before(day) && (c.Afloat == 0 || now.Sub(day) > time.Hour)
}

// account writes what was sent into the ledger, where is says that it is time.
func (n *notary) account(is func(*transfer) bool) error {
	if n.tally == nil {
		return nil
	}
	return n.tally.settle(is, func(e ledger.Entry) error {
		if c, err := n.consents.Find(e.Consent); err == nil {
			e.Series, e.Finest, e.Identity = c.Grant.Covered(), string(c.Grant.Resolution), c.Grant.Identity
		}
		if e.Digest == n.accounted[e.Recipient+" "+e.Consent] { // a cut came between the entry and the file of what is counted
			return nil
		}
		return n.record(e)
	})
}

// warn logs once of each consent that it comes to its end.
func (n *notary) warn() {
	now, known := n.time()
	for _, c := range n.consents.All() {
		if known && c.EndsSoon(now) && !n.warned[c.ID] {
			n.warned[c.ID] = true
			n.log.Warn("consent ends soon", "consent", c.ID, "recipient", c.Grant.To, "until", c.Grant.Until)
		}
	}
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
	return n.consents.Settle(n.word, n.tell)
}

// word is the ledger's last word on a consent.
func (n *notary) word(id string) (consent.State, string) {
	e := n.said[id]
	return map[ledger.Kind]consent.State{ledger.Grant: consent.InForce, ledger.Refusal: consent.Refused, ledger.Withdrawal: consent.Withdrawn}[e.Kind], e.By
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
	n.standing, n.said, n.lost, n.untold, n.version = map[string]ledger.Entry{}, map[string]ledger.Entry{}, map[string]ledger.Entry{}, map[string]bool{}, ""
	n.erased, n.accounted = 0, map[string]string{}
	for _, e := range entries {
		n.heed(e.Entry)
	}
	return nil
}

// heed notes what an entry means for what stands.
func (n *notary) heed(e ledger.Entry) {
	switch e.Kind {
	case ledger.Grant:
		n.standing[e.Consent], n.said[e.Consent] = e, e
		maps.DeleteFunc(n.untold, func(of string, _ bool) bool { return strings.HasPrefix(of, e.Consent+" ") })
	case ledger.Refusal:
		n.said[e.Consent] = e
	case ledger.Withdrawal, ledger.Lapse:
		delete(n.standing, e.Consent)
		n.said[e.Consent] = e
	case ledger.Untold:
		n.untold[e.Consent+" "+e.Recipient] = true
	case ledger.Acknowledgement:
		if e.Text == bySource || e.Text == erasedBySource {
			n.lost[lostKey(e)] = e
		}
	case ledger.Transfer:
		n.accounted[e.Recipient+" "+e.Consent] = e.Digest
	case ledger.Software:
		n.version = e.After
	case ledger.Erasure:
		n.erased++
	}
}

// reconcile records how what holds now differs from what the ledger says. A consent that cannot be recorded keeps none of
// the others out.
func (n *notary) reconcile() error {
	if running := versionText(); running != n.version {
		if err := n.record(ledger.Entry{Kind: ledger.Software, Before: n.version, After: running}); err != nil {
			return err
		}
	}
	var errs []error
	given := map[string]bool{}
	for _, c := range n.consents.All() {
		if c.State == consent.InForce {
			given[c.ID] = true
			errs = append(errs, n.follow(c))
		} else if e, stands := n.standing[c.ID]; stands {
			given[c.ID] = true
			errs = append(errs, n.record(ledger.Entry{Kind: ledger.Withdrawal, By: c.By, Recipient: e.Recipient, Consent: e.Consent}))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(n.standing)) {
		if !given[id] { // the list was lost
			errs = append(errs, n.record(ledger.Entry{Kind: ledger.Withdrawal, By: consent.ByFile, Recipient: n.standing[id].Recipient, Consent: id}))
		}
	}
	return errors.Join(errs...)
}

// follow records that a consent was given, or that it came to its end. One that has an end does not hold before the time
// is known.
func (n *notary) follow(c consent.Consent) error {
	now, known := n.time()
	e, stands := n.standing[c.ID]
	switch over := known && c.Grant.Over(now); {
	case over && stands:
		return n.record(ledger.Entry{Kind: ledger.Lapse, Recipient: e.Recipient, Consent: e.Consent})
	case over, stands, !known && !c.Grant.Until.IsZero():
		return nil
	}
	return n.recordConsent(c)
}

var errNoLedger = errors.New("the ledger of consents cannot be written")

// recordConsent writes down the state that a consent comes into. The caller holds the lock.
func (n *notary) recordConsent(c consent.Consent) error {
	kinds := map[consent.State]ledger.Kind{
		consent.Pending: ledger.Request, consent.InForce: ledger.Grant, consent.Refused: ledger.Refusal, consent.Withdrawn: ledger.Withdrawal,
	}
	e := ledger.Entry{Kind: kinds[c.State], By: c.By, Recipient: c.Grant.To, Consent: c.ID}
	if c.State == consent.Pending || c.State == consent.InForce {
		g := c.Grant
		e.Series, e.Finest, e.Identity, e.From, e.To, e.Text = g.Covered(), string(g.Resolution), g.Identity, g.From, g.Until, g.Purpose
		if c.Proof != nil {
			e.Digest = c.Proof.Digest()
		}
	}
	return n.record(e)
}

func (n *notary) record(e ledger.Entry) error {
	if n.ledger == nil {
		return errNoLedger
	}
	e.At, _ = n.time()
	if _, err := n.ledger.Append(e); err != nil {
		return err
	}
	n.heed(e)
	return nil
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
	var errs []error
	if n.tally != nil {
		errs = append(errs, n.tally.close())
	}
	if n.ledger != nil {
		errs = append(errs, n.ledger.Close())
	}
	return errors.Join(errs...)
}

// erasures is how many the ledger has.
func (n *notary) erasures() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.erased
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
