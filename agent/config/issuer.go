package config

import (
	"fmt"

	"releve/federation/consent"
)

// rawIssuer has no afar: whose word replaces a person's is said at the terminal of the house.
type rawIssuer struct {
	Name string   `toml:"name" entry:"name"`
	Key  string   `toml:"key"`
	For  []string `toml:"for"`
}

// issuers are the applications whose receipts of consents are known, each by its name and its key.
func (f *findings) issuers(list []rawIssuer) []consent.Issuer {
	var issuers []consent.Issuer
	seen := map[string]bool{}
	for i, raw := range list {
		key := fmt.Sprintf("consent_issuer %d (%s)", i+1, raw.Name)
		one := consent.Issuer{Name: raw.Name, Key: raw.Key, For: raw.For}
		if err := one.Check(); err != nil {
			f.addf("%s: %w", key, err)
		}
		if seen["name "+raw.Name] || seen["key "+raw.Key] {
			f.addf("%s: two cannot have the same name or key", key)
		}
		seen["name "+raw.Name], seen["key "+raw.Key] = true, true
		issuers = append(issuers, one)
	}
	return issuers
}
