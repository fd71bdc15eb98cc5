package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/status"
	"releve/federation/consent"
	"releve/federation/ledger"
	"releve/federation/xmpp"
)

// toWitness is a session between who asks and one witness.
type toWitness struct {
	t    *testing.T
	from xmpp.JID
	w    *witness
}

func (l toWitness) State() xmpp.State { return xmpp.State{Up: true} }

func (l toWitness) Execute(ctx context.Context, _ xmpp.JID, _ string, form *xmpp.Form) (*xmpp.Element, error) {
	out, err := l.w.run(ctx, xmpp.Step{From: l.from, Form: form})
	if err != nil {
		return nil, err
	}
	text, err := xmpp.NewElement("http://jabber.org/protocol/commands", "command").Add(out.Form.Element()).Bytes()
	if err != nil {
		l.t.Fatal(err)
	}
	return xmpp.ParseElement(text)
}

// A ledger is cosigned as it grows; who writes its history anew is found out by the witness, and it is said on the page.
func TestWitness(t *testing.T) {
	t.Parallel()
	house, member := jidOf(t, "maison@breizh-sen1.example/releve"), jidOf(t, "temoin@breizh-sen2.example/releve")
	dir := t.TempDir()
	r := &registry{t: t, dir: filepath.Join(dir, "ledger"), now: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC), known: true}
	n := r.open()
	other := &registry{t: t, dir: filepath.Join(t.TempDir(), "ledger"), now: r.now, known: true}
	other.open()
	w := &witness{dir: other.dir, file: filepath.Join(t.TempDir(), "seen.json"), members: []xmpp.JID{house.Bare()}, log: quiet}
	c := &cosignatures{
		dir: r.dir, file: filepath.Join(dir, cosignaturesFile), witnesses: []xmpp.JID{member}, session: toWitness{t, house, w}, log: quiet,
		had: map[string]cosigned{},
	}
	c.ask(t.Context(), member)
	early, err := os.ReadFile(filepath.Join(r.dir, "entries"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Ask(consent.Grant{To: "a@b", Series: []string{"*"}, Resolution: consent.Live, Purpose: "p"}, "page"); err != nil {
		t.Fatal(err)
	}
	c.had = map[string]cosigned{} // as when the file was lost: the witness says from where
	c.ask(t.Context(), member)
	if got := c.last(member); got.Size != 3 || c.finding() != (status.Finding{}) {
		t.Errorf("cosigned %+v, %+v", got, c.finding())
	}
	key, err := ledger.PublicKey(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Verify(r.dir, key, []byte(c.last(member).Note)); err != nil {
		t.Error(err)
	}

	if err := os.WriteFile(filepath.Join(r.dir, "entries"), early, 0o600); err != nil { // and another history from there
		t.Fatal(err)
	}
	again := r.open()
	for range 2 {
		if err := again.Changed("page", "x", "1", "2"); err != nil {
			t.Fatal(err)
		}
	}
	c.ask(t.Context(), member)
	if got := c.finding(); got.State != status.Fault || !strings.Contains(got.Text.EN, "temoin@breizh-sen2.example") {
		t.Errorf("of another history it says %+v", got)
	}
	if got := w.finding(); got.State != status.Warning || !strings.Contains(got.Text.EN, "maison@breizh-sen1.example") {
		t.Errorf("and the witness %+v", got)
	}
	var fork *ledger.Fork
	if _, err := ledger.Verify(r.dir, key, []byte(c.last(member).Note)); !errors.As(err, &fork) {
		t.Errorf("verify says %v", err)
	}
}

func TestWitnessRefuses(t *testing.T) {
	t.Parallel()
	house := jidOf(t, "maison@breizh-sen1.example/releve")
	dir := t.TempDir()
	w := &witness{dir: filepath.Join(dir, "none"), file: filepath.Join(dir, "seen.json"), members: []xmpp.JID{house.Bare()}, log: quiet}
	form := func(request string) *xmpp.Form {
		return &xmpp.Form{Type: "submit", Fields: []xmpp.Field{{Var: "request", Values: []string{request}}, {Var: "key", Values: []string{"k"}}}}
	}
	var got []string
	for _, ask := range []xmpp.Step{
		{From: jidOf(t, "other@breizh-sen1.example"), Form: form("")},
		{From: house, Form: form("!")},
		{From: house, Form: form("")},
	} {
		_, err := w.run(t.Context(), ask)
		got = append(got, err.Error())
	}
	want := []string{
		"forbidden: this witness cosigns for the members that its household names", "bad-request: request is not base64",
		"internal-server-error: the witness cannot sign now; ask again later",
	}
	r := &registry{t: t, dir: w.dir}
	r.open()
	for _, request := range []string{"", "b2xkIDAKCng="} {
		_, err := w.run(t.Context(), xmpp.Step{From: house, Form: form(request)})
		got = append(got, err.Error())
	}
	want = append(want, `bad-request: cosign: a request begins with "old", a size, and ends with a checkpoint`,
		`bad-request: cosign: read a checkpoint: "k" is not a public key: malformed verifier id`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if out, err := w.run(t.Context(), xmpp.Step{From: house}); err != nil || out.Done || len(out.Form.Fields) != 2 {
		t.Errorf("without a form: %+v, %v", out, err)
	}
}
