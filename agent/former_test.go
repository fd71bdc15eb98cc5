package main

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/federation/pubsub"
	"releve/federation/xmpp"
	"releve/tic/linky"
)

// After the rotation of a circle the nodes under its old pseudonyms are to be deleted, also after a restart, until each
// is gone; under its new ones there are none yet.
func TestRotateCircle(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) {
		c.Recipients = []config.Recipient{{Name: "tableau", Kind: config.KindPubSub, Way: config.ToPubSub{Readers: []xmpp.JID{jidOf(t, "client@sen2.example")}}}}
	})
	h.play(t, linky.Scenario{Seed: 3}, 2)
	must(t, h.gatherer.flush())
	file := openDesk(t, h)
	nodes := h.recipients[0].delivery.Recipient.(*pubsub.Recipient)
	scope := nodes.Circle.Scope()
	old := nodes.Devices()
	must(t, h.former.add("tableau", old)) // as far as a cut let it come
	if got := nodes.Former.Nodes(); len(got) > 0 {
		t.Errorf("before the rotation %q are to be deleted", got)
	}
	if code, _, said := consentVerb(t, file, "rotate", "tableau"); code != exitDone {
		t.Fatalf("exit code %d: %s", code, said)
	}
	now := nodes.Devices()
	if len(now) != 1 || slices.Equal(now, old) || nodes.Circle.Scope() == scope {
		t.Errorf("nodes %q became %q", old, now)
	}
	again, err := openFormerNodes(filepath.Join(h.cfg.Agent.State, "former-nodes.json"), quiet)
	must(t, err)
	left := former{again, "tableau", nodes.Devices}
	if diff := cmp.Diff(old, slices.Compact(left.Nodes())); diff != "" {
		t.Errorf("to be deleted (-want +got):\n%s", diff)
	}
	must(t, left.Gone(old[0]))
	again, err = openFormerNodes(filepath.Join(h.cfg.Agent.State, "former-nodes.json"), quiet)
	must(t, err)
	if got := (former{again, "tableau", nodes.Devices}).Nodes(); len(got) > 0 {
		t.Errorf("once gone, %q are to be deleted", got)
	}
	if _, err := h.notary.Withdraw(h.notary.consents.All()[0].ID, "page"); err != nil {
		t.Fatal(err)
	}
	code, _, said := consentVerb(t, file, "rotate", "tableau")
	if want := "releve: no consent in force is for a reader of tableau, so that nobody sees its pseudonyms\n"; code != exitFailed || said != want {
		t.Errorf("without a reader: exit code %d: %s", code, said)
	}
}
