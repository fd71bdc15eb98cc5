package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// stocked makes the store of an agent with three packs of sixty records and a recipient that has had the first, and
// returns the agent's configuration file and the first number.
func stocked(t *testing.T) (file, dir string, first buffer.Seq) {
	t.Helper()
	state := t.TempDir()
	dir = filepath.Join(state, "buffer")
	b, err := buffer.Open(buffer.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.Cursor("lorient", buffer.Now())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		at := 1772366400 + float64(60*i)
		var p senml.Pack
		for second := range 30 {
			p = append(p, senml.Record{Name: "linky/power", Unit: "W", Time: at + float64(second), Value: senml.NumberValue(float64(i + second*second%97))},
				senml.Record{Name: "linky/voltage", Unit: "V", Time: at + float64(second), Value: senml.NumberValue(float64(230 + second%3))})
		}
		seq, err := b.Put(p)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = seq
		}
	}
	if err := c.Ack(first); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return written(t, "releve.toml", fmt.Sprintf("[agent]\nstate = %q\n[[meter]]\nport = \"/dev/ttyS9\"\n", state)), dir, first
}

// tried is typed with nothing to read, in parts.
func tried(t *testing.T, args ...string) (code int, out, talk string) {
	t.Helper()
	o := typed(t, "", args...)
	return o.code, o.out, o.talk
}

func TestBufferVerbs(t *testing.T) {
	t.Parallel()
	file, _, first := stocked(t)
	code, out, talk := tried(t, "buffer", "ls", "--config", file, "--from", fmt.Sprint(first+1))
	want := fmt.Sprintf("%d      88 B      60 records  2026-03-01T12:01:00Z to 2026-03-01T12:01:29Z\n"+
		"%d      88 B      60 records  2026-03-01T12:02:00Z to 2026-03-01T12:02:29Z\n", first+1, first+2)
	if diff := cmp.Diff(want, sized(out)); code != exitDone || diff != "" {
		t.Errorf("ls: code %d, %s (-want +got):\n%s", code, talk, diff)
	}
	code, out, talk = tried(t, "buffer", "stat", "--config", file, "--json")
	var s statLine
	if err := json.Unmarshal([]byte(out), &s); err != nil || code != exitDone {
		t.Fatalf("stat: code %d, %q, %s: %v", code, out, talk, err)
	}
	s.Bytes, s.DiskBytes = 0, 0
	diff := cmp.Diff(statLine{
		Packs: 3, First: first, Last: first + 2, Series: 2, SetAside: []string{},
		Cursors: []cursorLine{{Name: "lorient", Acked: first, Pending: 2}},
	}, s)
	if diff != "" {
		t.Errorf("stat (-want +got):\n%s", diff)
	}
	code, out, talk = tried(t, "buffer", "stat", "--config", file)
	if code != exitDone || !strings.Contains(out, "\nseries   2\ncursor   lorient: 2 wait, 0 expired unsent\n") {
		t.Errorf("stat: code %d, %s, printed\n%s", code, talk, out)
	}
	code, out, talk = tried(t, "buffer", "verify", "--config", file)
	if code != exitDone || !strings.HasPrefix(out, "3 packs, ") || !strings.HasSuffix(out, "2 series, 1 cursors: 0 problem(s)\n") {
		t.Errorf("verify: code %d, %s, printed %q", code, talk, out)
	}
	code, out, talk = tried(t, "buffer", "compact", "--config", file)
	if code != exitDone || !strings.HasPrefix(out, "packs ") || !strings.Contains(out, ", before 3; on disk ") {
		t.Errorf("compact: code %d, %s, printed %q", code, talk, out)
	}
}

// TestBufferStatTellsOfStrays lays a table that was never finished beside the store.
func TestBufferStatTellsOfStrays(t *testing.T) {
	t.Parallel()
	file, dir, _ := stocked(t)
	if err := os.WriteFile(filepath.Join(dir, "000099.sst"), []byte("half a table"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, talk := tried(t, "buffer", "stat", "--config", file)
	const want = "\nstrays   1 table(s) beside the store (*.sst.unknown), never finished or with what the store lacks\n"
	if code != exitDone || !strings.Contains(out, want) {
		t.Errorf("stat: code %d, %s, printed\n%s", code, talk, out)
	}
}

// sized makes the sizes of packs, which compression decides, all alike.
func sized(list string) string {
	var out strings.Builder
	for line := range strings.Lines(list) {
		var seq, size int
		if _, err := fmt.Sscanf(line, "%d %d B", &seq, &size); err != nil || size < 40 || size > 900 {
			out.WriteString(line)
			continue
		}
		_, rest, _ := strings.Cut(line, " B ")
		fmt.Fprintf(&out, "%d      88 B %s", seq, rest)
	}
	return out.String()
}

// TestBufferVerifyFinds damages a pack in the value log.
func TestBufferVerifyFinds(t *testing.T) {
	t.Parallel()
	file, dir, first := stocked(t)
	logs, err := filepath.Glob(filepath.Join(dir, "*.vlog"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range logs {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if at := strings.Index(string(data), "RP"); at >= 0 {
			data[at+30] ^= 1
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	code, out, talk := tried(t, "buffer", "verify", "--config", file, "--json")
	if code != exitFailed || !strings.Contains(out, fmt.Sprintf(`{"problem":"pack %d: `, first)) || !strings.Contains(talk, "problem(s) in the store") {
		t.Errorf("code %d, printed %q, said %q", code, out, talk)
	}
}

func TestBufferVerbsRefuse(t *testing.T) {
	t.Parallel()
	file, dir, _ := stocked(t)
	b, err := buffer.Open(buffer.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	code, _, talk := tried(t, "buffer", "stat", "--config", file)
	want := fmt.Sprintf("releve: buffer %s is in use by another releve (process %d); stop that one first\n", dir, os.Getpid())
	if code != exitFailed || talk != want {
		t.Errorf("while it is open: code %d, %q, want %q", code, talk, want)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(dir, "MANIFEST")
	if err := os.Truncate(manifest, 3); err != nil {
		t.Fatal(err)
	}
	code, _, talk = tried(t, "buffer", "stat", "--config", file)
	want = "releve: damaged store: MANIFEST begins with 426467; releve run keeps it under a dated name and begins an empty one\n"
	if code != exitFailed || talk != want {
		t.Errorf("damaged: code %d, %q, want %q", code, talk, want)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	code, _, talk = tried(t, "buffer", "ls", "--config", file)
	want = fmt.Sprintf("releve: open buffer %s: there is none; agent.state in %s says where it is\n", dir, file)
	if code != exitFailed || talk != want {
		t.Errorf("missing: code %d, %q, want %q", code, talk, want)
	}
}
