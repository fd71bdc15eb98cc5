package main

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation/consent"
	"releve/federation/ledger"
	"releve/federation/quoalise"
	"releve/federation/xmpp"
)

// withdrawals are the entries of a ledger about who was or was not told.
func (h house) withdrawals(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, e := range (&registry{t: t, dir: h.notary.dir}).entries() {
		switch e.Kind {
		case ledger.Withdrawal, ledger.Untold, ledger.Acknowledgement:
			all = append(all, string(e.Kind)+" "+e.Recipient+" "+e.By+" "+e.Text)
		}
	}
	return all
}

// A system outside the federation hears no notice, nor does a proxy of the proof of concept: a person has to tell them.
// That is on the page, at the terminal and in the ledger, until the person says that they have, and holds up no data.
func TestToldByHand(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) {
		c.Recipients = []config.Recipient{
			{Name: "poste", Kind: config.KindPride, Way: config.ToPride{}},
			{Name: "poc", Kind: config.KindSEN1, Way: config.ToSEN1{To: jidOf(t, "proxy@sen2.example")}},
		}
		c.Grants = []consent.Grant{
			{To: "recipient poste", Series: []string{"*"}, Resolution: "live", Purpose: "advice"},
			{To: "proxy@sen2.example", Series: []string{"*"}, Resolution: "live", Purpose: "advice"},
		}
	})
	all := h.notary.consents.All()
	for _, c := range all {
		if _, err := h.notary.Withdraw(c.ID, "page"); err != nil {
			t.Fatal(err)
		}
	}
	const deaf = "a system outside the federation knows no notices"
	withdrawals := []string{
		"withdrawal recipient poste page ", "untold recipient poste  " + deaf,
		"withdrawal proxy@sen2.example page ", "untold proxy@sen2.example  a proxy of the proof of concept knows no notices",
	}
	if diff := cmp.Diff(withdrawals, h.withdrawals(t)); diff != "" {
		t.Errorf("in the ledger (-want +got):\n%s", diff)
	}
	if h.notary.owes("proxy@sen2.example") || h.notary.owes("recipient poste") {
		t.Error("it waits for a notice that is never sent")
	}
	if got := h.notary.consentsFinding(); got.State != status.Warning || got.Text.EN != "A consent is withdrawn, and proxy@sen2.example learns it from nobody but you." {
		t.Errorf("the page says %+v", got)
	}
	shown := func() string {
		list, err := consent.List(filepath.Join(h.cfg.Agent.State, consentsFile))
		if err != nil {
			t.Fatal(err)
		}
		return noticeText(list[0].Notices[0], time.UTC)
	}
	if got := shown(); got != "recipient poste has to be told by you: "+deaf {
		t.Errorf("at the terminal: %s", got)
	}
	if _, err := h.notary.ToldByHand(all[0].ID, "somebody", byTerminal); err == nil || err.Error() != "of consent "+all[0].ID+" nobody called somebody has to be told by hand" {
		t.Errorf("of somebody else: %v", err)
	}
	h.tellsOnPage(t, all[0].ID, "recipient poste")
	if _, err := h.obeyTerminal(request{Do: "told", ID: all[1].ID}); err != nil {
		t.Fatal(err)
	}
	withdrawals = append(withdrawals, "acknowledgement recipient poste page "+ofWithdrawal, "acknowledgement proxy@sen2.example terminal "+ofWithdrawal)
	if diff := cmp.Diff(withdrawals, h.withdrawals(t)); diff != "" {
		t.Errorf("in the ledger once told (-want +got):\n%s", diff)
	}
	if got := h.notary.consentsFinding(); got != (status.Finding{}) {
		t.Errorf("the page still says %+v", got)
	}
	if _, err := h.notary.ToldByHand(all[0].ID, "", byTerminal); err == nil {
		t.Error("told twice")
	}
}

