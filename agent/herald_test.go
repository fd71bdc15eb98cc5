package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation"
	"releve/federation/consent"
	"releve/federation/ledger"
	"releve/federation/notice"
	"releve/federation/quoalise"
	"releve/federation/xmpp"
	"releve/senml"
)

// farEnd is a session, and a recipient behind it, of which all that arrives is noted in order.
type farEnd struct {
	mu    sync.Mutex // guards everything below
	up    bool
	fate  error // of messages
	heard []string
}

func (f *farEnd) note(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard = append(f.heard, what)
}

func (f *farEnd) set(up bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.up = up
}

func (f *farEnd) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.heard...)
}

func (f *farEnd) State() xmpp.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return xmpp.State{Up: f.up}
}

func (f *farEnd) Query(_ context.Context, _ string, to xmpp.JID, payload *xmpp.Element) (*xmpp.Element, error) {
	f.note(to.String() + " " + payload.Name.Local)
	answer := map[string]string{"revoke": "revoked", "erase": "erasing"}[payload.Name.Local]
	return xmpp.NewElement(notice.NS, answer), nil
}

func (f *farEnd) Notify(_ context.Context, to xmpp.JID, _ string, payload *xmpp.Element) (*xmpp.Receipt, error) {
	f.note(to.String() + " " + payload.Name.Local)
	r := xmpp.NewReceipt(func() {}, nil)
	r.Settle(f.fate)
	return r, nil
}

func (f *farEnd) Say(_ context.Context, to xmpp.JID, text string) error {
	f.note(to.String() + " " + text)
	return f.fate
}

func (f *farEnd) String() string { return "far end" }

func (f *farEnd) Send(context.Context, senml.Pack) error {
	if !f.State().Up {
		return xmpp.ErrAway
	}
	f.note("data")
	return nil
}

// What is withdrawn during an outage is told before anything else is sent, once; that it is known is kept, shown and in
// the ledger.
func TestWithdrawalIsToldFirst(t *testing.T) {
	t.Parallel()
	to, err := xmpp.ParseJID("serveur@sen2.example/releve")
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, func(c *config.Config) {
		c.Recipients = []config.Recipient{{Name: "serveur", Kind: config.KindReleve, Way: config.ToReleve{To: to, Naming: config.NamingQuoalise}}}
		c.Grants = []consent.Grant{
			{To: "serveur@sen2.example", Series: []string{"*"}, Resolution: "live", Purpose: "advice"},
			{To: "serveur@sen2.example", Series: []string{"voltage/*"}, Resolution: "live", Purpose: "a study"},
		}
	})
	far := &farEnd{}
	h.herald.session = far
	guarded := after{far, "serveur@sen2.example", h.notary}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.herald.Run(ctx) }()

	id := h.notary.consents.All()[0].ID
	if _, err := h.notary.Withdraw(id, "page"); err != nil {
		t.Fatal(err)
	}
	if err := guarded.Send(ctx, nil); !errors.Is(err, errOwed) {
		t.Errorf("data during the outage: %v", err)
	}
	far.set(true)
	if err := guarded.Send(ctx, nil); !errors.Is(err, errOwed) {
		t.Errorf("data before the notice: %v", err)
	}
	rouse(h.notary.news) // as a login does
	until(t, "the notice", func() bool { return !h.notary.owes("serveur@sen2.example") })
	if err := guarded.Send(ctx, nil); err != nil {
		t.Error(err)
	}
	rouse(h.notary.news)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"serveur@sen2.example/releve revoke", "data"}, far.all()); diff != "" {
		t.Errorf("what arrived (-want +got):\n%s", diff)
	}
	list, err := consent.List(filepath.Join(h.cfg.Agent.State, consentsFile))
	if err != nil || len(list[0].Notices) != 1 || list[0].Notices[0].Acked.IsZero() {
		t.Errorf("kept: %+v, %v", list, err)
	}
	entries := (&registry{t: t, dir: h.notary.dir}).entries()
	if last := entries[len(entries)-1]; last.Kind != ledger.Acknowledgement || last.Consent != id || last.By != "serveur@sen2.example" {
		t.Errorf("the last entry is %+v", last)
	}
}

// pieces is a recipient to whom a pack goes in two pieces, the second once it is let.
type pieces struct {
	*farEnd
	second chan struct{}
}

func (r pieces) SendWhile(_ context.Context, _ senml.Pack, granted func() error) error {
	r.note("piece")
	<-r.second
	if err := granted(); err != nil {
		return err
	}
	r.note("piece")
	return nil
}

// What is under way when a consent is withdrawn is broken off before its next piece, and nothing goes before the notice.
func TestWithdrawalBreaksOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil) // with a grant to client@sen2.example
	far := pieces{&farEnd{}, make(chan struct{})}
	sent := make(chan error, 1)
	go func() { sent <- after{far, "client@sen2.example", h.notary}.Send(t.Context(), nil) }()
	until(t, "the sending", func() bool { return len(far.all()) == 1 })
	if _, err := h.notary.Withdraw(h.notary.consents.All()[0].ID, "page"); err != nil {
		t.Fatal(err)
	}
	close(far.second)
	if err := <-sent; !errors.Is(err, errOwed) || len(far.all()) != 1 {
		t.Errorf("the sending ended with %v after %d pieces", err, len(far.all()))
	}
}

