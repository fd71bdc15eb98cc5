package main

import (
	"fmt"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation/consent"
)

// unpromised says of a grant in a sentence that its recipient has no way to be told how long it may keep what it is sent.
func unpromised(c config.Config, g consent.Grant) (status.Words, bool) {
	kind := c.Unpromised(g, g.To)
	if kind == "" {
		return status.Words{}, false
	}
	if c.Consent.Strict {
		return status.Sayf("rien ne part : un destinataire %[1]s ne peut promettre de ne garder que %[2]s, et consent.strict le refuse",
			"nothing leaves: a recipient of kind %[1]s cannot promise to keep it for %[2]s only, and consent.strict refuses that", kind, g.Retention), true
	}
	return status.Sayf("un destinataire %[1]s ne peut promettre de ne garder que %[2]s : convenez-en par écrit",
		"a recipient of kind %[1]s cannot promise to keep it for %[2]s only: agree on that in writing", kind, g.Retention), true
}

// refuses says whether nothing may leave to a recipient under a grant, as consent.strict wants it.
func (a *agent) refuses(recipient string, g consent.Grant) bool {
	return a.cfg.Consent.Strict && a.cfg.Unpromised(g, recipient) != ""
}

// warnOfPromises logs at the start what recipients cannot promise.
func (a *agent) warnOfPromises() {
	for _, c := range a.notary.consents.All() {
		if words, is := unpromised(a.cfg, c.Grant); is && c.State == consent.InForce {
			a.log.Warn("retention cannot be promised", "recipient", c.Grant.To, "consent", c.ID, "retention", c.Grant.Retention, "means", words.EN)
		}
	}
}

// promised refuses to accept what could not be kept to.
func (a *agent) promised(g consent.Grant) error {
	if !a.refuses(g.To, g) {
		return nil
	}
	return fmt.Errorf("a recipient of kind %s cannot promise to keep what it is sent for %s only, and consent.strict refuses that", a.cfg.Unpromised(g, g.To), g.Retention)
}
