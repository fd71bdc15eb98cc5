package main

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/federation/consent"
	"releve/federation/ledger"
	"releve/federation/notice"
	"releve/federation/xmpp"
)

// Who was granted what is erased is told once it can be reached, under the names it knows; whom nobody can tell is named.
// Nothing of it is in the state folder once all are told.
func TestErasureIsTold(t *testing.T) {
	t.Parallel()
	to, err := xmpp.ParseJID("serveur@sen2.example/releve")
	if err != nil {
		t.Fatal(err)
	}
	grant := func(to, series string) consent.Grant {
		return consent.Grant{To: to, Series: []string{series}, Resolution: "live", Purpose: "advice"}
	}
	h := newHouse(t, func(c *config.Config) {
		c.Recipients = []config.Recipient{{Name: "serveur", Kind: config.KindReleve, Way: config.ToReleve{To: to, Naming: config.NamingQuoalise}}}
		c.Grants = []consent.Grant{grant("serveur@sen2.example", "*"), grant("recipient zabbix", "*"), grant("autre@sen2.example", "voltage/*")}
	})
	far := &farEnd{}
	h.herald.session = far
	h.spoken(t)
	got, err := h.erase(t.Context(), erasure{Series: []string{"geheimnis/*"}, From: h.now().Add(-48 * time.Hour)}, "page")
	if err != nil || got.Readings != 5 || !slices.Equal(got.Tell, []string{"recipient zabbix"}) {
		t.Fatalf("%+v, %v", got, err)
	}
	h.herald.tellErasures(t.Context()) // while away
	if found := stillSaid(t, h.cfg.Agent.State); !slices.Equal(found, []string{erasuresFile}) {
		t.Errorf("what is still to be told is in %q", found)
	}
	again, err := openErasureNotices(h.state(erasuresFile), h.log)
	if err != nil || len(again.list) != 1 || !again.list[0].saysSame(h.erasures.list[0]) {
		t.Fatalf("kept %+v, %v", again, err)
	}
	one := again.list[0]
	if want := h.book.Name("serveur@sen2.example", saidSeries); !slices.Equal(one.Series, []string{want}) || want == "" {
		t.Errorf("named %q, want %q", one.Series, want)
	}
	far.set(true)
	h.herald.tellErasures(t.Context())
	if diff := cmp.Diff([]string{"serveur@sen2.example/releve erase"}, far.all()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if found := stillSaid(t, h.cfg.Agent.State); found != nil {
		t.Errorf("told, and still in %q", found)
	}
	entries := (&registry{t: t, dir: h.notary.dir}).entries()
	last := entries[len(entries)-1]
	last.At = time.Time{}
	want := ledger.Entry{Kind: ledger.Acknowledgement, By: one.Address, Recipient: one.Address, Consent: one.Consent, Text: ofErasure}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
}

// Who does not acknowledge is told each day for a week, and then it is in the ledger that it was not.
func TestErasureIsToldAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	far := &farEnd{up: true, fate: &xmpp.StanzaError{Type: "cancel", Condition: "service-unavailable"}}
	h.herald.session = far
	n := erasureNotice{Address: "client@sen2.example", Erasure: notice.Erasure{Consent: "a"}}
	if err := h.erasures.owe([]erasureNotice{n, n}); err != nil {
		t.Fatal(err)
	}
	for day := range 8 {
		h.herald.tellErasures(t.Context())
		h.herald.tellErasures(t.Context()) // it is not due
		if day == 7 {
			break
		}
		if len(h.erasures.list) != 1 {
			t.Fatalf("day %d: owed %+v", day, h.erasures.list)
		}
		h.erasures.list[0].Sent = h.erasures.list[0].Sent.Add(-tellAgain)
		h.erasures.list[0].Last = h.erasures.list[0].Last.Add(-tellAgain)
	}
	if len(far.all()) != 8 || len(h.erasures.list) != 0 {
		t.Errorf("told %q, owed %+v", far.all(), h.erasures.list)
	}
	entries := (&registry{t: t, dir: h.notary.dir}).entries()
	if last := entries[len(entries)-1]; last.Kind != ledger.Untold || last.Recipient != n.Address {
		t.Errorf("the last entry is %+v", last)
	}
}

// What a source has erased is in the ledger once, and on the page.
func TestSourceErases(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	from, err := xmpp.ParseJID("maison@sen2.example")
	if err != nil {
		t.Fatal(err)
	}
	before := len((&registry{t: t, dir: h.notary.dir}).entries())
	for range 2 {
		if err := h.notary.hearErasure(from, notice.Erasure{Consent: "a", From: time.Unix(1_790_000_000, 0)}); err != nil {
			t.Fatal(err)
		}
	}
	if got := len((&registry{t: t, dir: h.notary.dir}).entries()); got != before+1 {
		t.Errorf("%d entries, want one more than %d", got, before)
	}
	if got := h.notary.consentsFinding().Text.EN; got != "maison@sen2.example has erased readings that you were sent." {
		t.Errorf("the page says %q", got)
	}
}
