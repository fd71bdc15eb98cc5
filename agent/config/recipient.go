package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"releve/federation/consent"
)

// Recipient is one [[recipient]]: who is handed readings without having subscribed.
type Recipient struct {
	Name  string        // stable: its place in the buffer is kept under it
	Kind  string        // one of recipientKinds
	Every time.Duration // what comes meanwhile travels together
	// Paused says that nothing is sent; its place in the buffer is kept.
	Paused bool
	Way    Way
	Routes []Route // none: all that is granted goes
}

// Way is how a recipient of one kind is reached: ToReleve, ToPubSub, …
type Way interface {
	// addresses are those of the federation that a grant to the recipient's name is for. A system outside the federation
	// has none: there the recipient itself is who is granted.
	addresses() []string
}

// outside is part of each way to a system outside the federation.
type outside struct{}

func (outside) addresses() []string { return nil }

// recipientKind is a kind of recipient: the keys that it has besides those of all, and what checks them.
type recipientKind struct {
	name    string
	keys    string        // with spaces between them
	outside bool          // needs no session with the federation
	blind   bool          // neither is it sent the terms of a grant nor can it ask for them
	places  bool          // has names of its own for devices and items, which routes can give
	every   time.Duration // unless said; 0: as everything is pushed
	check   func(f *findings, key string, d document, raw rawRecipient) Way
}

// recipientKinds are the kinds of recipient that this version knows, in the order of the alphabet.
func recipientKinds() []recipientKind {
	return []recipientKind{
		{
			name: KindBMHS, outside: true, blind: true, places: true, every: 5 * time.Minute, check: (*findings).toBMHS,
			keys: "url ca_file application token_file zone username application_key_file mac presence devices",
		},
		{
			name: KindLognact, outside: true, blind: true, places: true, check: (*findings).toLognact,
			keys: "url token_file ca_file server method server_name certificate_file key_file compress hosts keys pace grace",
		},
		{name: KindPride, keys: "url token_file ca_file device_label class_prefix labels", outside: true, blind: true, places: true, check: (*findings).toPride},
		{name: KindPubSub, keys: "readers service", check: (*findings).toPubSub},
		{name: KindReleve, keys: "to naming", check: (*findings).toReleve},
		{name: KindSEN1, keys: "to username application peer_application", blind: true, places: true, check: (*findings).toSEN1},
	}
}

// rawRecipient is a [[recipient]] of any kind as it stands in a file: what all have, what several share, what one has.
//
// What names a system outside the federation, or how we show ourselves there, has no afar: a grant is to the recipient, and
// who could move that elsewhere from afar would move what was agreed to. Nor has any key of a source, whose readings others
// are granted. Who runs a relay does so at its terminal; from afar a recipient is paused, and its pace set by every.
type rawRecipient struct {
	Name   string `toml:"name" afar:"owner" entry:"name"`
	Kind   string `toml:"kind" afar:"owner"`
	Every  string `toml:"every" type:"duration" least:"1s" most:"1d" afar:"operator"`
	Paused *bool  `toml:"paused" default:"false" afar:"operator"`
	rawReach
	Username string `toml:"username"` // of BMHS, and of the proxies
	rawBMHS
	rawToBMHS
	rawToLognact
	rawPride
	rawToPride
	rawToPubSub
	rawToReleve
	rawToSEN1
}

// hasPlaces says whether routes can name devices and items of a kind.
func hasPlaces(kind string) bool {
	return slices.ContainsFunc(recipientKinds(), func(k recipientKind) bool { return k.name == kind && k.places })
}

func (f *findings) recipients(d document) []Recipient {
	var list []Recipient
	names := map[string]bool{}
	for i, raw := range d.Recipient {
		key := fmt.Sprintf("recipient %d (%s)", i+1, raw.Name)
		f.name(key, raw.Name, names, "recipients")
		list = append(list, f.recipient(key, d, raw))
	}
	return list
}

func (f *findings) recipient(key string, d document, raw rawRecipient) Recipient {
	r := Recipient{Name: raw.Name, Kind: raw.Kind, Paused: raw.Paused != nil && *raw.Paused, Way: outside{}}
	unlessSaid := (&findings{}).pushEvery(d) // what is wrong with it is said where it is given
	kinds := recipientKinds()
	i := slices.IndexFunc(kinds, func(k recipientKind) bool { return k.name == raw.Kind })
	if i >= 0 && kinds[i].every > 0 {
		unlessSaid = kinds[i].every
	}
	r.Every = f.duration(key+": every", raw.Every, unlessSaid, time.Second, day)
	if i < 0 {
		f.addf("%s: kind %q is not one of %s", key, raw.Kind, names(kinds, func(k recipientKind) string { return k.name }))
		return r
	}
	f.foreign(key, raw.Kind, "name kind every paused "+kinds[i].keys, raw)
	if !kinds[i].outside && d.Federation.JID == "" {
		f.addf("%s: kind %s needs a [federation] to reach it through", key, raw.Kind)
	}
	r.Way = kinds[i].check(f, key, d, raw)
	return r
}

// Grantee is who a grant to the recipient is for, when that is the recipient itself: nobody of the federation is called so,
// for no address has a space.
func (r Recipient) Grantee() string { return granteePrefix + r.Name }

const granteePrefix = "recipient "

// Outside returns the name of the recipient outside the federation that a grant is to, and whether it is to one.
func Outside(g consent.Grant) (name string, ok bool) { return strings.CutPrefix(g.To, granteePrefix) }

// Grantees are those who a grant to the recipient's name is for.
func (r Recipient) Grantees() []string {
	if all := r.Way.addresses(); len(all) > 0 {
		return all
	}
	return []string{r.Grantee()}
}

// toGrantees puts who stands behind the names of recipients in place of the names.
func toGrantees(grants []consent.Grant, recipients []Recipient) []consent.Grant {
	var all []consent.Grant
	for _, g := range grants {
		i := slices.IndexFunc(recipients, func(r Recipient) bool { return r.Name == g.To })
		if i < 0 {
			all = append(all, g)
			continue
		}
		for _, grantee := range recipients[i].Grantees() {
			g.To = grantee
			all = append(all, g)
		}
	}
	return all
}

// names joins those of a list for a sentence.
func names[T any](list []T, name func(T) string) string {
	var all []string
	for _, one := range list {
		all = append(all, name(one))
	}
	return strings.Join(all, ", ")
}