// A client that never acknowledges a withdrawal is told each day for a week, and no longer; who asked is told once.
func TestDue(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	c := consent.Consent{State: consent.Withdrawn, Since: begin}
	for _, test := range []struct {
		name  string
		state consent.State
		n     consent.Notice
		now   time.Time
		want  bool
	}{
		{"at once", consent.Withdrawn, consent.Notice{}, begin, true},
		{"a year later, after an outage", consent.Withdrawn, consent.Notice{}, begin.AddDate(1, 0, 0), true},
		{"an hour after it was told", consent.Withdrawn, consent.Notice{Sent: begin}, begin.Add(time.Hour), false},
		{"a day after it was told", consent.Withdrawn, consent.Notice{Sent: begin}, begin.Add(24 * time.Hour), true},
		{"a week after", consent.Withdrawn, consent.Notice{Sent: begin}, begin.Add(7 * 24 * time.Hour), false},
		{"once it is known", consent.Withdrawn, consent.Notice{Sent: begin, Acked: begin}, begin.Add(24 * time.Hour), false},
		{"what a person has to tell", consent.Withdrawn, consent.Notice{Untold: "deaf"}, begin, false},
		{"what a person has to tell now", consent.Withdrawn, consent.Notice{Sent: begin, Untold: "deaf"}, begin.Add(24 * time.Hour), false},
		{"who asked for what was given", consent.InForce, consent.Notice{}, begin, true},
		{"who asked, a day after it was told", consent.InForce, consent.Notice{Sent: begin}, begin.Add(24 * time.Hour), false},
	} {
		c.State = test.state
		if got := due(c, test.n, test.now); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// Whoever may have had readings under a consent for a whole domain is told, and nobody of another.
func TestAudience(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	text := `[{"jid":"client@sen2.example","identifiers":["urn:dev:ow:1"]},{"jid":"other@sen3.example","identifiers":["urn:dev:ow:1"]}]`
	subscriptions, err := quoalise.OpenSubscriptions(written(t, "subscriptions.json", text))
	if err != nil {
		t.Fatal(err)
	}
	h.subscribers.subscriptions = subscriptions
	got := h.audience(consent.Grant{To: "sen2.example"})
	if diff := cmp.Diff([]string{"client@sen2.example"}, got); diff != "" {
		t.Error(diff)
	}
}

// A source that takes a consent back is heard once, into the ledger, and said on the page; it withdraws nothing of ours.
func TestSourceWithdraws(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	from, err := xmpp.ParseJID("voisins@sen2.example")
	if err != nil {
		t.Fatal(err)
	}
	ours := h.notary.consents.All()[0].ID
	for range 2 {
		if err := h.notary.hear(from, notice.Revocation{Consent: ours, At: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)}); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(h.said.String(), "a source has withdrawn a consent"); n != 1 {
		t.Errorf("said %d times", n)
	}
	if got := h.notary.consentsFinding().Text.EN; got != "voisins@sen2.example has withdrawn its consent." {
		t.Errorf("the page says %q", got)
	}
	again := newNotary(h.notary.dir, h.notary.consents, h.notary.now, quiet)
	again.look()
	defer again.close() // of a ledger that was read only
	if h.notary.consents.All()[0].State != consent.InForce || len(again.lost) != 1 {
		t.Errorf("ours is %s, and %d are lost", h.notary.consents.All()[0].State, len(again.lost))
	}
}

var _ federation.Recipient = (*farEnd)(nil)

// The page says of each consent how it stands, until a month after its end.
func TestConsentsShown(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	g := consent.Grant{To: "a@sen2.example", Series: []string{"*"}, Resolution: consent.HalfHour, Purpose: "conseil", Details: consent.Details{PurposeEN: "advice"}}
	ending := g
	ending.Until = now.Add(24 * time.Hour)
	for _, test := range []struct {
		c    consent.Consent
		want status.Consent
	}{
		{consent.Consent{Grant: g, State: consent.Pending}, status.Consent{State: status.Waiting, Text: status.Say("attend votre réponse", "waits for your answer")}},
		{consent.Consent{Grant: g, State: consent.InForce}, status.Consent{State: status.OK, Text: status.Say("donné", "in force")}},
		{consent.Consent{Grant: ending, State: consent.InForce}, status.Consent{State: status.Warning, Text: status.Say("prend bientôt fin", "ends soon")}},
		{consent.Consent{Grant: ending, State: consent.Lapsed}, status.Consent{State: status.OK, Text: status.Say("échu", "lapsed")}},
		{consent.Consent{Grant: g, State: consent.Withdrawn}, status.Consent{State: status.OK, Text: status.Say("retiré", "withdrawn")}},
		{
			consent.Consent{Grant: g, State: consent.Withdrawn, Notices: []consent.Notice{{To: "a@sen2.example"}}},
			status.Consent{State: status.Warning, Text: status.Say("retiré ; le destinataire n'a pas encore confirmé le savoir", "withdrawn; the recipient has not confirmed yet that it knows")},
		},
		{
			consent.Consent{Grant: g, State: consent.Withdrawn, Notices: []consent.Notice{{To: "poste", Untold: "deaf"}, {To: "a@sen2.example"}}},
			status.Consent{State: status.Warning, Text: status.Say("retiré ; à dire vous-même à poste", "withdrawn; you have to tell poste")},
		},
	} {
		test.want.To, test.want.Terms = "a@sen2.example", status.Say("conseil · PT30M", "advice · PT30M")
		if !test.c.Grant.Until.IsZero() {
			test.want.Terms = status.Say("conseil · PT30M · jusqu'au 02/11/2026", "advice · PT30M · until 2026-11-02")
		}
		if diff := cmp.Diff(test.want, consentShown(test.c, now, time.UTC)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.c.State, diff)
		}
	}
}
