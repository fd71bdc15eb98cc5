// Package notice tells those who were sent readings that a consent was withdrawn, or readings erased, and takes such notices
// from others.
//
// In: who is to be told what, or stanzas of providers. Out: <revoke xmlns="urn:releve:consent:0"/> and <revoked/>, <erase/> and
// <erasing/>.
// PROTOCOL.md in federation is the same for those who implement it. It decides nothing and keeps nothing.
package notice

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"releve/federation/xmpp"
)

// NS is the namespace of the notices, and the feature of who answers them.
const NS = "urn:releve:consent:0"

// Revocation says that a consent was withdrawn, and when, if the household knew the time.
type Revocation struct {
	Consent string // its identifier
	At      time.Time
}

// Element writes r as it travels.
//
//	Example: <revoke xmlns="urn:releve:consent:0" consent="23289931e73244d3" at="2026-11-27T04:00:00Z"/>
func (r Revocation) Element() *xmpp.Element {
	return xmpp.NewElement(NS, "revoke", "consent", r.Consent, "at", stamp(r.At))
}

// text is r in the words of both languages, for who reads messages.
func (r Revocation) text() string {
	return fmt.Sprintf("Le consentement %[1]s a été retiré : plus aucun relevé ne part sous lui. Effacez ceux que vous avez, sauf si une loi vous oblige à les garder.\n"+
		"Consent %[1]s was withdrawn: no more readings leave under it. Erase those that you have, unless a law has you keep them.", r.Consent)
}

// identifier is what names a consent.
var identifier = regexp.MustCompile(`^[0-9a-zA-Z._:-]{1,64}$`)

// Parse reads a <revoke/>.
func Parse(x *xmpp.Element) (Revocation, error) {
	r := Revocation{Consent: x.Attr("consent")}
	if !identifier.MatchString(r.Consent) {
		return Revocation{}, errors.New("read a withdrawal: consent is not an identifier of 1 to 64 letters and digits")
	}
	text := x.Attr("at")
	if text == "" {
		return r, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return Revocation{}, errors.New("read a withdrawal: at is not a time such as 2026-11-27T04:00:00Z")
	}
	r.At = at.UTC()
	return r, nil
}

func (Revocation) answer() string { return "revoked" }

func (Revocation) about() string { return "a withdrawal" }
