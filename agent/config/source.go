package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"releve/federation/consent"
	"releve/federation/xmpp"
)

// Source is one [[source]]: whom readings come from besides meters.
type Source struct {
	Name        string        // stable: series are kept under it
	Kind        string        // KindFederation or KindReleve
	Provider    xmpp.JID      // full; of KindReleve the sender, bare
	Identifiers []string      // series or devices; none: everything the provider lists for us
	Since       time.Duration // how far back is asked for at first
	Repair      time.Duration // how often is asked whether anything is missing
}

// KindFederation is the kind of a source that speaks Quoalise.
const KindFederation = "federation"

type rawSource struct {
	Name        string   `toml:"name"`
	Kind        string   `toml:"kind"`
	Provider    string   `toml:"provider"`
	From        string   `toml:"from"`
	Identifiers []string `toml:"identifiers"`
	Since       string   `toml:"since"`
	Repair      string   `toml:"repair"`
}

func (f *findings) sources(d document) []Source {
	var list []Source
	taken := map[string]bool{}
	for i, raw := range d.Source {
		key := fmt.Sprintf("source %d (%s)", i+1, raw.Name)
		s := Source{Name: raw.Name, Kind: raw.Kind, Identifiers: raw.Identifiers}
		if !meterName.MatchString(raw.Name) {
			f.addf("%s: name must be 1 to 32 ASCII letters, digits or hyphens", key)
		}
		if taken[raw.Name] {
			f.addf("%s: two sources cannot have the same name", key)
		}
		taken[raw.Name] = true
		switch raw.Kind {
		case KindFederation:
			f.federationSource(key, raw, &s)
		case KindReleve:
			s.Provider = f.sender(key, raw, list)
		default:
			f.addf("%s: kind %q is not one of %s, %s", key, raw.Kind, KindFederation, KindReleve)
		}
		list = append(list, s)
	}
	if len(list) > 0 && d.Federation.JID == "" {
		f.addf("source: there are sources but no [federation] to reach them through")
	}
	return list
}

func (f *findings) federationSource(key string, raw rawSource, s *Source) {
	if raw.From != "" {
		f.addf("%s: from is a key of kind %s", key, KindReleve)
	}
	s.Provider = f.provider(key, raw.Provider)
	f.identifiers(key, raw.Identifiers)
	s.Since = f.duration(key+": since", raw.Since, 31*day, time.Minute, 3*366*day)
	s.Repair = f.duration(key+": repair", raw.Repair, day, 10*time.Minute, 31*day)
}

// sender checks who hands packs to us: one source each, so that it is known whose they are.
func (f *findings) sender(key string, raw rawSource, before []Source) xmpp.JID {
	if raw.Provider+raw.Since+raw.Repair != "" || len(raw.Identifiers) > 0 {
		f.addf("%s: provider, identifiers, since and repair are keys of kind %s", key, KindFederation)
	}
	address, err := xmpp.ParseJID(raw.From)
	if raw.From == "" || err != nil || address.Localpart() == "" || address.Resourcepart() != "" {
		f.addf("%s: from: %q is not an address without resource, such as maison@breizh-sen1.example", key, raw.From)
	}
	if slices.ContainsFunc(before, func(s Source) bool { return s.Kind == KindReleve && s.Provider.Equal(address) }) {
		f.addf("%s: another source has the same from", key)
	}
	return address
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

// passedOn checks the grants of what sources brought: the source is there, and does not get its own readings back.
func (f *findings) passedOn(grants []consent.Grant, sources []Source) {
	for i, g := range grants {
		for _, name := range g.Sources {
			at := slices.IndexFunc(sources, func(s Source) bool { return s.Name == name })
			switch {
			case at < 0:
				f.addf("grant %d: there is no source %q", i+1, name)
			case g.To == sources[at].Provider.Bare().String():
				f.addf("grant %d: %s would get back what comes from it", i+1, g.To)
			}
		}
	}
}
