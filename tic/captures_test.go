package tic_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"releve/tic"
	"releve/tic/tictest"
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
	"corrupt_lines_std_linkytic51.bin":     {21: "0C between the checksum and CR, as a CR repeated by noise; label, value and checksum agree"},
	"hist_tri_hc_domoticz1713_rebuilt.bin": {181: "CR in place of the SP before the checksum; label, value and checksum agree"},
}

func TestCaptures(t *testing.T) {
	t.Parallel()
	dir := tictest.Captures(t)
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

// compare holds the group found at an offset, "" for none, against the oracle. Values of another width than the
// specification's are what the authors of recordings made of addresses and texts: an address of letters is refused.
func (want oracleGroup) compare(t *testing.T, got, recovered string) {
	t.Helper()
	switch accepted := got == want.String(); {
	case want.Class == "ok" && !accepted, want.Class == "ck-width" && accepted == strings.HasPrefix(want.Value, "X"):
		t.Errorf("at %d: %q, of %q, which is %s", want.Offset, got, want, want.Class)
	case want.Class == "bad" && got != "" && recovered == "", want.Class == "ck-label" && got != "":
		t.Errorf("at %d: accepted %q, of a line that is %s", want.Offset, got, want.Class)
	case want.Class == "bad" && got == "" && recovered != "":
		t.Errorf("at %d: refused, though %s", want.Offset, recovered)
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

// TestCapturesTable prints how many groups of each recording were kept, of those the oracle calls ok, and makes sure that
// the recordings are there in number: go test -v -run TestCapturesTable.
func TestCapturesTable(t *testing.T) {
	t.Parallel()
	dir := tictest.Captures(t)
	table := []string{"| recording | kept | ok | off width, kept | bad, kept | refused |", "|---|---|---|---|---|---|"}
	var all kept
	for _, c := range oracle(t, dir) {
		raw, err := os.ReadFile(filepath.Join(dir, c.File))
		if err != nil {
			t.Fatal(err)
		}
		one := c.kept(raw)
		table = append(table, one.row(c.File))
		all.add(one)
	}
	t.Logf("\n%s\n%s", strings.Join(table, "\n"), all.row("all"))
	if all.of["ok"] < 15_229 || all.in["ok"] != all.of["ok"] {
		t.Errorf("%d of %d good groups kept, want all of 15229 or more", all.in["ok"], all.of["ok"])
	}
}

// kept counts the groups of a recording by the class of the oracle.
type kept struct {
	in, of  map[string]int // accepted, all
	refused uint64
}

func (c capture) kept(raw []byte) kept {
	k := kept{in: map[string]int{}, of: map[string]int{}}
	got := located(raw)
	for _, want := range c.Groups {
		k.of[want.Class]++
		if got[want.Offset] != "" {
			k.in[want.Class]++
		}
	}
	_, counters := decode(tic.Auto, string(raw), len(raw))
	k.refused = counters.Refused()
	return k
}

func (k *kept) add(other kept) {
	if k.in == nil {
		k.in, k.of = map[string]int{}, map[string]int{}
	}
	for class, n := range other.of {
		k.of[class] += n
		k.in[class] += other.in[class]
	}
	k.refused += other.refused
}

func (k *kept) row(name string) string {
	return fmt.Sprintf("| %s | %d | %d | %d of %d | %d of %d | %d |", name, k.in["ok"], k.of["ok"],
		k.in["ck-width"], k.of["ck-width"], k.in["bad"], k.of["bad"], k.refused)
}

// Whatever is accepted of a real meter is a known label, and read by its type.
func TestCapturesAreRead(t *testing.T) {
	t.Parallel()
	dir := tictest.Captures(t)
	for _, c := range oracle(t, dir) {
		raw, err := os.ReadFile(filepath.Join(dir, c.File))
		if err != nil {
			t.Fatal(err)
		}
		d := tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
			for i := range f.Groups {
				if _, err := f.Groups[i].Reading(); err != nil {
					t.Errorf("%s: %v", c.File, err)
				}
			}
		})
		write(d, string(raw), 64)
		d.Flush()
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
