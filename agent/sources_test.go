package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mellium.im/xmpp/jid"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation/consent"
	"releve/federation/quoalise"
	"releve/senml"
)

// withSource is a house whose source is another one, and which hands its readings on with their identity.
func withSource(c *config.Config) {
	c.Sources = []config.Source{{Name: "voisins", Kind: config.KindFederation, Origin: config.FromFederation{Provider: jid.MustParse("voisins@sen2.example/releve"), Since: 1, Repair: 1}}}
	c.Grants = append(c.Grants, consent.Grant{
		To: "neighbour@sen2.example", Series: []string{"voltage/*"}, Sources: []string{"voisins"}, Resolution: "live", Purpose: "test", Identity: true,
	})
}

// What a source brought goes only to whom a grant names it, with the identity only where that was granted, and neither
// the log nor the page says whose it is.
func TestSourceIsKeptApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withSource)
	s := h.sources[0]
	if err := s.take(t.Context(), senml.Pack{came(otherHouse+"_voltage/1", 230, 0), came(otherHouse+"_current/1", 2, 0), came(otherHouse+"_voltage/1", 1, -7200)}); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, one := range h.buffer.Series() {
		all = append(all, one.Name)
	}
	book := h.book
	if got := book.Granted("neighbour@sen2.example", all); len(got) != 1 || got[0] != otherHouse+"_voltage/1" {
		t.Errorf("who was granted the source sees %d series", len(got))
	}
	if got := book.Granted("client@sen2.example", all); len(got) != 0 {
		t.Errorf("who was granted the household's own sees %q", got)
	}
	if n, why := s.unkept(); n != 1 || why == nil {
		t.Errorf("%d could not be kept: %v", n, why)
	}
	if text := h.said.String() + h.tree(t) + strings.Join(all, " "); strings.Contains(text, "0123456789") {
		t.Errorf("the device is in\n%s", text)
	}
	if !strings.Contains(h.tree(t), "voisins: Waits for the federation; nothing has come yet.\n") {
		t.Errorf("tree is\n%s", h.tree(t))
	}
	h.followed[0].up = func() bool { return true }
	if !strings.Contains(h.tree(t), "voisins: The provider is being asked.\n") {
		t.Errorf("tree is\n%s", h.tree(t))
	}
}

// Marks that are damaged do not keep the agent from its work.
func TestSourceWithDamagedMarks(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) {
		withSource(c)
		folder := filepath.Join(c.Agent.State, "sources")
		must(t, os.MkdirAll(folder, 0o700))
		must(t, os.WriteFile(filepath.Join(folder, "voisins.json"), []byte("{"), 0o600))
	})
	if got := h.said.String(); !strings.Contains(got, "all of a source is asked for again") || len(h.sources) != 1 {
		t.Errorf("log is\n%s", got)
	}
}

// Every reason for which a provider gives nothing is a sentence in both languages, with what to do.
func TestRefusalWords(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	reasons := []error{errors.New("the link was lost"), fmt.Errorf("x: %w", quoalise.ErrUnlisted), quoalise.ErrNothingListed}
	for cause := quoalise.Otherwise; cause <= quoalise.Busy; cause++ {
		reasons = append(reasons, fmt.Errorf("ask: %w", &quoalise.Refusal{Cause: cause, Issuer: "enedis-sge-tiers", Code: "SGT570"}))
	}
	for _, err := range reasons {
		text, advice := refusalWords(err)
		for _, words := range []status.Words{text, advice} {
			if words.FR == "" || words.EN == "" || words.FR == words.EN || !strings.HasSuffix(words.EN, ".") {
				t.Errorf("%v: %+v", err, words)
			}
		}
		if seen[text.EN] {
			t.Errorf("two reasons are %q", text.EN)
		}
		seen[text.EN] = true
	}
	if !seen["The provider does not get these data from enedis-sge-tiers, which answers SGT570."] {
		t.Error("an upstream error does not say who and what")
	}
}
