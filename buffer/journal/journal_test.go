package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// begun opens the journal of a folder and returns what was in it.
func begun(t *testing.T, dir string) (j *Journal, bodies []string, hole int) {
	t.Helper()
	j, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	found, hole, err := j.Entries()
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range found {
		bodies = append(bodies, string(body))
	}
	if err := j.Begin(); err != nil {
		t.Fatal(err)
	}
	return j, bodies, hole
}

// body is a body of about n blocks.
func body(name string, n int) string { return name + strings.Repeat(".", n*blockSize-100) }

// TestJournal damages a journal of three entries, after an older generation with more.
func TestJournal(t *testing.T) {
	t.Parallel()
	a, b, c := body("a", 1), body("b", 3), body("c", 2)
	const atB, atC, end = 2 * blockSize, 5 * blockSize, 7 * blockSize
	zero := func(data []byte, from, to int) { clear(data[from:to]) }
	for _, row := range []struct {
		name  string
		spoil func(data []byte)
		want  []string
		hole  int
	}{
		{"whole", func([]byte) {}, []string{a, b, c}, 0},
		{"the last has not come", func(d []byte) { zero(d, atC, end) }, []string{a, b}, 0},
		{"half of the last has not come", func(d []byte) { zero(d, atC+blockSize, end) }, []string{a, b}, 0},
		{"the other half has not come", func(d []byte) { zero(d, atC, atC+blockSize) }, []string{a, b}, 0},
		{"one byte is damaged in the middle", func(d []byte) { d[atB+700] ^= 1 }, []string{a, c}, atB},
		{"a length is damaged", func(d []byte) { d[atB+8] ^= 0x7F }, []string{a, c}, atB},
		{"the first is damaged", func(d []byte) { d[blockSize] ^= 1 }, []string{b, c}, blockSize},
		{"the head is damaged", func(d []byte) { d[4] ^= 1 }, []string{a, b, c}, 0},
		{"the head is lost", func(d []byte) { zero(d, 0, blockSize) }, []string{a, b, c}, 0},
		{"everything is lost", func(d []byte) { clear(d) }, nil, 0},
	} {
		dir := t.TempDir()
		j, _, _ := begun(t, dir)
		for _, text := range []string{"old", body("old", 3), body("old", 4), "old"} {
			if err := j.Add([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Empty(); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{a, b, c} {
			if err := j.Add([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(dir, File)
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
		if err := j.Add([]byte("new")); err != nil {
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
	for ; j.Add(bytes.Repeat([]byte("x"), 60_000)) == nil; added++ {
	}
	if err := j.Add([]byte("small")); err != nil {
		t.Errorf("a small one still fits: %v", err)
	}
	if err := j.Add(make([]byte, 60_000)); !errors.Is(err, ErrFull) {
		t.Errorf("error is %v, want %v", err, ErrFull)
	}
	if _, got, hole := begun(t, dir); len(got) != added+1 || hole != 0 {
		t.Errorf("%d entries, hole at %d, want %d", len(got), hole, added+1)
	}
}

// TestClosed wants an error, and no more than that, from what comes after Close.
func TestClosed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j, _, _ := begun(t, dir)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		err  error
		want string
	}{
		{j.Add([]byte("late")), "write journal: file already closed"},
		{j.Empty(), "empty journal: file already closed"},
	} {
		if row.err == nil || row.err.Error() != row.want {
			t.Errorf("error is %v, want %s", row.err, row.want)
		}
	}
}

// FuzzJournal reads any file as a journal: entries are as long as they say and never more than the file.
func FuzzJournal(f *testing.F) {
	j := &Journal{unit: blockSize, page: make([]byte, fileSize)}
	head := sum([]byte{'R', 'J', version, 0, 0, 0, 0, 7, 0, 0, 2, 0})
	entry := sum(append([]byte{'R', 'E', version, 0, 0, 0, 0, 7, 0, 0, 0, 3}, "abc"...))
	whole := append(append(head, make([]byte, blockSize-len(head))...), entry...)
	f.Add(whole)
	f.Add(whole[blockSize:])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		j := *j
		j.path = filepath.Join(t.TempDir(), File)
		if err := os.WriteFile(j.path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		bodies, hole, err := j.Entries()
		if err != nil || hole < 0 || hole > len(data) {
			t.Fatalf("hole at %d of %d: %v", hole, len(data), err)
		}
		total := 0
		for _, body := range bodies {
			total += len(body) + fixedSize + sumSize
		}
		if total > len(data) {
			t.Errorf("%d bytes of entries in %d", total, len(data))
		}
	})
}

// TestRead reads the journal of a folder that has none, which makes none, and one that is being written.
func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if bodies, err := Read(dir); len(bodies) != 0 || err != nil {
		t.Fatalf("without a journal: %q, %v", bodies, err)
	}
	if found, err := os.ReadDir(dir); len(found) != 0 || err != nil {
		t.Fatalf("reading made %v, %v", found, err)
	}
	j, _, _ := begun(t, dir)
	if err := j.Add([]byte("a")); err != nil {
		t.Fatal(err)
	}
	if bodies, err := Read(dir); fmt.Sprintf("%s", bodies) != "[a]" || err != nil {
		t.Fatalf("%q, %v", bodies, err)
	}
}
