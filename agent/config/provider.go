package config

import (
	"strings"
	"time"

	"releve/federation/xmpp"
)

// KindFederation is the kind of a source that speaks Quoalise.
const KindFederation = "federation"

// FromFederation is a provider that is followed.
type FromFederation struct {
	Provider    xmpp.JID      // full
	Identifiers []string      // series or devices; none: everything the provider lists for us
	Since       time.Duration // how far back is asked for at first
	Repair      time.Duration // how often is asked whether anything is missing
}

func (w FromFederation) addresses() []string { return []string{w.Provider.Bare().String()} }

type rawFromFederation struct {
	Provider    string   `toml:"provider" type:"address"`
	Identifiers []string `toml:"identifiers"`
}

func (f *findings) fromFederation(key string, _ document, raw rawSource) Origin {
	w := FromFederation{Provider: f.provider(key, raw.Provider), Identifiers: raw.Identifiers}
	f.identifiers(key, raw.Identifiers)
	w.Since = f.since(key, raw.Since)
	w.Repair = f.duration(key+": repair", raw.Repair, day, 10*time.Minute, 31*day)
	return w
}

func (f *findings) provider(key, value string) xmpp.JID {
	address, err := xmpp.ParseJID(value)
	if value == "" || err != nil || address.Localpart() == "" || address.Resourcepart() == "" {
		f.addf("%s: provider: %q is not a full address such as maison@breizh-sen1.example/releve", key, value)
	}
	return address
}

// identifiers are not repeated in the message: they may hold a delivery point number.
func (f *findings) identifiers(key string, list []string) {
	const longest = 256 // bytes, as providers take them
	for i, id := range list {
		if !strings.HasPrefix(id, "urn:dev:") || len(id) > longest || strings.ContainsAny(id, " \t\r\n") || strings.HasSuffix(id, "_") {
			f.addf("%s: identifier %d is not one such as urn:dev:prm:01234567890123_consumption/power/active/raw", key, i+1)
		}
	}
}