// tellsOnPage has a person say on the page that they have told a recipient, which the page asks for until then.
func (h house) tellsOnPage(t *testing.T, id, to string) {
	t.Helper()
	var err error
	if h.entry, err = openEntry(h.cfg.Agent.State, h.machine, h.log); err != nil {
		t.Fatal(err)
	}
	page := httptest.NewServer(status.Handler(h.snapshot, status.Options{Guard: h.pageGuard(), Entry: h.pageEntry(), House: pageHouse{h.agent}}))
	defer page.Close()
	v := newReader(t, page.Listener.Addr().String())
	form := "told-" + id
	has := func(page string) bool { return strings.Contains(page, `value="`+form+`"`) }
	v.goes("/mydata").says(t, 200, "/mydata", "withdrawn; you have to tell "+to)
	v.settles(h.entry.shown(config.Config{Status: config.Status{Listen: page.Listener.Addr().String()}}))
	asks := v.goes("/mydata")
	asks.says(t, 200, "/mydata", "I have told "+to)
	v.sends("/mydata", "form", form, "do", "told", "consent", id).says(t, 200, "/mydata?done=told", "Noted.")
	if after := v.goes("/mydata").text; !has(asks.text) || has(after) {
		t.Errorf("once it was told the page is\n%s", after)
	}
}

// A notice that comes back is told again for a week; then a person has to, and what else is granted goes on.
func TestNoticeComesBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil) // with a grant to client@sen2.example
	now := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	h.notary.now = func() (time.Time, bool) { return now, true }
	far := &farEnd{up: true, fate: &xmpp.StanzaError{Type: "cancel", Condition: "service-unavailable"}}
	h.herald.session = far
	id := h.notary.consents.All()[0].ID
	if _, err := h.notary.Withdraw(id, "page"); err != nil {
		t.Fatal(err)
	}
	for day := range 8 {
		if owed := h.notary.owes("client@sen2.example"); !owed {
			t.Errorf("on day %d nothing is owed", day)
		}
		h.herald.round(t.Context())
		now = now.AddDate(0, 0, 1)
	}
	h.herald.round(t.Context())
	if h.notary.owes("client@sen2.example") || len(far.all()) != 8 {
		t.Errorf("it is owed: %v, and was told %d times", h.notary.owes("client@sen2.example"), len(far.all()))
	}
	if diff := cmp.Diff([]string{"withdrawal client@sen2.example page ", "untold client@sen2.example  every notice came back: service-unavailable"}, h.withdrawals(t)); diff != "" {
		t.Errorf("in the ledger (-want +got):\n%s", diff)
	}
}

// A grant that a change on trial leaves out stops what goes, but nobody is told before the change is there to stay; when
// it is taken back, nobody is told at all.
func TestNoticeWaitsForTrial(t *testing.T) {
	t.Parallel()
	for _, kept := range []bool{false, true} {
		h := newHouse(t, nil)
		trial := true
		h.notary.onTrial, h.herald.onTrial = func() bool { return trial }, func() bool { return trial }
		tell := func(g consent.Grant) []consent.Notice { return []consent.Notice{{To: g.To, OnTrial: trial}} }
		far := &farEnd{up: true}
		h.herald.session = far
		adopt := func(grants []consent.Grant) {
			if err := h.notary.consents.Adopt(grants, h.notary.moment(), tell); err != nil {
				t.Fatal(err)
			}
			h.notary.look()
			h.herald.round(t.Context())
		}
		adopt(nil)
		if h.book.Knows("client@sen2.example") || h.notary.owes("client@sen2.example") || len(far.all()) != 0 {
			t.Errorf("on trial: %q", far.all())
		}
		trial = false
		want := []string{"client@sen2.example revoke"}
		if kept {
			if !h.notary.owes("client@sen2.example") {
				t.Error("once it stays nothing is owed")
			}
			h.herald.round(t.Context())
		} else {
			adopt(h.cfg.Grants)
			want = nil
		}
		if diff := cmp.Diff(want, far.all()); diff != "" {
			t.Errorf("kept %v (-want +got):\n%s", kept, diff)
		}
	}
}

// Who also subscribes hears it there, whatever else it is.
func TestDeaf(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) {
		c.Recipients = []config.Recipient{{Name: "poc", Kind: config.KindSEN1, Way: config.ToSEN1{To: jidOf(t, "client@sen2.example")}}}
	})
	text := `[{"jid":"client@sen2.example","identifiers":["urn:dev:ow:1"]}]`
	subscriptions, err := quoalise.OpenSubscriptions(written(t, "subscriptions.json", text))
	if err != nil {
		t.Fatal(err)
	}
	h.subscribers.subscriptions = subscriptions
	if got := h.deaf("client@sen2.example"); got != "" {
		t.Errorf("of a subscriber it is said: %s", got)
	}
}
