package buffer

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"releve/senml"
)

// begun opens the journal of a folder and returns what was in it.
func begun(t *testing.T, dir string) (j *journal, bodies []string, hole int) {
	t.Helper()
	j, err := openJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.close() })
	found, hole, err := j.entries()
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range found {
		bodies = append(bodies, string(body))
	}
	if err := j.begin(); err != nil {
		t.Fatal(err)
	}
	return j, bodies, hole
}

// body is a body of about n blocks.
func body(name string, n int) string { return name + strings.Repeat(".", n*journalBlock-100) }

// TestJournal damages a journal of three entries, after an older generation with more.
func TestJournal(t *testing.T) {
	t.Parallel()
	a, b, c := body("a", 1), body("b", 3), body("c", 2)
	const atB, atC, end = 2 * journalBlock, 5 * journalBlock, 7 * journalBlock
	zero := func(data []byte, from, to int) { clear(data[from:to]) }
	for _, row := range []struct {
		name  string
		spoil func(data []byte)
		want  []string
		hole  int
	}{
		{"whole", func([]byte) {}, []string{a, b, c}, 0},
		{"the last has not come", func(d []byte) { zero(d, atC, end) }, []string{a, b}, 0},
		{"half of the last has not come", func(d []byte) { zero(d, atC+journalBlock, end) }, []string{a, b}, 0},
		{"the other half has not come", func(d []byte) { zero(d, atC, atC+journalBlock) }, []string{a, b}, 0},
		{"one byte is damaged in the middle", func(d []byte) { d[atB+700] ^= 1 }, []string{a, c}, atB},
		{"a length is damaged", func(d []byte) { d[atB+8] ^= 0x7F }, []string{a, c}, atB},
		{"the first is damaged", func(d []byte) { d[journalBlock] ^= 1 }, []string{b, c}, journalBlock},
		{"the head is damaged", func(d []byte) { d[4] ^= 1 }, []string{a, b, c}, 0},
		{"the head is lost", func(d []byte) { zero(d, 0, journalBlock) }, []string{a, b, c}, 0},
		{"everything is lost", func(d []byte) { clear(d) }, nil, 0},
	} {
		dir := t.TempDir()
		j, _, _ := begun(t, dir)
		for _, text := range []string{"old", body("old", 3), body("old", 4), "old"} {
			if err := j.add([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.empty(); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{a, b, c} {
			if err := j.add([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(dir, journalFile)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		row.spoil(data)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		j, got, hole := begun(t, dir)
		if fmt.Sprint(got) != fmt.Sprint(row.want) || hole != row.hole {
			t.Errorf("%s: %d entries, hole at %d, want %d and %d", row.name, len(got), hole, len(row.want), row.hole)
		}
		if err := j.add([]byte("new")); err != nil {
			t.Fatal(err)
		}
		if _, got, _ := begun(t, dir); fmt.Sprint(got) != "[new]" {
			t.Errorf("%s: then %.40q, want what was added last", row.name, got)
		}
	}
}

func TestJournalFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j, _, _ := begun(t, dir)
	added := 0
	for ; j.add(bytes.Repeat([]byte("x"), 60_000)) == nil; added++ {
	}
	if err := j.add([]byte("small")); err != nil {
		t.Errorf("a small one still fits: %v", err)
	}
	if err := j.add(make([]byte, 60_000)); !errors.Is(err, errJournalFull) {
		t.Errorf("error is %v, want %v", err, errJournalFull)
	}
	if _, got, hole := begun(t, dir); len(got) != added+1 || hole != 0 {
		t.Errorf("%d entries, hole at %d, want %d", len(got), hole, added+1)
	}
}

// TestJournalOfDamagedStore wants the packs of the last hour although their database is set aside, and once each
// although what brings them in is itself cut short.
func TestJournalOfDamagedStore(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "buffer")
	b := newStore(t, dir)
	for i := range 3 {
		if _, err := b.Put(senml.Pack{{Name: "n", Time: 1772366400 + float64(i), Value: senml.NumberValue(float64(i))}}); err != nil {
			t.Fatal(err)
		}
	}
	journal, err := os.ReadFile(filepath.Join(dir, journalFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	err = errors.Join(os.Truncate(filepath.Join(dir, "MANIFEST"), 3), os.WriteFile(filepath.Join(dir, journalFile), journal, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		b = newStore(t, dir)
		records, more, err := b.History(t.Context(), "n", time.Unix(1772366400, 0), time.Unix(1772366500, 0), 99)
		if len(records) != 3 || more || err != nil {
			t.Errorf("round %d: %d records, %v, %v, want 3", round, len(records), more, err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func newStore(t *testing.T, dir string) *Buffer {
	t.Helper()
	b, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// FuzzJournal reads any file as a journal: entries are as long as they say and never more than the file.
func FuzzJournal(f *testing.F) {
	j := &journal{unit: journalBlock, page: make([]byte, journalSize)}
	head := sum([]byte{'R', 'J', journalVersion, 0, 0, 0, 0, 7, 0, 0, 2, 0})
	entry := sum(append([]byte{'R', 'E', journalVersion, 0, 0, 0, 0, 7, 0, 0, 0, 3}, "abc"...))
	whole := append(append(head, make([]byte, journalBlock-len(head))...), entry...)
	f.Add(whole)
	f.Add(whole[journalBlock:])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		j := *j
		j.path = filepath.Join(t.TempDir(), journalFile)
		if err := os.WriteFile(j.path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		bodies, hole, err := j.entries()
		if err != nil || hole < 0 || hole > len(data) {
			t.Fatalf("hole at %d of %d: %v", hole, len(data), err)
		}
		total := 0
		for _, body := range bodies {
			total += len(body) + journalFixed + journalSum
		}
		if total > len(data) {
			t.Errorf("%d bytes of entries in %d", total, len(data))
		}
	})
}

// FuzzNote wants what is read to be read the same again once it is written.
func FuzzNote(f *testing.F) {
	f.Add(note{places: map[string]place{"c": {7, 1}, "lorient": {1 << 52, 0}}, sealed: []byte("RP…")}.encode())
	f.Add(note{sealed: []byte("RP")}.encode())
	f.Add([]byte{1, 1, 'c'})
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := decodeNote(data)
		if err != nil {
			return
		}
		again, err := decodeNote(n.encode())
		if err != nil || !maps.Equal(n.places, again.places) || !bytes.Equal(n.sealed, again.sealed) {
			t.Errorf("%x is read as %v, and written and read again as %v: %v", data, n, again, err)
		}
	})
}
