package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation/consent"
	"releve/federation/ledger"
)

// byConfiguration is who asks for a consent when a recipient stands in the configuration and no grant does.
const byConfiguration = "configuration"

// consentsFile is the list, in the state folder.
const consentsFile = "consents.json"

// openConsents takes over the grants of the configuration and asks for those that its recipients lack.
func (a *agent) openConsents(context.Context) error {
	now, _ := a.notary.time()
	if err := a.notary.consents.Adopt(a.cfg.Grants, now, a.notary.tell); err != nil {
		a.log.Error("consents not written", "error", err)
	}
	a.notary.look()
	a.notary.promised = a.promised
	a.warnOfPromises()
	wanted := map[string]bool{}
	for _, g := range a.lacking() {
		one, err := a.notary.Ask(g, byConfiguration)
		if err != nil { // seen on the page as the ledger's trouble; asked again at the next start
			a.log.Warn("consent not asked for", "recipient", g.To, "error", err)
			continue
		}
		wanted[one.ID] = true
	}
	if err := a.notary.consents.Forget(byConfiguration, wanted); err != nil {
		a.log.Error("consents not written", "error", err)
	}
	return nil
}

// lacking are the grants that recipients of the configuration would need. A person decides whether they are given: how
// finely is left at the half-hour, which an adviser needs and the meters' own operator has.
func (a *agent) lacking() []consent.Grant {
	var all []consent.Grant
	for _, r := range a.cfg.Recipients {
		for _, to := range r.Grantees() {
			if slices.ContainsFunc(a.notary.consents.All(), func(c consent.Consent) bool { return c.Grant.IsFor(to) && c.By != byConfiguration }) {
				continue
			}
			all = append(all, pendingGrant(r, to))
		}
	}
	return all
}

func pendingGrant(r config.Recipient, to string) consent.Grant {
	return consent.Grant{
		To: to, Series: []string{"*"}, Resolution: consent.HalfHour,
		Purpose: fmt.Sprintf("destinataire %s (%s)", r.Name, r.Kind),
		Details: consent.Details{PurposeEN: fmt.Sprintf("recipient %s (%s)", r.Name, r.Kind)},
	}
}

// consentsFinding is about consents that a person has to look at.
func (n *notary) consentsFinding() status.Finding {
	now, known := n.now()
	pending, ending, untold := 0, "", ""
	for _, c := range n.consents.All() {
		switch {
		case c.State == consent.Withdrawn && byHand(c) != "":
			untold = byHand(c)
		case c.State == consent.Pending:
			pending++
		case known && c.EndsSoon(now):
			ending = c.Grant.To
		}
	}
	if lost := n.lastLost(); lost.By != "" && known && now.Sub(lost.At) < eraseWithin {
		said := status.Sayf("%s a retiré son accord.", "%s has withdrawn its consent.", lost.By)
		if lost.Text == erasedBySource {
			said = status.Sayf("%s a effacé des relevés que vous avez reçus.", "%s has erased readings that you were sent.", lost.By)
		}
		return status.Finding{
			State:  status.Warning,
			Text:   said,
			Advice: status.Say("Effacez ce que vous gardez de cette source, ou dites-lui pourquoi vous le gardez.", "Erase what you keep of this source, or tell it why you keep it."),
		}
	}
	switch {
	case pending > 0:
		return status.Finding{
			State:  status.Waiting,
			Text:   status.Sayf("Accords qui attendent votre réponse : %d. D'ici là rien ne part sous eux.", "Consents that wait for your answer: %d. Until then nothing leaves under them.", pending),
			Advice: status.Say("Lisez-les avec releve consent list, et répondez avec releve consent accept ou refuse.", "Read them with releve consent list, and answer with releve consent accept or refuse."),
		}
	case untold != "":
		return status.Finding{
			State:  status.Warning,
			Text:   status.Sayf("Un accord est retiré, et %s ne l'apprendra que de vous.", "A consent is withdrawn, and %s learns it from nobody but you.", untold),
			Advice: status.Say("Dites-le-lui, demandez d'effacer, puis notez-le avec releve consent told.", "Tell it, ask it to erase, then note that with releve consent told."),
		}
	case ending != "":
		return status.Finding{
			State:  status.Warning,
			Text:   status.Sayf("L'accord donné à %s prend bientôt fin.", "The consent given to %s ends soon.", ending),
			Advice: status.Say("Pour continuer, donnez-en un autre avec releve consent request, puis accept.", "To go on, give another one with releve consent request, then accept."),
		}
	}
	return status.Finding{}
}

// eraseWithin is how long what a source has withdrawn is spoken of (RGPD art. 12.3).
const eraseWithin = 30 * 24 * time.Hour

// lastLost is what we heard last of a source that withdrew a consent under which it sent us readings, or erased them.
func (n *notary) lastLost() (last ledger.Entry) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.lost {
		if last.By == "" || e.At.After(last.At) {
			last = e
		}
	}
	return last
}

// rotatePseudonyms gives all meters other pseudonyms for a recipient, which has to subscribe anew. The ledger has the fact,
// before. The nodes of a circle are deleted before anything is published under its new ones.
func (a *agent) rotatePseudonyms(recipient, by string) error {
	for _, r := range a.cfg.Recipients {
		if r.Name != recipient {
			continue
		}
		if way, ok := r.Way.(config.ToPubSub); ok {
			return a.rotateCircle(a.book.Circle(r.Name, textsOf(way.Readers)), r.Name, by)
		}
		recipient = r.Grantees()[0]
	}
	if recipient == "" || !a.book.Knows(recipient) {
		return fmt.Errorf("no consent in force is for %q, so that it sees no pseudonym", recipient)
	}
	return a.rotateNames(recipient, by)
}

// rotateCircle notes first what there is to delete: a cut in between leaves no node that nobody knows of.
func (a *agent) rotateCircle(c *consent.Circle, name, by string) error {
	if len(c.Members()) == 0 {
		return fmt.Errorf("no consent in force is for a reader of %s, so that nobody sees its pseudonyms", name)
	}
	if err := a.former.add(name, a.devices(c)); err != nil {
		return err
	}
	if err := a.rotateNames(name, by); err != nil {
		return err
	}
	a.wakeRecipients(context.Background())
	return nil
}

func (a *agent) rotateNames(recipient, by string) error {
	if err := a.notary.Changed(by, "pseudonyms of "+recipient, "", "rotated"); err != nil {
		return err
	}
	return a.book.Rotations.Rotate(recipient)
}
