package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/status"
	"releve/federation/consent"
	"releve/federation/ledger"
)

// registry is a notary whose clock and grants a test sets, and the folder it writes to.
type registry struct {
	t     *testing.T
	dir   string
	now   time.Time
	known bool
}

// open has a notary look once with these grants, and returns it.
func (r *registry) open(grants ...consent.Grant) *notary {
	r.t.Helper()
	consents, err := consent.OpenConsents(filepath.Join(filepath.Dir(r.dir), "consents.json"))
	if err != nil {
		r.t.Fatal(err)
	}
	n := newNotary(r.dir, consents, func() (time.Time, bool) { return r.now, r.known }, slog.New(slog.DiscardHandler))
	if err := consents.Adopt(grants, r.now, n.tell); err != nil {
		r.t.Fatal(err)
	}
	n.look()
	r.t.Cleanup(func() { n.close() }) // closing twice is an error that says nothing here
	return n
}

func (r *registry) entries() []ledger.Entry {
	r.t.Helper()
	return ledgered(r.t, r.dir)
}

// ledgered is what the ledger in a folder says.
func ledgered(t testing.TB, dir string) []ledger.Entry {
	t.Helper()
	s, err := ledger.Take(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	var entries []ledger.Entry
	for _, e := range all {
		entries = append(entries, e.Entry)
	}
	return entries
}

func TestNotary(t *testing.T) {
	t.Parallel()
	morning := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	advice := consent.Grant{
		To: "conseil@breizh-sen2.example", Series: []string{"*"}, Resolution: consent.Live, Purpose: "energy advice",
		Until: morning.Add(2 * time.Hour), Identity: true,
	}
	study := consent.Grant{To: "breizh-sen1.example", Series: []string{"voltage/*"}, Resolution: consent.Live, Purpose: "a study"}
	r := &registry{t: t, dir: filepath.Join(t.TempDir(), "ledger")}

	first := r.open(advice, study) // before the time is known
	want := []ledger.Entry{
		{Kind: ledger.Beginning},
		{Kind: ledger.Software, After: versionText()},
		{
			Kind: ledger.Grant, By: "file", Recipient: study.To, Consent: study.ID(), Series: []string{"voltage/*"}, Finest: "live",
			Text: "a study",
		},
	}
	if diff := cmp.Diff(want, r.entries()); diff != "" {
		t.Fatal(diff)
	}
	r.now, r.known = morning, true
	first.look()
	want = append(want, ledger.Entry{
		At: morning, Kind: ledger.Grant, By: "file", Recipient: advice.To, Consent: advice.ID(), Series: []string{"*"}, Finest: "live",
		Identity: true, To: morning.Add(2 * time.Hour), Text: "energy advice",
	})
	r.now = morning.Add(3 * time.Hour)
	first.look()
	first.look()
	want = append(want, ledger.Entry{At: r.now, Kind: ledger.Lapse, Recipient: advice.To, Consent: advice.ID()})
	if err := first.close(); err != nil {
		t.Error(err)
	}
	r.open(advice, study) // a start at which nothing changed
	if diff := cmp.Diff(want, r.entries()); diff != "" {
		t.Fatal(diff)
	}
	r.open(advice)
	want = append(want, ledger.Entry{At: r.now, Kind: ledger.Withdrawal, By: "file", Recipient: study.To, Consent: study.ID()})
	if diff := cmp.Diff(want, r.entries()); diff != "" {
		t.Error(diff)
	}
}

// A consent that came to its end is not given anew by a start without a clock, at which nobody can tell that it is over.
func TestLapsedConsentStaysLapsed(t *testing.T) {
	t.Parallel()
	morning := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	advice := consent.Grant{To: "breizh-sen1.example", Series: []string{"*"}, Resolution: consent.Live, Purpose: "advice", Until: morning}
	r := &registry{t: t, dir: filepath.Join(t.TempDir(), "ledger")}
	r.now, r.known = morning.Add(-time.Hour), true
	first := r.open(advice)
	r.now = morning
	first.look()
	want := r.entries()
	if n := len(want); want[n-1].Kind != ledger.Lapse {
		t.Fatalf("the last entry is %+v", want[n-1])
	}
	r.known = false
	again := r.open(advice)
	r.known = true
	again.look()
	if diff := cmp.Diff(want, r.entries()); diff != "" {
		t.Errorf("after a start without a clock (-want +got):\n%s", diff)
	}
}

// One consent that cannot be written keeps none of the others out.
func TestNotaryGoesOn(t *testing.T) {
	t.Parallel()
	long := consent.Grant{To: "breizh-sen1.example", Series: []string{"*"}, Resolution: consent.Live, Purpose: strings.Repeat("a study ", 2000)}
	study := consent.Grant{To: "breizh-sen2.example", Series: []string{"*"}, Resolution: consent.Live, Purpose: "a study"}
	r := &registry{t: t, dir: filepath.Join(t.TempDir(), "ledger")}
	n := r.open(long, study)
	if got := n.finding().Detail; got != "append to the ledger: an entry has at most 8192 bytes" {
		t.Errorf("it says %q", got)
	}
	if all := r.entries(); all[len(all)-1].Recipient != study.To {
		t.Errorf("the ledger is %+v", all)
	}
}

// An agent that may not have the state folder, because another has, writes nothing into its ledger.
func TestSecondAgentLeavesLedgerAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	r := &registry{t: t, dir: h.notary.dir}
	before := r.entries()
	other := h.cfg
	other.Grants = []consent.Grant{{To: "breizh-sen1.example", Series: []string{"*"}, Resolution: consent.Live, Purpose: "a study"}}
	if _, err := newAgent(t.Context(), other, h.machine, slog.New(slog.DiscardHandler), nil); err == nil {
		t.Fatal("two agents have one state folder")
	}
	if diff := cmp.Diff(before, r.entries()); diff != "" {
		t.Errorf("the ledger (-before +after):\n%s", diff)
	}
}

