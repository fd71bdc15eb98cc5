package ledger

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// damaged verifies the lines of a file and returns which entry is named, or -1.
func damaged(t *testing.T, public string, file []byte) int64 {
	t.Helper()
	_, err := verify(bytes.NewReader(file), public, nil)
	var damage *Damage
	if errors.As(err, &damage) {
		return damage.Entry
	}
	return -1
}

func TestVerifyNamesEveryFlippedByte(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := filled(t, dir, 4)
	file := readFile(t, dir)
	entry := int64(0)
	for i := range len(file) - 1 { // without its last line feed the last line is as if torn
		changed := bytes.Clone(file)
		changed[i] ^= 1 << (i % 8)
		if named := damaged(t, l.PublicKey(), changed); named != entry {
			t.Fatalf("byte %d of entry %d with bit %d flipped: names entry %d", i, entry, i%8, named)
		}
		if file[i] == '\n' {
			entry++
		}
	}
}

func TestVerifyNamesMovedLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := filled(t, dir, 6)
	lines := bytes.SplitAfter(readFile(t, dir), []byte("\n"))
	pick := func(numbers ...int) []byte {
		var file []byte
		for _, n := range numbers {
			file = append(file, lines[n]...)
		}
		return file
	}
	tests := []struct {
		name  string
		file  []byte
		named int64
	}{
		{"whole", pick(0, 1, 2, 3, 4, 5), -1},
		{"first dropped", pick(1, 2, 3, 4, 5), 0},
		{"one dropped", pick(0, 1, 3, 4, 5), 2},
		{"two exchanged", pick(0, 1, 3, 2, 4, 5), 2},
		{"one repeated", pick(0, 1, 1, 2, 3, 4, 5), 2},
		{"begun anew", pick(0, 1, 2, 0, 1), 3},
	}
	for _, test := range tests {
		if named := damaged(t, l.PublicKey(), test.file); named != test.named {
			t.Errorf("%s: names %d, want %d", test.name, named, test.named)
		}
	}
}

// Lines that are each in order, but of another ledger, or under another key.
func TestVerifyNamesForeignLines(t *testing.T) {
	t.Parallel()
	ours, theirs := t.TempDir(), t.TempDir()
	l, other := filled(t, ours, 4), filled(t, theirs, 4)
	mine := bytes.SplitAfter(readFile(t, ours), []byte("\n"))
	foreign := bytes.SplitAfter(readFile(t, theirs), []byte("\n"))
	mixed := bytes.Join([][]byte{mine[0], mine[1], foreign[2], mine[3]}, nil)
	if named := damaged(t, l.PublicKey(), mixed); named != 2 {
		t.Errorf("a line of another ledger: names %d", named)
	}
	if named := damaged(t, other.PublicKey(), readFile(t, ours)); named != 0 {
		t.Errorf("the key of another ledger: names %d", named)
	}
}

// Who has the key can write another history. Every checkpoint that was kept elsewhere shows it.
func TestVerifyFindsForks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := filled(t, dir, 4)
	file := readFile(t, dir)
	must(t, filled(t, dir, 6).Close())
	shown := snapshot(t, dir).Checkpoint()
	must(t, os.WriteFile(filepath.Join(dir, entriesFile), file, 0o600))
	head, err := ParseCheckpoint(shown, first.PublicKey())
	must(t, err)

	_, err = Verify(dir, first.PublicKey(), shown)
	wantFork(t, err, &Fork{Checkpoint: head, Size: 4},
		"verify the ledger: the ledger has 4 entries, but vouched for 6: the last ones were dropped")

	l := filled(t, dir, 4)
	for range 3 {
		_, err := l.Append(Entry{At: noon, Kind: Software, Text: "another history"})
		must(t, err)
	}
	_, err = Verify(dir, l.PublicKey(), shown)
	wantFork(t, err, &Fork{Checkpoint: head, Size: 6},
		"verify the ledger: the ledger vouched for another history of its first 6 entries: it was written anew")
}

func wantFork(t *testing.T, err error, want *Fork, sentence string) {
	t.Helper()
	var fork *Fork
	if !errors.As(err, &fork) {
		t.Fatalf("no fork found: %v", err)
	}
	if diff := cmp.Diff(want, fork); diff != "" {
		t.Error(diff)
	}
	if text(err) != sentence {
		t.Errorf("it says %q", err)
	}
}
