package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/agent/update"
	"releve/buffer/statefile"
	"releve/federation/ledger"
	"releve/tic/linky"
)

// withEdition is a house whose package has a version, and the folder of its root.
func withEdition(t *testing.T, version string) (house, string) {
	t.Helper()
	h := newHouse(t, func(c *config.Config) { c.Update = config.Update{From: "https://breizh-sen1.example", KeyFile: "key"} })
	own := t.TempDir()
	h.edition = newEdition(own, dpkgHas(t, version))
	return h, own
}

// dpkgHas is a list of dpkg's.
func dpkgHas(t *testing.T, version string) string {
	t.Helper()
	return written(t, "status", "Package: releve\nVersion: "+version+"\nArchitecture: arm64\n")
}

// place leaves what makes root begin.
func (h house) place(t *testing.T) {
	t.Helper()
	must(t, os.MkdirAll(h.state(update.Folder), 0o700))
	must(t, os.WriteFile(filepath.Join(h.state(update.Folder), "SHA256SUMS.asc"), nil, 0o600))
}

// look is one turn of the task.
func (h house) look(t *testing.T) (pending bool, asked update.Asked) {
	t.Helper()
	pending, err := h.trackAsked(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	asked, err = statefile.Look[update.Asked](h.state(update.AskedFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	return pending, asked
}

// A version proves itself by doing for a while all that the one before it did, and until then says what is missing.
func TestVersionProvesItself(t *testing.T) {
	t.Parallel()
	before, _ := withEdition(t, "1.1.0")
	before.play(t, linky.Scenario{}, 1)
	must(t, before.askFor("alice@sen1.example", "1.1.0", "1.2.0"))
	before.place(t)
	pending, asked := before.look(t)
	want := update.Asked{By: "alice@sen1.example", At: asked.At, From: "1.1.0", To: "1.2.0", Need: []string{"meter linky"}}
	if diff := cmp.Diff(want, asked); diff != "" || !pending {
		t.Fatalf("pending: %t; asked of the version before (-want +got):\n%s", pending, diff)
	}

	after, own := withEdition(t, "1.1.0") // dpkg has started it, and not yet written down that it is there
	must(t, os.WriteFile(filepath.Join(own, "progress.json"), nil, 0o600))
	must(t, statefile.Write(after.state(update.AskedFile), asked))
	for range proveLooks {
		_, asked = after.look(t)
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("before dpkg is done (-want +got):\n%s", diff)
	}
	after.edition.dpkg = dpkgHas(t, "1.2.0")
	for range proveLooks {
		_, asked = after.look(t)
	}
	want.Missing = []string{"meter linky"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("without a meter (-want +got):\n%s", diff)
	}
	if tree := after.tree(t); !strings.Contains(tree, "Version 1.2.0 proves itself.") {
		t.Errorf("the page does not say so:\n%s", tree)
	}
	after.play(t, linky.Scenario{}, 1)
	for range proveLooks - 1 {
		_, asked = after.look(t)
	}
	want.Missing = []string{}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("too soon (-want +got):\n%s", diff)
	}
	_, asked = after.look(t)
	want.Proved = true
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("proved (-want +got):\n%s", diff)
	}

	session := after.session
	after.session = nil // nobody can be told
	must(t, statefile.Write(filepath.Join(own, "outcome.json"), update.Outcome{From: "1.1.0", To: "1.2.0", At: time.Now().Add(time.Hour)}))
	if pending, asked = after.look(t); pending || asked.To != "" {
		t.Errorf("pending %t, %+v once root has said that it stays", pending, asked)
	}
	after.session = session
	if tree := after.tree(t); strings.Contains(tree, "1.2.0") {
		t.Errorf("the page still speaks of it:\n%s", tree)
	}
}

// The version before, which may run on for a while, does not prove what has taken its place.
func TestReplacedProgramProvesNothing(t *testing.T) {
	t.Parallel()
	h, _ := withEdition(t, "1.2.0")
	h.edition.program = written(t, "releve", "of version 1.2.0")
	h.play(t, linky.Scenario{}, 1)
	must(t, h.askFor("alice@sen1.example", "1.1.0", "1.2.0"))
	h.place(t)
	for range proveLooks {
		if pending, asked := h.look(t); !pending || asked.Proved {
			t.Fatalf("pending %t, %+v", pending, asked)
		}
	}
}

// A version that was taken back is told to the ledger once, to the page, and to who asked once there is a session; also by a clock that a
// restart has put back.
func TestVersionTakenBack(t *testing.T) {
	t.Parallel()
	h, own := withEdition(t, "1.1.0")
	must(t, h.askFor("alice@sen1.example", "1.1.0", "1.2.0"))
	progress := filepath.Join(own, "progress.json")
	for _, step := range []struct {
		next func()
		says string
	}{
		{func() {}, "Version 1.2.0 is being downloaded."},
		{func() { h.place(t) }, "Version 1.2.0 waits to be installed."},
		{func() { must(t, os.WriteFile(progress, nil, 0o600)) }, "Version 1.2.0 is being installed."},
	} {
		step.next()
		if tree := h.tree(t); !strings.Contains(tree, step.says) {
			t.Errorf("the page does not say %q:\n%s", step.says, tree)
		}
	}
	why := "it did not prove itself within 5m0s; missing: federation"
	must(t, statefile.Write(filepath.Join(own, "outcome.json"), update.Outcome{From: "1.1.0", To: "1.2.0", At: time.Now().Add(-time.Hour), Why: why}))
	for range 3 {
		if pending, asked := h.look(t); !pending || !asked.Recorded {
			t.Fatalf("pending %t, %+v", pending, asked)
		}
	}
	var back []ledger.Entry
	for _, e := range ledgered(t, h.state("ledger")) {
		if e.Kind == ledger.Change {
			back = append(back, ledger.Entry{By: e.By, Before: e.Before, After: e.After, Text: e.Text})
		}
	}
	want := []ledger.Entry{{By: "alice@sen1.example", Before: "1.2.0", After: "1.1.0", Text: "update of the software, taken back: " + why}}
	if diff := cmp.Diff(want, back); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
	if tree := h.tree(t); !strings.Contains(tree, "Version 1.2.0 did not prove itself: version 1.1.0 has returned ("+why+").") {
		t.Errorf("the page does not say so:\n%s", tree)
	}
	if n := strings.Count(h.said.String(), "taken back"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, h.said)
	}
}

