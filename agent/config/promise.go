package config

import (
	"slices"

	"releve/federation/consent"
)

// Consents is the [consent] section.
type Consents struct {
	Strict bool // nothing leaves under a retention that a recipient cannot promise to keep
}

type rawConsents struct {
	Strict *bool `toml:"strict" default:"false" afar:"owner"`
}

func (f *findings) consents(d document) Consents {
	return Consents{Strict: d.Consent.Strict != nil && *d.Consent.Strict}
}

// strict refuses grants that cannot be kept to.
func (f *findings) strict(c Config) {
	for i, g := range c.Grants {
		if kind := c.Unpromised(g, g.To); kind != "" && c.Consent.Strict {
			f.addf("grant %d: a recipient of kind %s cannot promise to keep what %s is sent for %s only, and consent.strict refuses that; leave out retention and agree on it in writing, or leave out the grant",
				i+1, kind, g.To, g.Retention)
		}
	}
}

// Unpromised returns the kind of a recipient, by the address or the name that is granted, that has no way to be told how
// long it may keep what it is sent under a grant; "" when there is such a way, or nothing to be told. The federation's
// members find it in the data or the catalogue.
func (c Config) Unpromised(g consent.Grant, recipient string) (kind string) {
	if g.Retention == "" {
		return ""
	}
	for _, r := range c.Recipients {
		if !slices.Contains(r.Grantees(), recipient) {
			continue
		}
		if !isBlind(r.Kind) {
			return ""
		}
		kind = r.Kind
	}
	return kind
}

// isBlind says whether what a recipient of a kind is sent carries no terms, nor can it ask for them.
func isBlind(kind string) bool {
	return slices.ContainsFunc(recipientKinds(), func(k recipientKind) bool { return k.name == kind && k.blind })
}
