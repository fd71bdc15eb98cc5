package main

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation/consent"
	"releve/federation/ledger"
)

// terms words every consent: those that wait first, then those in force, then those that are over, the latest first.
func (h pageHouse) terms(entries []ledger.Numbered, sent map[string]time.Time) []status.Terms {
	word := map[string]int64{}
	for _, e := range entries {
		if e.Entry.Consent != "" && e.Entry.Kind != ledger.Transfer {
			word[e.Entry.Consent] = e.N
		}
	}
	erased := slices.ContainsFunc(entries, func(e ledger.Numbered) bool { return e.Erased })
	var all []status.Terms
	list := h.notary.consents.All()
	slices.SortStableFunc(list, func(a, b consent.Consent) int { return b.Since.Compare(a.Since) })
	for _, c := range list {
		one := h.termsOf(c.At(h.grantTime()))
		one.Sent, one.Entry = sent[c.ID], -1
		one.Forgotten = erased && one.Sent.IsZero()
		if n, ok := word[c.ID]; ok {
			one.Entry = n
		}
		all = append(all, one)
	}
	return all
}

func (h pageHouse) termsOf(c consent.Consent) status.Terms {
	g, location := c.Grant, h.cfg.Agent.Location
	shown := consentShown(c, h.now(), location)
	one := status.Terms{
		ID: c.ID, State: shown.State, Text: shown.Text, To: g.To, Name: g.Name, Contact: g.Contact, Role: roleShown(g.Role),
		Purpose: purposeShown(g), Series: g.Series, Sources: g.Sources, Finest: string(g.Resolution), Choices: coarserOf(g.Resolution),
		Identity: g.Identity, Retention: g.Retention, Notice: g.Notice, Since: c.Since, Untold: byHand(c),
	}
	if !g.From.IsZero() {
		one.From = g.From.In(location)
	}
	if !g.Until.IsZero() {
		one.Until = g.Until.In(location).Add(-time.Second)
	}
	for _, answer := range consentAnswers(c.State) {
		one.Answers = append(one.Answers, answer.Value)
	}
	if one.Untold != "" {
		one.Answers = append(one.Answers, answerTold)
	}
	if r, ok := h.recipientTo(g.To); ok && h.remote != nil && slices.Contains(one.Answers, answerWithdraw) {
		one.Recipient = r.Name
		one.Answers = append(one.Answers, map[bool]string{false: answerPause, true: answerResume}[r.Paused])
	}
	return one
}

// recipientTo is the configured recipient that serves a grantee.
func (h pageHouse) recipientTo(grantee string) (config.Recipient, bool) {
	i := slices.IndexFunc(h.cfg.Recipients, func(r config.Recipient) bool { return slices.Contains(r.Grantees(), grantee) })
	if i < 0 {
		return config.Recipient{}, false
	}
	return h.cfg.Recipients[i], true
}

// answerPause and answerResume have a recipient of the configuration sent nothing for a while. That is a change of the
// configuration, which is on trial first.
const (
	answerPause  = "pause"
	answerResume = "resume"
)

// answerTold is that a person has told a recipient of a withdrawal.
const answerTold = "told"

func purposeShown(g consent.Grant) status.Words {
	return status.Say(g.Purpose, cmp.Or(g.PurposeEN, g.Purpose))
}

func roleShown(r consent.Role) status.Words {
	switch r {
	case consent.Processor:
		return status.Say("sous-traitant : agit pour vous", "processor: acts on your behalf")
	case consent.JointController:
		return status.Say("responsable conjoint : décide avec d'autres", "joint controller: decides together with others")
	case consent.Independent:
		return status.Say("responsable : décide seul", "controller: decides alone")
	}
	return status.Words{}
}

// coarserOf is a resolution and those that show less.
func coarserOf(r consent.Resolution) []string {
	var all []string
	for _, one := range consent.Resolutions() {
		if one == r || len(all) > 0 {
			all = append(all, string(one))
		}
	}
	return all
}

// transfersShown is how many days back the page lists what left.
const transfersShown = 31

// transfers is what left: today's count, and what the ledger has of the days before.
func (h pageHouse) transfers(entries []ledger.Numbered) []status.Transfer {
	var all []status.Transfer
	for _, c := range h.notary.tally.all() {
		all = append(all, status.Transfer{Day: c.Since.In(h.cfg.Agent.Location), To: c.Recipient, Purpose: h.purposeOf(c.Consent), Readings: c.Records, Entry: -1})
	}
	first := h.now().AddDate(0, 0, -transfersShown)
	for _, e := range slices.Backward(entries) {
		if e.Entry.Kind == ledger.Transfer && e.Entry.At.After(first) {
			all = append(all, status.Transfer{
				Day: e.Entry.To.In(h.cfg.Agent.Location), To: e.Entry.Recipient, Purpose: h.purposeOf(e.Entry.Consent), Readings: e.Entry.Count, Entry: e.N,
			})
		}
	}
	return all
}

func (h pageHouse) purposeOf(id string) status.Words {
	c, err := h.notary.consents.Find(id)
	if err != nil {
		return status.Words{}
	}
	return purposeShown(c.Grant)
}

// sentUnder is when something last left under each consent.
func (h pageHouse) sentUnder(entries []ledger.Numbered) map[string]time.Time {
	last := map[string]time.Time{}
	note := func(id string, at time.Time) {
		if at.After(last[id]) {
			last[id] = at.In(h.cfg.Agent.Location)
		}
	}
	for _, e := range entries {
		if e.Entry.Kind == ledger.Transfer {
			note(e.Entry.Consent, e.Entry.To)
		}
	}
	for _, c := range h.notary.tally.all() {
		note(c.Consent, c.To)
	}
	return last
}

// all is a copy of what was counted since the last entry of the ledger, by recipient.
func (t *tally) all() []transfer {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []transfer
	for _, key := range slices.Sorted(maps.Keys(t.counts)) {
		c := t.counts[key]
		all = append(all, transfer{Recipient: c.Recipient, Consent: c.Consent, Since: c.Since, From: c.From, To: c.To, Records: c.Records})
	}
	return all
}
