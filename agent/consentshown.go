package main

import (
	"strings"
	"time"

	"releve/agent/status"
	"releve/federation/consent"
)

// shownFor is how long a consent that is over stays on the page, or longer while a person has to tell of it. releve consent list has them all.
const shownFor = 30 * 24 * time.Hour

// consentsShown is what the page says of the consents: those that wait or are in force, and those that ended lately.
func (a *agent) consentsShown() []status.Consent {
	var shown []status.Consent
	now := a.now()
	for _, c := range a.notary.consents.All() {
		c = c.At(a.grantTime())
		if ended := c.State != consent.Pending && c.State != consent.InForce; ended && byHand(c) == "" && now.Sub(c.Since) > shownFor {
			continue
		}
		one := consentShown(c, now, a.cfg.Agent.Location)
		if words, is := unpromised(a.cfg, c.Grant); is && (c.State == consent.InForce || c.State == consent.Pending) {
			one.Terms = status.Say(one.Terms.FR+" · "+words.FR, one.Terms.EN+" · "+words.EN)
		}
		shown = append(shown, one)
	}
	return shown
}

func consentShown(c consent.Consent, now time.Time, location *time.Location) status.Consent {
	one := status.Consent{To: c.Grant.To, State: status.OK, Text: stateShown(c.State)}
	switch {
	case c.State == consent.Pending:
		one.State = status.Waiting
	case c.EndsSoon(now):
		one.State, one.Text = status.Warning, status.Say("prend bientôt fin", "ends soon")
	case c.State == consent.Withdrawn && byHand(c) != "":
		one.State, one.Text = status.Warning, status.Sayf("retiré ; à dire vous-même à %s", "withdrawn; you have to tell %s", byHand(c))
	case c.State == consent.Withdrawn && !allKnow(c):
		one.State, one.Text = status.Warning, status.Say("retiré ; le destinataire n'a pas encore confirmé le savoir", "withdrawn; the recipient has not confirmed yet that it knows")
	}
	english := c.Grant.PurposeEN
	if english == "" {
		english = c.Grant.Purpose
	}
	fr, en := c.Grant.Purpose+" · "+string(c.Grant.Resolution), english+" · "+string(c.Grant.Resolution)
	if !c.Grant.Until.IsZero() {
		last := c.Grant.Until.In(location).Add(-time.Second)
		fr, en = fr+" · jusqu'au "+last.Format("02/01/2006"), en+" · until "+last.Format(time.DateOnly)
	}
	one.Terms = status.Say(fr, en)
	return one
}

// byHand is whom a person has to tell of a withdrawal.
func byHand(c consent.Consent) string {
	var all []string
	for _, n := range c.Notices {
		if n.ByHand() {
			all = append(all, n.To)
		}
	}
	return strings.Join(all, ", ")
}

func allKnow(c consent.Consent) bool {
	for _, n := range c.Notices {
		if n.Acked.IsZero() {
			return false
		}
	}
	return true
}

func stateShown(s consent.State) status.Words {
	switch s {
	case consent.Pending:
		return status.Say("attend votre réponse", "waits for your answer")
	case consent.InForce:
		return status.Say("donné", "in force")
	case consent.Refused:
		return status.Say("refusé", "refused")
	case consent.Withdrawn:
		return status.Say("retiré", "withdrawn")
	}
	return status.Say("échu", "lapsed")
}
