package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"releve/agent/config"
	"releve/federation"
	"releve/federation/consent"
	"releve/federation/ledger"
	"releve/federation/notice"
	"releve/federation/xmpp"
	"releve/senml"
)

// herald tells who was sent readings that a consent was withdrawn, before anything else is sent to it; owners what was asked
// for from outside, and who asked what was answered.
type herald struct {
	notary  *notary
	session interface {
		notice.Session
		State() xmpp.State
		Say(ctx context.Context, to xmpp.JID, text string) error
	}
	location *time.Location
	full     func(bare string) xmpp.JID // where a program is known to answer for an address; the zero JID when it is not
	told     func()                     // is called once somebody was: what had to wait may go
	log      *slog.Logger
}

// How often a notice is told again.
const (
	heraldEvery = 5 * time.Minute // to who could not be told
	tellAgain   = 24 * time.Hour  // to who has not acknowledged
	tellFor     = 7 * 24 * time.Hour
)

// openHerald prepares to tell of withdrawals, and to be told by sources.
func (a *agent) openHerald(context.Context) error {
	if a.session == nil {
		return nil
	}
	a.notary.tell = a.audience
	a.herald = &herald{
		notary: a.notary, session: a.session, location: a.cfg.Agent.Location, full: a.fullAddress, log: a.log,
		told: func() { a.wakeRecipients(context.Background()); a.subscribers.wake(context.Background()) },
	}
	a.session.OnLogin(func(context.Context) { rouse(a.notary.news) })
	h := &notice.Hearer{Take: a.notary.hear, Log: a.log}
	for _, s := range a.sources {
		switch from := s.origin.(type) {
		case config.FromFederation:
			h.From = append(h.From, from.Provider.Bare())
		case config.FromReleve:
			h.From = append(h.From, from.From()...)
		}
	}
	h.Register(a.session)
	return nil
}

// audience is who was or may have been sent readings under a grant: its address, or of a domain those that we know of.
func (a *agent) audience(g consent.Grant) []string {
	known := []string{g.To}
	for _, s := range a.subscribers.subscriptions.All() {
		known = append(known, s.JID)
	}
	for _, r := range a.cfg.Recipients {
		known = append(known, r.Grantees()...)
	}
	known = slices.DeleteFunc(known, func(one string) bool { return !strings.Contains(one, "@") || !g.IsFor(one) })
	slices.Sort(known)
	return slices.Compact(known)
}

// fullAddress is where the configuration says that a program answers for a bare address.
func (a *agent) fullAddress(bare string) xmpp.JID {
	for _, r := range a.cfg.Recipients {
		if way, ok := r.Way.(config.ToReleve); ok && way.To.Bare().String() == bare {
			return way.To
		}
	}
	return xmpp.JID{}
}

// String names the task.
func (h *herald) String() string { return "notices of withdrawal" }

// Run tells what has to be told: at each login, at each request, answer and withdrawal, and again.
func (h *herald) Run(ctx context.Context) error {
	tick := time.NewTicker(heraldEvery)
	defer tick.Stop()
	for {
		h.round(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-h.notary.news:
		case <-tick.C:
		}
	}
}

// round tells everybody who is due.
func (h *herald) round(ctx context.Context) {
	for _, c := range h.notary.consents.All() {
		for _, n := range c.Notices {
			if ctx.Err() != nil || !h.session.State().Up {
				return
			}
			if due(c, n, time.Now()) {
				h.tell(ctx, c, n)
			}
		}
	}
}

// due says whether an address is to be told, or told again.
func due(c consent.Consent, n consent.Notice, now time.Time) bool {
	if c.State != consent.Withdrawn || n.Sent.IsZero() {
		return n.Sent.IsZero() && n.Acked.IsZero()
	}
	return n.Acked.IsZero() && now.Sub(n.Sent) >= tellAgain && now.Sub(c.Since) < tellFor
}

