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

// herald tells who was sent readings that a consent was withdrawn, before anything else is sent to it, or that they were
// erased; owners what was asked
// for from outside, and who asked what was answered.
type herald struct {
	notary   *notary
	erasures *erasureNotices
	session  interface {
		notice.Session
		State() xmpp.State
		Say(ctx context.Context, to xmpp.JID, text string) error
	}
	location *time.Location
	full     func(bare string) xmpp.JID // where a program is known to answer for an address; the zero JID when it is not
	onTrial  func() bool                // whether the configuration may yet be taken back
	told     func()                     // is called once somebody was: what had to wait may go
	log      *slog.Logger
}

// How often a notice is told again.
const (
	heraldEvery = 5 * time.Minute    // to who could not be told
	tellAgain   = 24 * time.Hour     // to who has not acknowledged
	tellFor     = 7 * 24 * time.Hour // and how long one that came back is tried
)

// openHerald prepares to tell of withdrawals, and to be told by sources.
func (a *agent) openHerald(context.Context) error {
	a.notary.tell, a.notary.onTrial, a.notary.finish = a.notices, a.onTrial, a.finishErased
	if a.session == nil {
		return nil
	}
	a.herald = &herald{
		notary: a.notary, erasures: a.erasures, session: a.session, location: a.cfg.Agent.Location, full: a.fullAddress, onTrial: a.onTrial, log: a.log,
		told: func() { a.wakeRecipients(context.Background()); a.subscribers.wake(context.Background()) },
	}
	a.session.OnLogin(func(context.Context) { rouse(a.notary.news) })
	h := &notice.Hearer{Take: a.notary.hear, Erase: a.notary.hearErasure, Log: a.log}
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

// audience is who was or may have been sent readings under a grant: its address, of a domain those that we know of, or a
// system outside the federation.
func (a *agent) audience(g consent.Grant) []string {
	known := []string{g.To}
	if a.subscribers != nil {
		for _, s := range a.subscribers.subscriptions.All() {
			known = append(known, s.JID)
		}
	}
	for _, r := range a.cfg.Recipients {
		known = append(known, r.Grantees()...)
	}
	if _, outside := config.Outside(g); outside {
		return []string{g.To}
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
	h.tellErasures(ctx)
}

// due says whether an address is to be told, or told again.
func due(c consent.Consent, n consent.Notice, now time.Time) bool {
	if n.Owed() || c.State != consent.Withdrawn {
		return n.Owed()
	}
	return n.Acked.IsZero() && n.Untold == "" && now.Sub(n.Sent) >= tellAgain && now.Sub(c.Since) < tellFor
}

func (h *herald) tell(ctx context.Context, c consent.Consent, n consent.Notice) {
	switch {
	case c.State != consent.Withdrawn:
		h.say(ctx, c, n)
		return
	case n.OnTrial && h.onTrial(): // it may come to nothing
		return
	}
	err := h.revoke(ctx, c, &n)
	at := h.notary.moment()
	switch bounce := notice.CameBack(err); {
	case bounce == nil:
	case n.Back.IsZero():
		n.Back = at
		err = errors.Join(err, h.notary.told(c, n))
	case at.Sub(n.Back) >= tellFor:
		n.Untold = "every notice came back: " + bounce.Condition
		err = h.notary.told(c, n)
	}
	if err != nil {
		h.log.Warn("withdrawal not told", "recipient", n.To, "consent", c.ID, "error", err, "retry_in", heraldEvery)
		return
	}
	h.log.Info("withdrawal told", "recipient", n.To, "consent", c.ID, "acknowledged", !n.Acked.IsZero(), "by_hand", n.Untold)
	h.told()
}

// revoke tells one address once.
func (h *herald) revoke(ctx context.Context, c consent.Consent, n *consent.Notice) error {
	to, err := h.reach(n.To)
	if err != nil {
		return err
	}
	acked, err := notice.Tell(ctx, h.session, to, notice.Revocation{Consent: c.ID, At: c.Since})
	if err != nil {
		return err
	}
	n.Sent = h.notary.moment()
	if acked {
		n.Acked = n.Sent
	}
	return h.notary.told(c, *n)
}

// reach is where an address is told something: a program of it, if one is known.
func (h *herald) reach(bare string) (xmpp.JID, error) {
	if to := h.full(bare); to.String() != "" {
		return to, nil
	}
	return xmpp.ParseJID(bare)
}

// say tells a person: once, since their server keeps it for them.
func (h *herald) say(ctx context.Context, c consent.Consent, n consent.Notice) {
	to, err := xmpp.ParseJID(n.To)
	if err == nil {
		err = h.session.Say(ctx, to, consentNews(c, h.location))
	}
	if err == nil {
		n.Sent = h.notary.moment()
		err = h.notary.told(c, n)
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

// moment is when something is done: that it was counts, also while the time is not known.
func (n *notary) moment() time.Time {
	if at, known := n.now(); known {
		return at
	}
	return time.Now()
}

// told notes what came of the notice of a withdrawal, or of another.
func (n *notary) told(c consent.Consent, of consent.Notice) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.State == consent.Withdrawn && !of.Acked.IsZero() {
		by := of.By
		if by == "" {
			by = of.To
		}
		if err := n.record(ledger.Entry{Kind: ledger.Acknowledgement, By: by, Recipient: of.To, Consent: c.ID, Text: ofWithdrawal}); err != nil {
			return err
		}
	}
	return errors.Join(n.consents.Told(c.ID, of), n.recordUntold())
}

const (
	ofWithdrawal = "knows of the withdrawal"
	bySource     = "withdrawn by a source"
)

// hear records that a source took back the consent under which it sent us readings. It may say so several times.
func (n *notary) hear(from xmpp.JID, r notice.Revocation) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	entry := ledger.Entry{Kind: ledger.Acknowledgement, By: from.String(), Consent: r.Consent, From: r.At, Text: bySource}
	if _, known := n.lost[lostKey(entry)]; known {
		return nil
	}
	n.log.Warn("a source has withdrawn a consent", "source", from.String(), "consent", r.Consent)
	return n.record(entry)
}

// owes says whether an address has not been sent the notice of a withdrawal yet, of one that is there to stay.
func (n *notary) owes(address string) bool {
	for _, c := range n.consents.All() {
		if c.State == consent.Withdrawn && slices.ContainsFunc(c.Notices, func(one consent.Notice) bool {
			return one.To == address && one.Owed() && !(one.OnTrial && n.onTrial())
		}) {
			return true
		}
	}
	return false
}