// What cannot be written is said, and written once it can be.
func TestNotaryWaitsForItsDisk(t *testing.T) {
	t.Parallel()
	r := &registry{t: t, dir: filepath.Join(t.TempDir(), "ledger")}
	if err := os.WriteFile(r.dir, nil, 0o600); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	n := r.open()
	finding := n.finding()
	if finding.State != status.Warning || finding.Text.EN != "The ledger of consents cannot be written." || finding.Detail == "" {
		t.Errorf("it says %+v", finding)
	}
	if err := os.Remove(r.dir); err != nil {
		t.Fatal(err)
	}
	n.look()
	if diff := cmp.Diff(status.Finding{}, n.finding()); diff != "" {
		t.Error(diff)
	}
	want := []ledger.Entry{{Kind: ledger.Beginning}, {Kind: ledger.Software, After: versionText()}}
	if diff := cmp.Diff(want, r.entries()); diff != "" {
		t.Error(diff)
	}
}

// A ledger that could not be begun is begun once that is possible.
func TestNotaryBegins(t *testing.T) {
	t.Parallel()
	r := &registry{t: t, dir: t.TempDir()}
	entries := filepath.Join(r.dir, "entries")
	if err := os.Symlink(os.DevNull, entries); err != nil { // which cannot be synced
		t.Fatal(err)
	}
	n := r.open()
	if n.finding().State != status.Warning {
		t.Errorf("it says %+v", n.finding())
	}
	if err := os.Remove(entries); err != nil {
		t.Fatal(err)
	}
	n.look()
	want := []ledger.Entry{{Kind: ledger.Beginning}, {Kind: ledger.Software, After: versionText()}}
	if diff := cmp.Diff(want, r.entries()); diff != "" {
		t.Error(diff)
	}
}

func TestLedgerVerbs(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	config := filepath.Join(state, "releve.toml")
	if err := os.WriteFile(config, []byte("[agent]\nstate = \""+state+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &registry{t: t, dir: filepath.Join(state, "ledger"), now: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC), known: true}
	must := func(args ...string) string {
		t.Helper()
		code, out, said := ledgerVerb(t, config, args...)
		if code != exitDone {
			t.Fatalf("%v: exit code %d: %s", args, code, said)
		}
		return out
	}
	r.open()
	earlier := filepath.Join(state, "checkpoint")
	if err := os.WriteFile(earlier, []byte(must("checkpoint")), 0o600); err != nil {
		t.Fatal(err)
	}
	r.open(consent.Grant{To: "breizh-sen1.example", Series: []string{"*"}, Resolution: consent.Live, Purpose: "a study"})

	key := strings.TrimSpace(must("key"))
	shown := strings.Split(must("show"), "\n")
	if want := `1  2026-11-01T08:00:00Z  software  after="` + versionText() + `"`; shown[1] != want {
		t.Errorf("show says %q, want %q", shown[1], want)
	}
	if !strings.HasPrefix(must("verify", "--checkpoint", earlier), "3 entries are what they were, 0 of them erased; root ") {
		t.Errorf("verify says %q", must("verify"))
	}
	proof := filepath.Join(state, "proof")
	if err := os.WriteFile(proof, []byte(must("prove", "2")), 0o600); err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(key, "+")
	if got, want := must("check", "--key", key, proof), shown[2]+"\nin the ledger "+name+", which had 3 entries\n"; got != want {
		t.Errorf("check says %q, want %q", got, want)
	}
	damageLedger(t, r.dir)
	code, _, said := ledgerVerb(t, config, "verify")
	if want := "verify the ledger: entry 1 is not what it was: its text is not the one the tree commits to"; code != exitFailed || !strings.Contains(said, want) {
		t.Errorf("a changed entry: exit code %d, %q", code, said)
	}
}

func ledgerVerb(t *testing.T, config string, args ...string) (code int, out, said string) {
	t.Helper()
	var data, talk bytes.Buffer
	if args[0] != "check" {
		args = append(args, "--config", config)
	}
	code = execute(t.Context(), append([]string{"ledger"}, args...), terminal{out: &data, err: &talk})
	return code, data.String(), talk.String()
}

// damageLedger changes one word of entry 1.
func damageLedger(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, "entries")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte(`"after":"`), []byte(`"after":"x`), 1)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
