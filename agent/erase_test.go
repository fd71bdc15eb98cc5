package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/agent/status"
	"releve/buffer"
	"releve/federation/consent"
	"releve/federation/ledger"
	"releve/senml"
)

// said is a reading that nothing else is like.
const (
	saidSeries = "linky/geheimnis/raw"
	saidText   = "abwesend-seit-gestern"
)

// spoken stores readings of two series, the days before now, and writes what is beside the store.
func (h house) spoken(t *testing.T) {
	t.Helper()
	now := h.now().Truncate(time.Second)
	for hours := range 5 {
		at := float64(now.Add(-time.Duration(hours) * time.Hour).Unix())
		if _, err := h.buffer.Put(senml.Pack{
			{Name: saidSeries, Value: senml.TextValue(saidText), Time: at},
			{Name: "linky/voltage/1", Unit: "V", Value: senml.NumberValue(230), Time: at},
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"recipients/bmhs.json", "recipients/bmhs/JOURNAL", "sources/poc.poison/1.json", "sources/poc.json"} {
		if err := os.MkdirAll(filepath.Dir(h.state(path)), 0o700); err != nil {
			t.Fatal(err)
		}
		text := `{"geheimnis":"` + saidText + `"}`
		if path == "sources/poc.json" {
			text = `{"other":"2026-01-01T00:00:00Z"}`
		}
		if err := os.WriteFile(h.state(path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// stillSaid lists the files of the state folder that have a word of it.
func stillSaid(t *testing.T, folder string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte("geheimnis")) || bytes.Contains(data, []byte(saidText)) {
			found = append(found, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// eraseVerbIn runs the verb with something typed.
func eraseVerbIn(t *testing.T, file, typed string, args ...string) (code int, out, said string) {
	t.Helper()
	var data, talk bytes.Buffer
	code = execute(t.Context(), append([]string{"erase", "--config", file}, args...), terminal{in: strings.NewReader(typed), out: &data, err: &talk})
	return code, data.String(), talk.String()
}

// TestEraseAtTheTerminal erases series while the agent runs and while none does, after it was told what would go. No file has
// a word of it then, and the ledger has the fact alone.
func TestEraseAtTheTerminal(t *testing.T) {
	t.Parallel()
	for _, running := range []bool{true, false} {
		t.Run(map[bool]string{true: "running", false: "stopped"}[running], func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(c *config.Config) { c.Grants = nil })
			h.spoken(t)
			file := written(t, "releve.toml", "[agent]\nstate = \""+h.cfg.Agent.State+"\"\n")
			if running {
				file = openDesk(t, h)
			} else {
				h.stop(t)
			}
			if found := stillSaid(t, h.cfg.Agent.State); len(found) < 3 {
				t.Fatalf("before, only %q", found)
			}
			const asked = "5 readings and 0 roll-ups of 1 series would be erased: " + saidSeries + ".\n"
			code, out, said := eraseVerbIn(t, file, "yes\n", "--series", "geheimnis/*")
			if want := asked + "It cannot be undone. Type erase to go on: releve: nothing was erased\n"; code != exitFailed || out != "" || said != want {
				t.Errorf("not confirmed: %d, %q, %q", code, out, said)
			}
			code, out, said = eraseVerbIn(t, file, "erase\n", "--series", "geheimnis/*", "--json")
			var got erased
			if err := json.Unmarshal([]byte(out), &got); code != exitDone || err != nil {
				t.Fatalf("confirmed: %d, %q, %q, %v", code, out, said, err)
			}
			if diff := cmp.Diff(erased{Readings: 5, Series: []string{saidSeries}, Aside: []string{}, Tell: []string{}}, got); diff != "" {
				t.Errorf("erased (-want +got):\n%s", diff)
			}
			if found := stillSaid(t, h.cfg.Agent.State); found != nil {
				t.Errorf("still in %q", found)
			}
			code, _, said = eraseVerbIn(t, file, "", "--yes", "--series", "geheimnis/*")
			if want := "releve: no series is called geheimnis/*\n"; code != exitFailed || said != want {
				t.Errorf("again: %d, %q", code, said)
			}
			entries := (&registry{t: t, dir: h.notary.dir}).entries()
			at := slices.IndexFunc(entries, func(e ledger.Entry) bool { return e.Kind == ledger.Erasure })
			if at < 0 {
				t.Fatalf("the ledger has %+v", entries)
			}
			entries[at].At = time.Time{}
			if diff := cmp.Diff(ledger.Entry{Kind: ledger.Erasure, By: byTerminal, Text: "readings of series", Count: 5}, entries[at]); diff != "" {
				t.Errorf("entry (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEraseAll leaves no reading, and the place of a source where it was: nothing is fetched again.
func TestEraseAll(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) { c.Grants = nil })
	h.spoken(t)
	got, err := h.erase(t.Context(), erasure{}, "page")
	if err != nil || got.Readings != 10 {
		t.Fatalf("%+v, %v", got, err)
	}
	if found := stillSaid(t, h.cfg.Agent.State); found != nil {
		t.Errorf("still in %q", found)
	}
	if s := h.buffer.Stats(); s.Packs != 0 || len(h.buffer.Known()) != 0 {
		t.Errorf("left: %+v, %v", s, h.buffer.Known())
	}
	if _, err := os.Stat(h.state("sources/poc.json")); err != nil {
		t.Error(err)
	}
	if _, err := h.erase(t.Context(), erasure{Series: []string{"*"}, From: h.now()}, "page"); err == nil || err.Error() != "no series is called *" {
		t.Errorf("of nothing: %v", err)
	}
}

// Without an agent that runs, nothing is made in a state folder that is not there, or is somebody else's.
func TestEraseOfNobody(t *testing.T) {
	t.Parallel()
	gone := filepath.Join(t.TempDir(), "gone")
	file := written(t, "releve.toml", "[agent]\nstate = \""+gone+"\"\n")
	code, _, said := eraseVerbIn(t, file, "", "--all", "--yes")
	if code != exitFailed || said != "releve: look at agent.state: stat "+gone+": no such file or directory\n" {
		t.Errorf("%d, %q", code, said)
	}
	if os.Geteuid() != 0 {
		return
	}
	other := t.TempDir()
	if err := os.Chown(other, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if err := ownState(other); err == nil || !strings.Contains(err.Error(), "is not yours") {
		t.Errorf("another's folder: %v", err)
	}
}

func TestEraseMisuse(t *testing.T) {
	t.Parallel()
	file := written(t, "releve.toml", "[agent]\nstate = \""+t.TempDir()+"\"\n")
	for _, row := range []struct {
		args []string
		want string
	}{
		{nil, "erase: say what: --all, --series, --from, --to or --ledger"},
		{[]string{"--all", "--from", "-1d"}, "erase: --all leaves nothing to choose; leave it out, or --series, --from and --to"},
		{[]string{"--from", "soon"}, `erase: --from: "soon" is not a time`},
		{[]string{"--series", "", "--from", "-1d"}, "erase: --series is given nothing"},
		{[]string{"--series=", "--from", "-1d"}, "erase: --series is given nothing"},
		{[]string{"--series", "voltage/1", "--from", ""}, "erase: --from is given nothing"},
		{[]string{"--to=", "--all"}, "erase: --to is given nothing"},
	} {
		code, out, said := eraseVerbIn(t, file, "", row.args...)
		if code != exitUsage || out != "" || !strings.HasPrefix(said, "releve: "+row.want) {
			t.Errorf("%v: %d, %q, %q", row.args, code, out, said)
		}
	}
}

// What names no series takes none, whatever asks for it.
func TestEraseNoSeries(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.spoken(t)
	page := pageHouse{h.agent}
	sent := func(line string) error {
		here, there := net.Pipe()
		defer here.Close() // it has answered
		go h.attend(t.Context(), there, nil)
		var answer reply
		_, err := here.Write([]byte(line))
		err = errors.Join(err, json.NewDecoder(here).Decode(&answer))
		if answer.Error != "" {
			err = errors.Join(err, errors.New(answer.Error))
		}
		return err
	}
	for _, row := range []struct {
		name string
		ask  func() error
		want string
	}{
		{"here", func() error { _, err := h.erase(t.Context(), erasure{Series: []string{}}, byTerminal); return err }, "no series is named"},
		{"to be confirmed", func() error { _, err := h.erasable(t.Context(), erasure{Series: []string{}}); return err }, "no series is named"},
		{"page", func() error { _, err := page.Erase(t.Context(), status.Erasure{Series: []string{}}); return err }, "no series is named"},
		{"terminal", func() error { return sent(`{"do":"erase","erasure":{"series":[]}}`) }, "no series is named"},
		{"what this version does not know", func() error { return sent(`{"do":"erase","erasure":{"meters":["linky"]}}`) }, `json: unknown field "meters"`},
	} {
		if err := row.ask(); err == nil || err.Error() != row.want {
			t.Errorf("%s: error %v, want %s", row.name, err, row.want)
		}
	}
	if left := len(h.buffer.Known()); left != 2 {
		t.Errorf("%d series are left, want 2", left)
	}
	text, err := json.Marshal(erasure{Series: []string{}})
	if err != nil || string(text) != `{"series":[]}` {
		t.Errorf("it travels as %s, %v", text, err)
	}
}

// An erasure that was begun and cannot be done is told on the page, on My data and to programs; once it is done, no more, and the
// ledger has it.
func TestEraseWaits(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.spoken(t)
	must(t, h.buffer.Close())
	must(t, os.WriteFile(h.state("buffer/ERASE"), []byte("{"), 0o600)) // as good as no room: it cannot be done
	h = newHouse(t, func(c *config.Config) { *c = h.cfg })
	told := func() (all []string) {
		data, err := pageHouse{h.agent}.MyData(t.Context())
		must(t, err)
		for _, f := range []status.Finding{data.Unerased, h.bufferFinding()} {
			all = append(all, f.Text.EN+f.Advice.EN)
		}
		return all
	}
	const sentence = "An erasure that was begun is not done yet: what is to go is still there.Make room on the card, as much as what stays takes; it is then done by itself."
	if diff := cmp.Diff([]string{sentence, sentence}, told()); diff != "" {
		t.Errorf("(-want +told):\n%s", diff)
	}
	if _, err := h.erase(t.Context(), erasure{}, "terminal"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"", ""}, told()); diff != "" {
		t.Errorf("once it is done (-want +told):\n%s", diff)
	}
	if found := stillSaid(t, h.cfg.Agent.State); found != nil {
		t.Errorf("left in %q", found)
	}
}

// An erasure that waits is done before the next one, and the ledger has both.
func TestEraseAfterOneThatWaits(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.spoken(t)
	text, err := json.Marshal(buffer.Erasure{Series: []string{saidSeries}})
	must(t, errors.Join(err, os.WriteFile(h.state("buffer/ERASE"), text, 0o600)))
	if _, err := h.erase(t.Context(), erasure{Series: []string{"linky/voltage/1"}}, byTerminal); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range (&registry{t: t, dir: h.notary.dir}).entries() {
		if e.Kind == ledger.Erasure {
			told = append(told, e.Text)
		}
	}
	if diff := cmp.Diff([]string{"readings of series", "finished after a restart"}, told); diff != "" {
		t.Errorf("(-want +told):\n%s", diff)
	}
	if left := h.buffer.Known(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// What the ledger tells of what left is erased at the terminal, today's too, while the agent runs and while none does: that it was,
// consents, proofs and what is outside the period stay, and the page does not say that nothing left.
func TestEraseLedger(t *testing.T) {
	t.Parallel()
	for _, running := range []bool{true, false} {
		t.Run(map[bool]string{true: "running", false: "stopped"}[running], func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, nil)
			h.notary.look()
			given := h.cfg.Grants[0]
			left := func(at time.Time) {
				b := consent.Batch{Recipient: given.To, Consent: given.ID(), Pack: sent(at, 3)}
				must(t, h.notary.tally.Leaving("place", b))
				h.notary.tally.Settled("place", true)
			}
			settle := func() {
				h.notary.mu.Lock()
				defer h.notary.mu.Unlock()
				must(t, h.notary.account(func(*transfer) bool { return true }))
			}
			day := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
			left(day)
			settle()
			n := len((&registry{t: t, dir: h.notary.dir}).entries()) - 1
			snapshot, err := ledger.Take(h.notary.dir)
			must(t, err)
			proof, err := snapshot.Prove(int64(n))
			must(t, err)
			left(day.AddDate(0, 0, 7)) // of today's count
			file := written(t, "releve.toml", "[agent]\nstate = \""+h.cfg.Agent.State+"\"\n[[grant]]\nto = \"client@sen2.example\"\nseries = [\"*\"]\npurpose = \"test\"\n")
			if running {
				file = openDesk(t, h)
			} else {
				h.stop(t)
			}
			for _, row := range []struct {
				args []string
				code int
				out  string
			}{
				{[]string{"--ledger", "--series", "x"}, exitUsage, ""},
				{[]string{"--ledger", "--to", "2026-10-01"}, exitFailed, ""},
				{[]string{"--ledger", "--from", "2026-11-07"}, exitDone, "erased 1 entries of the ledger\n"},
				{[]string{"--ledger"}, exitDone, "erased 1 entries of the ledger\n"},
				{[]string{"--ledger"}, exitFailed, ""},
			} {
				code, out, said := eraseVerbIn(t, file, "erase\n", row.args...)
				if code != row.code || out != row.out {
					t.Errorf("%q: %d, %q, %q", row.args, code, out, said)
				}
			}
			kinds := map[ledger.Kind]int{}
			for _, e := range (&registry{t: t, dir: h.notary.dir}).entries() {
				kinds[e.Kind] += max(1, e.Count)
			}
			if kinds[ledger.Transfer] != 0 || kinds[ledger.Erasure] != 2 || kinds[ledger.Grant] != 1 {
				t.Errorf("the ledger has %v", kinds)
			}
			report, err := ledger.Verify(h.notary.dir, snapshot.PublicKey(), snapshot.Checkpoint())
			if err != nil || report.Erased != 2 {
				t.Errorf("%+v, %v", report, err)
			}
			if _, _, err := ledger.CheckProof(proof, snapshot.PublicKey()); err != nil {
				t.Error(err)
			}
			if running {
				data, err := pageHouse{h.agent}.MyData(t.Context())
				if err != nil || len(data.Transfers) > 0 || !data.Terms[0].Forgotten {
					t.Errorf("%+v, %v", data, err)
				}
			}
		})
	}
}