func (h *herald) tell(ctx context.Context, c consent.Consent, n consent.Notice) {
	if c.State != consent.Withdrawn {
		h.say(ctx, c, n)
		return
	}
	to := h.full(n.To)
	var err error
	if to.String() == "" {
		to, err = xmpp.ParseJID(n.To)
	}
	acked := false
	if err == nil {
		acked, err = notice.Tell(ctx, h.session, to, notice.Revocation{Consent: c.ID, At: c.Since})
	}
	if err == nil {
		err = h.notary.told(c, n.To, acked)
	}
	if err != nil {
		h.log.Warn("withdrawal not told", "recipient", n.To, "consent", c.ID, "error", err, "retry_in", heraldEvery)
		return
	}
	h.log.Info("withdrawal told", "recipient", n.To, "consent", c.ID, "acknowledged", acked)
	h.told()
}

// say tells a person: once, since their server keeps it for them.
func (h *herald) say(ctx context.Context, c consent.Consent, n consent.Notice) {
	to, err := xmpp.ParseJID(n.To)
	if err == nil {
		err = h.session.Say(ctx, to, consentNews(c, h.location))
	}
	if err == nil {
		err = h.notary.told(c, n.To, false)
	}
	if err != nil {
		h.log.Warn("consent not told", "to", n.To, "consent", c.ID, "error", err, "retry_in", heraldEvery)
		return
	}
	h.log.Info("consent told", "to", n.To, "consent", c.ID, "state", string(c.State))
}

var errOwed = errors.New("a withdrawal has to be told first")

// after holds back what is sent to an address until it was told of what was withdrawn.
type after struct {
	federation.Recipient
	address string // bare
	notary  *notary
}

var _ federation.Gradual = after{}

// Send sends, once nothing is owed.
func (r after) Send(ctx context.Context, p senml.Pack) error {
	return r.SendWhile(ctx, p, func() error { return nil })
}

// SendWhile sends while nothing is owed, and all of p is granted: what is under way when something is withdrawn is broken
// off before its next piece.
func (r after) SendWhile(ctx context.Context, p senml.Pack, granted func() error) error {
	may := func() error {
		if r.notary != nil && r.notary.owes(r.address) {
			return errOwed
		}
		return granted()
	}
	if err := may(); err != nil {
		return err
	}
	if in, ok := r.Recipient.(federation.Gradual); ok {
		return in.SendWhile(ctx, p, may)
	}
	return r.Recipient.Send(ctx, p)
}

// told notes that an address was sent the notice of a withdrawal, and whether it said that it knows.
func (n *notary) told(c consent.Consent, address string, acked bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, known := n.time()
	if !known {
		at = time.Now() // that it was told counts
	}
	when := time.Time{}
	if acked {
		when = at
		if err := n.record(ledger.Entry{Kind: ledger.Acknowledgement, By: address, Recipient: address, Consent: c.ID, Text: ofWithdrawal}); err != nil {
			return err
		}
	}
	return n.consents.Told(c.ID, address, at, when)
}

const (
	ofWithdrawal = "knows of the withdrawal"
	bySource     = "withdrawn by a source"
)

// hear records that a source took back the consent under which it sent us readings. It may say so several times.
func (n *notary) hear(from xmpp.JID, r notice.Revocation) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, known := n.lost[from.String()+" "+r.Consent]; known {
		return nil
	}
	n.log.Warn("a source has withdrawn a consent", "source", from.String(), "consent", r.Consent)
	return n.record(ledger.Entry{Kind: ledger.Acknowledgement, By: from.String(), Consent: r.Consent, From: r.At, Text: bySource})
}

// owes says whether an address has not been sent the notice of a withdrawal yet.
func (n *notary) owes(address string) bool {
	for _, c := range n.consents.All() {
		if c.State == consent.Withdrawn && slices.ContainsFunc(c.Notices, func(one consent.Notice) bool {
			return one.To == address && one.Sent.IsZero() && one.Acked.IsZero()
		}) {
			return true
		}
	}
	return false
}
