package config

import (
	"fmt"
	"slices"

	"releve/federation/consent"
)

// Source is one [[source]]: whom readings come from besides meters.
type Source struct {
	Name    string // stable: series are kept under it
	Kind    string // one of sourceKinds
	Origin  Origin
	Renames []Rename // of items outside the federation
}

// HasItems says whether a source calls its series by a device and an item, not as the federation does.
func (s Source) HasItems() bool {
	return slices.ContainsFunc(sourceKinds(), func(k sourceKind) bool { return k.name == s.Kind && k.items })
}

// HasSenders says whether several senders hand packs to a source. Of these a device is called SENDER/DEVICE.
func (s Source) HasSenders() bool {
	from, ok := s.Origin.(FromReleve)
	return ok && len(from.Senders) > 0
}

// Origin is where a source of one kind has readings from: FromFederation, FromReleve, …
type Origin interface {
	// addresses are who in the federation gives them: bare addresses, and "@domain" for everybody there.
	addresses() []string
}

// beyond is part of each origin outside the federation.
type beyond struct{}

func (beyond) addresses() []string { return nil }

// sourceKind is a kind of source: the keys that it has besides those of all, and what checks them.
type sourceKind struct {
	name    string
	keys    string // with spaces between them
	outside bool   // needs no session with the federation
	items   bool   // calls its series by a device and an item, not as the federation does
	check   func(f *findings, key string, d document, raw rawSource) Origin
}

// asked are the keys of every source outside the federation.
const asked = "since every repair "

// sourceKinds are the kinds of source that this version knows, in the order of the alphabet.
func sourceKinds() []sourceKind {
	return []sourceKind{
		{name: KindBMHS, keys: asked + "url token_file ca_file application zone series", outside: true, items: true, check: (*findings).fromBMHS},
		{name: KindFederation, keys: "provider identifiers since repair", check: (*findings).fromFederation},
		{name: KindLognact, keys: asked + "url token_file ca_file hosts keys", outside: true, items: true, check: (*findings).fromLognact},
		{name: KindPride, keys: asked + "url token_file ca_file device_label selectors", outside: true, items: true, check: (*findings).fromPride},
		{name: KindReleve, keys: "from senders", check: (*findings).fromReleve},
		{name: KindSEN1, keys: "from application usernames", items: true, check: (*findings).fromSEN1},
	}
}

// rawSource is a [[source]] of any kind as it stands in a file: what all have, what several share, what one has.
type rawSource struct {
	Name string `toml:"name" entry:"name"`
	Kind string `toml:"kind"`
	rawReach
	rawAsking
	rawBMHS
	rawFromBMHS
	rawFromLognact
	rawPride
	rawFromPride
	rawFromFederation
	rawFromReleve
	rawFromSEN1
}

func (f *findings) sources(d document) []Source {
	var list []Source
	taken := map[string]bool{}
	for i, raw := range d.Source {
		key := fmt.Sprintf("source %d (%s)", i+1, raw.Name)
		f.name(key, raw.Name, taken, "sources")
		list = append(list, f.source(key, d, raw))
	}
	f.oneSender(list)
	return list
}

func (f *findings) source(key string, d document, raw rawSource) Source {
	s := Source{Name: raw.Name, Kind: raw.Kind, Origin: beyond{}}
	kinds := sourceKinds()
	i := slices.IndexFunc(kinds, func(k sourceKind) bool { return k.name == raw.Kind })
	if i < 0 {
		f.addf("%s: kind %q is not one of %s", key, raw.Kind, names(kinds, func(k sourceKind) string { return k.name }))
		return s
	}
	f.foreign(key, raw.Kind, "name kind "+kinds[i].keys, raw)
	if !kinds[i].outside && d.Federation.JID == "" {
		f.addf("%s: kind %s needs a [federation] to reach it through", key, raw.Kind)
	}
	s.Origin = kinds[i].check(f, key, d, raw)
	return s
}

// passedOn checks the grants of what sources brought: the source is there, and does not get its own readings back.
func (f *findings) passedOn(grants []consent.Grant, sources []Source) {
	for i, g := range grants {
		for _, name := range g.Sources {
			at := slices.IndexFunc(sources, func(s Source) bool { return s.Name == name })
			switch {
			case at < 0:
				f.addf("grant %d: there is no source %q", i+1, name)
			case slices.Contains(sources[at].Origin.addresses(), g.To):
				f.addf("grant %d: %s would get back what comes from it", i+1, g.To)
			}
		}
	}
}
