package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/clock"
	"releve/buffer"
	"releve/federation/consent"
	"releve/federation/ledger"
	"releve/senml"
)

// fullHouse is the state of a stopped agent that holds something of each kind: readings, some that no clock has dated,
// a consent, a ledger, a delivery point.
func fullHouse(t *testing.T) (file, state string) {
	t.Helper()
	file, dir, _ := stocked(t)
	state = filepath.Dir(dir)
	b, err := buffer.Open(buffer.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, boot := range []string{"boot-1", "boot-2"} {
		p := senml.Pack{unclocked("voltage/1", 12345*time.Millisecond, senml.NumberValue(231.5)), unclocked("tariff/label", 13*time.Second, senml.TextValue("HEURE  PLEINE"))}
		if err := b.PutUndated(boot, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(filepath.Join(state, "ledger"), time.Unix(1772366400, 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(ledger.Entry{Kind: ledger.Grant, Recipient: "client@breizh-sen2.example"}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	consents, err := consent.OpenConsents(filepath.Join(state, consentsFile))
	if err != nil {
		t.Fatal(err)
	}
	consents.Record = func(consent.Consent) error { return nil }
	g := consent.Grant{To: "client@breizh-sen2.example", Series: []string{"*"}, Resolution: consent.HalfHour, Purpose: "conseil"}
	if _, err := consents.Ask(g, byTerminal, time.Unix(1772366400, 0)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(state, "identities.json"), []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, state
}

// unclocked is a record that was heard so long after its boot began, and has no date.
func unclocked(name string, at time.Duration, v senml.Value) senml.Record {
	return senml.Record{Name: "linky/" + name, Value: v, Time: float64(clock.Stamp(clock.Instant(at)).UnixMilli()) / 1000}
}

// exported is the ZIP of everything that an agent holds.
func exported(t *testing.T, config string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "all.zip")
	if code, _, talk := tried(t, "export", "--config", config, "--all", file); code != exitDone {
		t.Fatalf("export: code %d, %s", code, talk)
	}
	return file
}

// contents are the files of a ZIP by their names.
func contents(t *testing.T, file string) map[string]string {
	t.Helper()
	r, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all := map[string]string{}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if mode := f.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %v, want 0600", f.Name, mode)
		}
		all[f.Name] = string(text)
	}
	return all
}

func TestExportOfEverything(t *testing.T) {
	t.Parallel()
	config, _ := fullHouse(t)
	file := exported(t, config)
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the ZIP has mode %v, want 0600", mode)
	}
	all := contents(t, file)
	want := []string{
		"LISEZMOI.txt", "README.txt", "consents.json", "consents.txt", "ledger/checkpoint.txt", "ledger/entries.jsonl",
		"ledger/proofs/000000.txt", "ledger/proofs/000001.txt", "ledger/public-key.txt", "manifest.json",
		"readings/2026-03-01-01.cbor", "readings/2026-03-01-01.csv", "readings/2026-03-01-01.json", "readings/undated.csv",
		"rollups/P1D-001.cbor", "rollups/P1D-001.csv", "rollups/P1D-001.json", "rollups/P1M-001.cbor", "rollups/P1M-001.csv", "rollups/P1M-001.json",
		"rollups/P1Y-001.cbor", "rollups/P1Y-001.csv", "rollups/P1Y-001.json", "rollups/PT10M-001.cbor", "rollups/PT10M-001.csv", "rollups/PT10M-001.json",
		"rollups/PT1H-001.cbor", "rollups/PT1H-001.csv", "rollups/PT1H-001.json", "rollups/PT30M-001.cbor", "rollups/PT30M-001.csv", "rollups/PT30M-001.json",
		"state/identities.json",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(all))); diff != "" {
		t.Fatalf("files (-want +got):\n%s", diff)
	}
	for _, args := range [][]string{{"--format", "csv"}, {"--undated"}, {"--resolution", "10m"}, {"--resolution", "1y"}} {
		_, same, _ := tried(t, append([]string{"buffer", "export", "--config", config}, args...)...)
		found := false
		for _, text := range all {
			found = found || lineSet(text) == lineSet(same)
		}
		if !found {
			t.Errorf("what buffer export %v writes is in no file", args)
		}
	}
	key := strings.TrimSpace(all["ledger/public-key.txt"])
	for _, n := range []int{0, 1} {
		if e, c, err := ledger.CheckProof([]byte(all[fmt.Sprintf("ledger/proofs/%06d.txt", n)]), key); err != nil || e.N != int64(n) || c.Size != 2 {
			t.Errorf("proof %d: %v, %v, %v", n, e, c, err)
		}
	}
	checkSenML(t, all)
}

// lineSet is the lines of a text in their own order: readings of the same time may come in any.
func lineSet(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

var senmlName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9\-:./_]*$`)

// checkSenML reads the packs as RFC 8428 wants them, without our own decoder: §4.5.1 names, §4.5.3 absolute times in
// order, §4.2 one value, no other labels; and that CBOR says the same.
func checkSenML(t *testing.T, all map[string]string) {
	t.Helper()
	packs := 0
	for name, text := range all {
		if !strings.HasPrefix(name, "r") || !strings.HasSuffix(name, ".json") {
			continue
		}
		packs++
		var records []map[string]any
		if err := json.Unmarshal([]byte(text), &records); err != nil || len(records) == 0 {
			t.Fatalf("%s: %v, %d records", name, err, len(records))
		}
		last := 0.0
		for _, r := range records {
			n, _ := r["n"].(string)
			at, _ := r["t"].(float64)
			_, number := r["v"].(float64)
			_, text := r["vs"].(string)
			_, unit := r["u"].(string)
			if labels := 3 + count1(unit); !senmlName.MatchString(n) || at < 1<<28 || number == text || len(r) != labels {
				t.Fatalf("%s: %v is no resolved record", name, r)
			}
			if strings.HasPrefix(name, "readings") && at < last {
				t.Fatalf("%s: %v comes after %v", name, at, last)
			}
			last = at
		}
		asJSON, err := senml.DecodeJSON([]byte(text))
		asCBOR, err2 := senml.DecodeCBOR([]byte(all[strings.TrimSuffix(name, "json")+"cbor"]))
		if diff := cmp.Diff(asJSON, asCBOR); diff != "" || err != nil || err2 != nil {
			t.Errorf("%s: %v, %v (-JSON +CBOR):\n%s", name, err, err2, diff)
		}
	}
	if packs != 7 {
		t.Errorf("%d packs were checked, want 7", packs)
	}
}

func count1(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestExportComesBack brings the ZIP into an empty store, twice: what that exports is the same.
func TestExportComesBack(t *testing.T) {
	t.Parallel()
	from, _ := fullHouse(t)
	file, to := exported(t, from), empty(t)
	for _, want := range []string{"180 readings, 180 of them new; 4 without a date\n", "180 readings, 0 of them new\n"} {
		if code, _, talk := tried(t, "import", "--config", to, file); code != exitDone || talk != want {
			t.Fatalf("code %d, %q, want %q", code, talk, want)
		}
	}
	had, has := contents(t, file), contents(t, exported(t, to))
	for name, text := range had {
		if strings.HasPrefix(name, "r") && has[name] != text {
			t.Errorf("%s is not the same (-want +got):\n%s", name, cmp.Diff(text, has[name]))
		}
	}
}

// TestExportInParts has more readings in a day than one file takes, on the day that has 25 hours, in a store that also has
// values that CSV cannot say: all come back.
func TestExportInParts(t *testing.T) {
	t.Parallel()
	from := empty(t)
	dir := filepath.Join(stateOf(t, from), "buffer")
	b, err := buffer.Open(buffer.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	midnight := time.Date(2025, 10, 26, 0, 0, 0, 0, paris(t))
	var all senml.Pack
	for i := range partRecords + 2_000 {
		all = append(all, senml.Record{Name: "linky/current/1", Unit: "A", Time: float64(midnight.Unix()) + float64(i)*7.4, Value: senml.NumberValue(float64(i % 60))})
	}
	all = append(all, senml.Record{Name: "linky/status/relay", Time: float64(midnight.Unix()) + 60, Value: senml.BoolValue(true)})
	if stored, err := b.Import(t.Context(), all); err != nil || stored != len(all) {
		t.Fatal(stored, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	file := exported(t, from)
	found := contents(t, file)
	for _, name := range []string{"readings/2025-10-26-01", "readings/2025-10-26-02"} {
		if found[name+".json"] == "" || found[name+".cbor"] == "" || found[name+".csv"] == "" {
			t.Errorf("%s is missing", name)
		}
	}
	if found["readings/2025-10-26-03.json"] != "" || found["readings/2025-10-27-01.json"] != "" {
		t.Error("a day of 25 hours takes more files than it should")
	}
	to := empty(t)
	want := fmt.Sprintf("%d readings, %d of them new\n", len(all), len(all))
	if code, _, talk := tried(t, "import", "--config", to, file); code != exitDone || talk != want {
		t.Fatalf("code %d, %q, want %q", code, talk, want)
	}
	again := contents(t, exported(t, to))
	for name, text := range found {
		if strings.HasPrefix(name, "readings/") && again[name] != text {
			t.Errorf("%s is not the same", name)
		}
	}
}

// rezipped writes a ZIP of files, changed.
func rezipped(t *testing.T, all map[string]string, change func(*zip.Writer, map[string]string)) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	all = maps.Clone(all)
	change(w, all)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		add(t, w, name, all[name])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return written(t, "changed.zip", out.String())
}

func add(t *testing.T, w *zip.Writer, name, text string) {
	t.Helper()
	in, err := w.Create(name)
	if err == nil {
		_, err = io.WriteString(in, text)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestImportRefusesArchives wants one sentence for what is no export of ours, and a store that has nothing of it.
func TestImportRefusesArchives(t *testing.T) {
	t.Parallel()
	from, _ := fullHouse(t)
	file := exported(t, from)
	all := contents(t, file)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const reading = "readings/2026-03-01-01.json"
	for _, row := range []struct {
		name, want string
		file       string
	}{
		{"text", "it is no ZIP, or its end is missing (zip: not a valid zip file)", written(t, "x.zip", "hello")},
		{"cut off", "it is no ZIP, or its end is missing (zip: not a valid zip file)", written(t, "x.zip", string(whole[:len(whole)/2]))},
		{"foreign", "it is no export of Relève, or was broken off: it has no manifest.json", rezipped(t, all, func(_ *zip.Writer, all map[string]string) { delete(all, manifestName) })},
		{"manifest damaged", "its manifest.json is damaged (unexpected end of JSON input)", rezipped(t, all, func(_ *zip.Writer, all map[string]string) { all[manifestName] = "{" })},
		{"later form", `it is of the form "releve-export/2", and this program reads releve-export/1`, rezipped(t, all, func(_ *zip.Writer, all map[string]string) {
			all[manifestName] = strings.Replace(all[manifestName], "export/1", "export/2", 1)
		})},
		{"file missing", "it has 31 files and lists 32: some were added or taken out", rezipped(t, all, func(_ *zip.Writer, all map[string]string) { delete(all, reading) })},
		{"file added", "it has 33 files and lists 32: some were added or taken out", rezipped(t, all, func(_ *zip.Writer, all map[string]string) { all["readings/x.json"] = "[]" })},
		{"file renamed", `its "readings/2026-03-01-01.json" is missing`, rezipped(t, all, func(_ *zip.Writer, all map[string]string) {
			all["readings/x.json"] = all[reading]
			delete(all, reading)
		})},
		{"value changed", `its "readings/2026-03-01-01.json" is not what was exported`, rezipped(t, all, func(_ *zip.Writer, all map[string]string) {
			all[reading] = strings.Replace(all[reading], `"v":231`, `"v":999`, 1)
		})},
		{"longer", `its "readings/2026-03-01-01.json" has not the size that it should have`, rezipped(t, all, func(_ *zip.Writer, all map[string]string) { all[reading] += " " })},
		{"bomb", `its "readings/2026-03-01-01.json" has not the size that it should have`, rezipped(t, all, func(_ *zip.Writer, all map[string]string) {
			all[reading] = strings.Repeat(" ", 64<<20)
		})},
		{"path that leads out", "it has files that lead out of their folder, as no export of Relève does", rezipped(t, all, func(_ *zip.Writer, all map[string]string) { all["../../etc/passwd"] = "x" })},
		{"absolute path", "it has files that lead out of their folder, as no export of Relève does", rezipped(t, all, func(_ *zip.Writer, all map[string]string) { all["/etc/passwd"] = "x" })},
		{"Windows path", "it has files that lead out of their folder, as no export of Relève does", rezipped(t, all, func(_ *zip.Writer, all map[string]string) { all[`..\x`] = "x" })},
		{"twice", `it has "README.txt" twice, as no export of Relève does`, rezipped(t, all, func(w *zip.Writer, _ map[string]string) { add(t, w, "README.txt", "x") })},
	} {
		to := empty(t)
		code, _, talk := tried(t, "import", "--config", to, row.file)
		if want := "releve: import " + row.file + ": " + row.want + "; nothing was imported\n"; code != exitFailed || talk != want {
			t.Errorf("%s: code %d, %q, want %q", row.name, code, talk, want)
		}
		if _, err := os.Stat(filepath.Join(stateOf(t, to), "buffer")); err == nil {
			t.Errorf("%s: a store was made", row.name)
		}
	}
}

// stateOf is the state folder that a configuration of empty names.
func stateOf(t *testing.T, config string) string {
	t.Helper()
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	var state string
	if _, err := fmt.Sscanf(string(text), "[agent]\nstate = %q", &state); err != nil {
		t.Fatal(err)
	}
	return state
}

// TestDamagedArchive flips each of some bytes: it is refused, or every reading is what it was.
func TestDamagedArchive(t *testing.T) {
	t.Parallel()
	from, _ := fullHouse(t)
	whole, err := os.ReadFile(exported(t, from))
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(whole); at += 97 {
		bad := bytes.Clone(whole)
		bad[at] ^= 0x21
		file, err := os.Open(written(t, "x.zip", string(bad)))
		if err != nil {
			t.Fatal(err)
		}
		opened, err := openBundle(file)
		if err == nil {
			err = opened.verify(t.Context())
		}
		if err == nil {
			p, err := (&bundledPacks{bundle: opened}).Next()
			if err != nil || len(p) != 180 {
				t.Errorf("byte %d: %d readings, %v", at, len(p), err)
			}
		}
		_ = file.Close()
	}
}

// TestExportWhileRunning has the agent hand its store over, which nobody else can open meanwhile: a second one at the same
// time is refused, and the log names nothing of the household.
func TestExportWhileRunning(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	at := float64(time.Now().Add(-time.Hour).Unix())
	if _, err := h.buffer.Put(senml.Pack{{Name: "linky/voltage/1", Unit: "V", Time: at, Value: senml.NumberValue(231)}}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.state("identities.json"), []byte(`{"linky":"01234567890123"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	h.notary.look()
	desk := openDesk(t, h)
	h.exporting.Lock()
	code, _, talk := tried(t, "export", "--config", desk, "--all", filepath.Join(t.TempDir(), "all.zip"))
	if want := "releve: everything is being exported already; wait until that has ended\n"; code != exitFailed || talk != want {
		t.Errorf("code %d, %q, want %q", code, talk, want)
	}
	h.exporting.Unlock()
	all := contents(t, exported(t, desk))
	day := time.Unix(int64(at), 0).In(h.cfg.Agent.Location).Format(time.DateOnly)
	want := fmt.Sprintf("[{\"n\":\"linky/voltage/1\",\"u\":\"V\",\"t\":%.0f,\"v\":231}]", at)
	if got := all["readings/"+day+"-01.json"]; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if all["state/identities.json"] == "" || all["ledger/entries.jsonl"] == "" {
		t.Errorf("only %v", slices.Sorted(maps.Keys(all)))
	}
	said := h.said.String()
	if !strings.Contains(said, `msg="everything exported" by=terminal`) || strings.Contains(said, "01234567890123") || strings.Contains(said, "voltage") {
		t.Errorf("the log says %s", said)
	}
}

// TestExportBrokenOff has an agent that is stopped while it hands over: no file is left under the name.
func TestExportBrokenOff(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	config := written(t, "releve.toml", fmt.Sprintf("[agent]\nstate = %q\n[[meter]]\nport = \"/dev/ttyS9\"\n", state))
	listener, err := net.Listen("unix", filepath.Join(state, counterFile))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = bufio.NewReader(conn).ReadString('\n')
		_, _ = io.WriteString(conn, "{}\nPK\x03\x04")
		_ = conn.Close()
	}()
	file := filepath.Join(t.TempDir(), "all.zip")
	code, _, talk := tried(t, "export", "--config", config, "--all", file)
	const want = "releve: export everything: what was written is not whole: it is no ZIP, or its end is missing (zip: not a valid zip file); try again, and see what the agent's log says\n"
	if code != exitFailed || talk != want {
		t.Errorf("code %d, %q, want %q", code, talk, want)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); len(left) > 0 || err != nil {
		t.Errorf("%v is left, %v", left, err)
	}
}

func TestExportRefuses(t *testing.T) {
	t.Parallel()
	config, _ := fullHouse(t)
	there := written(t, "all.zip", "mine")
	for _, row := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{there}, exitUsage, "export: add --all for everything, or take releve buffer export for some of the readings; see releve --help"},
		{[]string{"--all", there}, exitFailed, "export everything: " + there + " is there already; choose another name, or remove it"},
	} {
		code, _, talk := tried(t, append([]string{"export", "--config", config}, row.args...)...)
		if code != row.code || talk != "releve: "+row.want+"\n" {
			t.Errorf("%v: code %d, %q, want %q", row.args, code, talk, row.want)
		}
	}
	if text, err := os.ReadFile(there); string(text) != "mine" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}
