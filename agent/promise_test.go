package main

import (
	"strings"
	"testing"

	"releve/agent/config"
	"releve/federation/consent"
)

// What a relay cannot promise is said where consents are; under consent.strict it is not accepted, and nothing leaves also
// under one that was accepted before.
func TestUnpromised(t *testing.T) {
	t.Parallel()
	g := consent.Grant{To: "recipient poste", Series: []string{"*"}, Resolution: "live", Purpose: "advice", Details: consent.Details{Retention: "P1Y"}}
	for _, strict := range []bool{false, true} {
		h := newHouse(t, func(c *config.Config) {
			c.Recipients = []config.Recipient{{Name: "poste", Kind: config.KindPride, Way: config.ToPride{}}}
			c.Consent.Strict, c.Grants = strict, []consent.Grant{g}
		})
		if got := h.book.Knows("recipient poste"); got == strict {
			t.Errorf("strict %v: granted %v", strict, got)
		}
		if !strings.Contains(h.said.String(), "retention cannot be promised") {
			t.Errorf("strict %v: the log says nothing: %s", strict, h.said)
		}
		want := "advice · live · a recipient of kind pride cannot promise to keep it for P1Y only: agree on that in writing"
		if strict {
			want = "advice · live · nothing leaves: a recipient of kind pride cannot promise to keep it for P1Y only, and consent.strict refuses that"
		}
		if got := h.consentsShown()[0].Terms.EN; got != want {
			t.Errorf("the page says %q, want %q", got, want)
		}
		other := g
		other.Purpose = "a study"
		one, err := h.notary.Ask(other, "page")
		must(t, err)
		_, errAs := h.notary.AcceptAs(one.ID, other, "page")
		if strict {
			_, err = h.notary.Accept(one.ID, "page")
		}
		if (err != nil) != strict || (errAs != nil) != strict {
			t.Errorf("strict %v: accepting it says %v, %v", strict, err, errAs)
		}
	}
}
