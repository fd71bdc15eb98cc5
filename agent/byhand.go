package main

import (
	"fmt"
	"slices"
	"strings"

	"releve/agent/config"
	"releve/federation/consent"
	"releve/federation/ledger"
	"releve/federation/quoalise"
)

// notices are the words that are owed once a grant is withdrawn. Who speaks no such language is told by a person: that is
// written down at once, and shown until the person says that they have.
func (a *agent) notices(g consent.Grant) []consent.Notice {
	var all []consent.Notice
	for _, to := range a.audience(g) {
		all = append(all, consent.Notice{To: to, Untold: a.deaf(to), OnTrial: a.onTrial()})
	}
	return all
}

// deaf is why nobody at a recipient hears a notice, "" when somebody may. One that also subscribes hears it there.
func (a *agent) deaf(to string) string {
	if !strings.Contains(to, "@") {
		return "a system outside the federation knows no notices"
	}
	if a.subscribers != nil && slices.ContainsFunc(a.subscribers.subscriptions.All(), func(s quoalise.Subscription) bool { return s.JID == to }) {
		return ""
	}
	proxy := false
	for _, r := range a.cfg.Recipients {
		if !slices.Contains(r.Grantees(), to) {
			continue
		}
		if _, proxy = r.Way.(config.ToSEN1); !proxy {
			return ""
		}
	}
	if proxy {
		return "a proxy of the proof of concept knows no notices"
	}
	return ""
}

// recordUntold writes into the ledger who has to be told by a person, once. The caller holds the lock.
func (n *notary) recordUntold() error {
	for _, c := range n.consents.All() {
		for _, one := range c.Notices {
			if c.State != consent.Withdrawn || !one.ByHand() || one.OnTrial && n.onTrial() || n.untold[c.ID+" "+one.To] {
				continue
			}
			if err := n.record(ledger.Entry{Kind: ledger.Untold, Recipient: one.To, Consent: c.ID, Text: one.Untold}); err != nil {
				return err
			}
		}
	}
	return nil
}

// ToldByHand notes that a person has told a recipient of a withdrawal; "" is all whom a person has to tell of it.
func (n *notary) ToldByHand(id, to, by string) (consent.Consent, error) {
	c, err := n.consents.Find(id)
	if err != nil {
		return c, err
	}
	done := false
	for _, one := range c.Notices {
		if !one.ByHand() || to != "" && one.To != to {
			continue
		}
		one.Acked, one.By, done = n.moment(), by, true
		if err := n.told(c, one); err != nil {
			return c, err
		}
	}
	if !done {
		return c, fmt.Errorf("of consent %s nobody%s has to be told by hand", c.ID, of(to))
	}
	return n.consents.Find(c.ID)
}

func of(to string) string {
	if to == "" {
		return ""
	}
	return " called " + to
}
