package config

import (
	"slices"
	"strings"

	"releve/federation/xmpp"
)

// Role is what somebody may do from afar. Each may what the ones below it may.
type Role string

// The roles, from the least to the most.
const (
	Nobody   Role = ""
	Reader   Role = "reader"   // see how it goes, and the configuration without secrets
	Operator Role = "operator" // and change how it runs
	Owner    Role = "owner"    // and whom it talks to, and who may do what
)

var ranks = []Role{Nobody, Reader, Operator, Owner}

// May says whether the role includes another.
func (r Role) May(needed Role) bool { return slices.Index(ranks, r) >= slices.Index(ranks, needed) }

// Roles is who has which role: addresses without resource, or "@domain" for everybody there. A domain is trusted only where
// it is written so.
type Roles struct{ Owners, Operators, Readers []string }

// Of returns the role of an address; its resource does not matter.
func (r Roles) Of(who xmpp.JID) Role {
	names := []string{who.Bare().String()}
	if who.Localpart() != "" { // the domain itself speaks for its server, which is not one of its people
		names = append(names, "@"+who.Domainpart())
	}
	has := func(list []string) bool {
		return slices.ContainsFunc(list, func(one string) bool { return slices.Contains(names, one) })
	}
	switch {
	case has(r.Owners):
		return Owner
	case has(r.Operators):
		return Operator
	case has(r.Readers):
		return Reader
	}
	return Nobody
}

// roles checks the three lists. An address is kept in its normal form, so that comparing texts is enough.
func (f *findings) roles(raw rawFederation) Roles {
	return Roles{
		Owners:    f.people("federation.owners", raw.Owners),
		Operators: f.people("federation.operators", raw.Operators),
		Readers:   f.people("federation.readers", raw.Readers),
	}
}

func (f *findings) people(key string, list []string) []string {
	var all []string
	for _, text := range list {
		domain, isDomain := strings.CutPrefix(text, "@")
		address, err := xmpp.ParseJID(domain)
		switch {
		case err == nil && isDomain && address.Localpart() == "" && address.Resourcepart() == "":
			all = append(all, "@"+address.Domainpart())
		case err == nil && !isDomain && address.Localpart() != "" && address.Resourcepart() == "":
			all = append(all, address.String())
		default:
			f.addf("%s: %q is not an address without resource, such as alice@breizh-sen1.example, nor @ and a domain for everybody there", key, text)
		}
	}
	return all
}
