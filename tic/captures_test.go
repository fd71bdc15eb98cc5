package tic_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"releve/tic"
)

// capture is a line of expected.jsonl: a recording of a real meter and what a correct decoder finds in it.
type capture struct {
	File   string
	Groups []oracleGroup `json:"list"`
}

// oracleGroup is one line of a recording, from its LF at Offset to before the next one.
type oracleGroup struct {
	Mode     string `json:"m"`
	Label    string `json:"l"`
	Value    string `json:"v"`
	Horodate string `json:"h"`
	Class    string `json:"c"` // ok, ck-width and ck-label (right checksum all the same), bad
	Offset   int    `json:"o"`
}

// recovered are the lines the oracle calls bad and a decoder that finds its place again at CR rightly takes, by file and
// offset: the oracle wants LF first and CR last, and nothing else between.
var recovered = map[string]map[int]string{
	"corrupt_lines_std_linkytic51.bin": {21: "0C between the checksum and CR, as a CR repeated by noise; label, value and checksum agree"},
}

func TestCaptures(t *testing.T) {
	t.Parallel()
	dir := captures(t)
	for _, c := range oracle(t, dir) {
		t.Run(c.File, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(filepath.Join(dir, c.File))
			if err != nil {
				t.Fatal(err)
			}
			got := located(raw)
			for _, want := range c.Groups {
				want.compare(t, got[want.Offset], recovered[c.File][want.Offset])
			}
		})
	}
}

// compare holds the group found at an offset, "" for none, against the oracle.
func (want oracleGroup) compare(t *testing.T, got, recovered string) {
	t.Helper()
	switch want.Class {
	case "ok":
		if got != want.String() {
			t.Errorf("at %d: %q, want %q", want.Offset, got, want)
		}
	case "bad":
		if got != "" && recovered == "" {
			t.Errorf("at %d: accepted %q, of a damaged line", want.Offset, got)
		}
		if got == "" && recovered != "" {
			t.Errorf("at %d: refused, though %s", want.Offset, recovered)
		}
	}
}

// String is the group as located shows it.
func (want oracleGroup) String() string {
	mode := map[string]string{"h": "historic", "s": "standard"}[want.Mode]
	if want.Horodate != "" {
		return mode + " " + want.Label + "|" + want.Horodate + "|" + want.Value
	}
	return mode + " " + want.Label + "|" + want.Value
}

// located decodes byte by byte and returns each group by the offset of the LF before its line.
func located(raw []byte) map[int]string {
	var shown []string
	d := tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
		for _, g := range f.Groups {
			shown = append(shown, f.Mode.String()+" "+showGroup(g))
		}
	})
	var offsets []int // where each group began; groups are shown later, with their frame, in the same order
	begun := 0
	for i, c := range raw {
		before := d.Counters().Groups
		d.Write(raw[i : i+1]) // never errors, by its contract
		if d.Counters().Groups > before {
			offsets = append(offsets, begun)
		}
		if c == '\n' {
			begun = i
		}
	}
	d.Flush()
	found := map[int]string{}
	for i, offset := range offsets {
		if found[offset] == "" { // the next ones come after a damaged LF
			found[offset] = shown[i]
		}
	}
	return found
}

// TestCapturesAreRead makes sure that the recordings are there in number: 15 229 groups, as their index says.
func TestCapturesAreRead(t *testing.T) {
	t.Parallel()
	good := 0
	for _, c := range oracle(t, captures(t)) {
		for _, g := range c.Groups {
			if g.Class == "ok" {
				good++
			}
		}
	}
	if good < 15_229 {
		t.Errorf("%d good groups in the recordings, want 15229 or more", good)
	}
}

func oracle(t *testing.T, dir string) []capture {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "expected.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []capture
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c capture
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// captures finds the recordings of real meters, which are kept outside the repository because they come from homes.
func captures(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("RELEVE_CAPTURES"); dir != "" {
		return dir
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		found := filepath.Join(dir, "shared", "tic", "captures")
		if _, err := os.Stat(filepath.Join(found, "expected.jsonl")); err == nil {
			return found
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no recordings of real meters: set RELEVE_CAPTURES to the folder that holds expected.jsonl")
		}
	}
}