// What became of an older request, or of another version, says nothing of this one; nor does what is no account at all.
func TestOtherOutcomes(t *testing.T) {
	t.Parallel()
	h, own := withEdition(t, "1.1.0")
	const older = `{"from":"1.1.0","to":"1.2.0","at":"2020-01-01T00:00:00Z","why":"x"}`
	must(t, os.WriteFile(filepath.Join(own, "outcome.json"), []byte(older), 0o600))
	must(t, h.askFor("alice@sen1.example", "1.1.0", "1.2.0"))
	h.place(t)
	for name, text := range map[string]string{
		"older":           older,
		"another version": `{"from":"1.1.0","to":"1.3.0","at":"2099-01-01T00:00:00Z","why":"x"}`,
		"nonsense":        "{",
	} {
		must(t, os.WriteFile(filepath.Join(own, "outcome.json"), []byte(text), 0o600))
		if pending, asked := h.look(t); !pending || asked.Recorded {
			t.Errorf("%s: pending %t, %+v", name, pending, asked)
		}
	}
}

// A version that was not even begun, for root refused it or the device stopped within the download, is told as such.
func TestVersionNotInstalled(t *testing.T) {
	t.Parallel()
	for why, outcome := range map[string]update.Outcome{
		"take the update: no space left on device": {From: "1.1.0", To: "1.2.0", At: time.Now().Add(time.Minute), Why: "take the update: no space left on device", Refused: true},
		"its download was interrupted":             {},
	} {
		h, own := withEdition(t, "1.1.0")
		must(t, h.askFor("alice@sen1.example", "1.1.0", "1.2.0"))
		must(t, statefile.Write(filepath.Join(own, "outcome.json"), outcome))
		if pending, asked := h.look(t); !pending || !asked.Recorded {
			t.Errorf("%s: pending %t, %+v", why, pending, asked)
		}
		entries := ledgered(t, h.state("ledger"))
		last := entries[len(entries)-1]
		want := ledger.Entry{By: "alice@sen1.example", Before: "1.2.0", After: "1.1.0", Text: "update of the software, not installed: " + why}
		if diff := cmp.Diff(want, ledger.Entry{By: last.By, Before: last.Before, After: last.After, Text: last.Text}); diff != "" {
			t.Errorf("ledger (-want +got):\n%s", diff)
		}
		if says := "Version 1.2.0 was not installed: version 1.1.0 stays (" + why + ")."; outcome.Refused != strings.Contains(h.tree(t), says) {
			t.Errorf("the page says\n%s", h.tree(t))
		}
	}
}

// A version that was asked for, and that apt installed before root did, is one like another, and waits no more.
func TestVersionInstalledByOtherMeans(t *testing.T) {
	t.Parallel()
	h, _ := withEdition(t, "1.2.0")
	must(t, h.askFor("alice@sen1.example", "1.1.0", "1.2.0"))
	h.place(t)
	h.session = nil // nobody can be told
	h.play(t, linky.Scenario{}, 1)
	for range proveLooks {
		h.look(t)
	}
	if pending, asked := h.look(t); pending || asked.To != "" || update.Waits(h.state(update.Folder)) {
		t.Errorf("pending %t, %+v", pending, asked)
	}
}
