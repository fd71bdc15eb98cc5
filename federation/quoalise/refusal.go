package quoalise

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"releve/federation/xmpp"
)

// Cause is why a provider did not do what it was asked, as far as who asked has to know.
type Cause uint8

// The causes, with the conditions that stand for them (RFC 6120 §8.3.3, and Quoalise's own use of them).
const (
	Otherwise   Cause = iota // any other condition
	Unconsented              // not-authorized, forbidden: nobody has agreed, or not any more
	Misasked                 // bad-request and the like: not understood, unknown, or, by proxies, too much at once
	TooMuch                  // policy-violation, or any condition that says so: the answer would be too large, or too often asked for
	Unwelcome                // not-acceptable: our own account blocks the address (XEP-0191 §3.3), or the provider does not take what we ask in this way
	Upstream                 // upstream-error: where the provider has it from did not give it
	Absent                   // service-unavailable, recipient-unavailable: no program answers at that address
	Unoffered                // item-not-found, feature-not-implemented: it answers, but not to this
	Unreachable              // remote-server-not-found, remote-server-timeout
	Busy                     // anything of type wait
)

// Refusal is the error of a provider that answered and did not do what it was asked. Its text is a sentence for people.
type Refusal struct {
	Provider     xmpp.JID
	Cause        Cause
	Text         string // in the provider's words, "" when it had none; printable, on one line, not endless
	Issuer, Code string // of Upstream: who failed the provider, and how that calls it

	Until time.Time // of too much at once: what is before fits into one answer; zero when the provider does not say

	condition *xmpp.StanzaError
}

// refused makes a Refusal of a stanza error and leaves any other error as it is.
func refused(by xmpp.JID, err error) error {
	var e *xmpp.StanzaError
	if !errors.As(err, &e) {
		return err
	}
	r := &Refusal{Provider: by, Cause: causeOf(e), Text: printable(e.Text), condition: e}
	if e.App == nil || e.App.Name.Space != NS {
		return r
	}
	switch e.App.Name.Local {
	case "upstream-error":
		r.Cause, r.Issuer, r.Code = Upstream, printable(e.App.Attr("issuer")), printable(e.App.Attr("code"))
	case "limit":
		if until, err := time.Parse(time.RFC3339, e.App.Attr("until")); err == nil {
			r.Until = until.Truncate(time.Millisecond)
		}
	}
	return r
}

func causeOf(e *xmpp.StanzaError) Cause {
	if e.TooLarge() {
		return TooMuch
	}
	switch e.Condition {
	case "not-authorized", "forbidden", "not-allowed", "registration-required", "subscription-required":
		return Unconsented
	case "bad-request", "jid-malformed", "unexpected-request":
		return Misasked
	case "not-acceptable":
		return Unwelcome
	case "service-unavailable", "recipient-unavailable", "gone", "redirect":
		return Absent
	case "item-not-found", "feature-not-implemented":
		return Unoffered
	case "remote-server-not-found", "remote-server-timeout":
		return Unreachable
	}
	if e.Type == "wait" {
		return Busy
	}
	return Otherwise
}

// maxWords is how much is repeated of what a peer says.
const maxWords = 300 // bytes

// printable is a text of a peer on one line, without what a terminal would obey.
func printable(text string) string {
	text = strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "?")
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + "…"
	}
	return text
}

// Error is what happened, in a sentence, with the provider's own words.
func (r *Refusal) Error() string {
	return r.Provider.String() + " " + r.sentence() + r.words()
}

func (r *Refusal) words() string {
	if r.Text == "" {
		return ""
	}
	return ": " + r.Text
}

func (r *Refusal) sentence() string {
	switch r.Cause {
	case Unconsented:
		return "has no consent in force to show this to us"
	case Misasked:
		return "does not take the request"
	case TooMuch:
		return "finds that too much at once, or has a rule against it"
	case Unwelcome:
		return "does not accept the request; our own account may have blocked that address"
	case Upstream:
		return fmt.Sprintf("could not get it from %s, which answers %s", orUnnamed(r.Issuer), orUnnamed(r.Code))
	case Absent:
		return "is not connected"
	case Unoffered:
		return "does not offer this; the address needs the provider's own resource, the part after the slash"
	case Unreachable:
		return "is on a server that cannot be reached now"
	case Busy:
		return "asks to try again later"
	}
	return "refuses with " + printable(r.condition.Condition)
}

func orUnnamed(s string) string {
	if s == "" {
		return "something it does not name"
	}
	return s
}

// Unwrap returns the error as it came.
func (r *Refusal) Unwrap() error { return r.condition }

// passing tells whether the same request may be taken soon: there is no session now, nobody answers in time, or the
// provider asks to wait. A refusal stands until a person does something.
func passing(err error) bool {
	var r *Refusal
	switch {
	case err == nil, errors.Is(err, errAnswer), errors.Is(err, xmpp.ErrUnfinished):
		return false
	case errors.As(err, &r):
		return r.Cause == Busy || r.Cause == Unreachable
	}
	return true
}
