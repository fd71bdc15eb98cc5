package buffer_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
)

// A kill stops Badger between two of its calls to the kernel, or within one. This is their order when a log becomes a
// table, and the same when tables become others: create the new table, give it its length, fill it through its
// map, append to MANIFEST, empty the old file, remove it. So a table may be in any state while MANIFEST does not know
// it, and is whole once it does. TestTorn opens a store from every state on the way.

// image is a folder: content by file name.
type image map[string][]byte

func takeImage(t *testing.T, dir string) image {
	t.Helper()
	at := image{}
	for _, path := range files(t, dir, "") {
		at[filepath.Base(path)] = read(t, path)
	}
	return at
}

// with is the image with one file as given; nil takes it away.
func (i image) with(name string, content []byte) image {
	changed := maps.Clone(i)
	changed[name] = content
	if content == nil {
		delete(changed, name)
	}
	return changed
}

// lay writes the image into a new folder, leaving holes where a file has zeros.
func (i image) lay(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "buffer")
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	for name, content := range i {
		path := filepath.Join(dir, name)
		overwrite(t, path, bytes.TrimRight(content, "\x00"))
		truncate(t, path, int64(len(content)))
	}
	return dir
}

// state is one moment on the way from one image to another.
type state struct {
	name string
	image
}

// between lists the states a kill can leave while Badger goes from before to after: the new tables come one after
// the other, then MANIFEST grows, then the files that are not needed any more go one after the other. What a power cut
// can do to the end of MANIFEST, which may cross a border of blocks, is among them too.
func between(before, after image, suffix string) []state {
	at := state{"nothing done", before}
	all := []state{at}
	step := func(name, file string, content []byte) {
		at = state{file + " " + name, at.with(file, content)}
		all = append(all, at)
	}
	for _, file := range missing(after, before, ".sst") {
		whole := after[file]
		step("created", file, []byte{})
		for n := 0; n < len(whole); n += max(len(whole)/5, 1) {
			step(fmt.Sprintf("filled to %d", n), file, append(bytes.Clone(whole[:n]), make([]byte, len(whole)-n)...))
		}
		step("whole but for its last byte", file, append(bytes.Clone(whole[:len(whole)-1]), 0))
		step("whole", file, whole)
	}
	manifest := after[manifestFile]
	for n := len(before[manifestFile]) + 1; n <= len(manifest); n++ {
		step(fmt.Sprintf("has %d bytes, then zeros", n-1), manifestFile, append(bytes.Clone(manifest[:n-1]), make([]byte, len(manifest)-n+1)...))
		step(fmt.Sprintf("has %d bytes", n), manifestFile, manifest[:n])
	}
	for _, file := range missing(before, after, suffix) {
		step("emptied", file, []byte{})
		step("removed", file, nil)
	}
	return all
}

const manifestFile = "MANIFEST"

// missing lists the files of one image that another has not.
func missing(of, in image, suffix string) []string {
	var names []string
	for name := range of {
		if _, found := in[name]; !found && strings.HasSuffix(name, suffix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// TestTorn wants every pack back, and nothing set aside, from each state a kill can leave.
func TestTorn(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		way    func(t *testing.T, dir string) (before, after image)
		suffix string // of the files that go
	}{
		{"log becomes a table", logToTable, ".mem"},
		{"tables become one", tablesToOne, ".sst"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var want []buffer.Seq
			for range 3 {
				want = append(want, fill(t, buffer.Options{Dir: dir}, 1))
			}
			before, after := row.way(t, dir)
			want = append(want, wholeStore(t, "the end", after)[len(want):]...)
			for _, s := range between(before, after, row.suffix) {
				if diff := cmp.Diff(want, wholeStore(t, s.name, s.image)); diff != "" {
					t.Errorf("%s: packs (-want +got):\n%s", s.name, diff)
				}
			}
		})
	}
}

// logToTable puts a pack, which goes to a log, and closes, which makes a table of that.
func logToTable(t *testing.T, dir string) (before, after image) {
	m := &machine{t: t, clock: noon, dir: dir}
	m.open()
	put(t, m.b, minute(noon, 1))
	if err := m.b.Mark(); err != nil { // takes the pack from the journal to the log
		t.Fatal(err)
	}
	before = takeImage(t, snapshot(t, m.dir))
	if err := m.b.Close(); err != nil {
		t.Fatal(err)
	}
	return before, takeImage(t, dir)
}

// tablesToOne compacts.
func tablesToOne(t *testing.T, dir string) (before, after image) {
	m := &machine{t: t, clock: noon, dir: dir}
	m.open()
	err := m.b.Mark()
	if err := errors.Join(err, m.b.Close()); err != nil {
		t.Fatal(err)
	}
	m.open()
	before = takeImage(t, snapshot(t, m.dir))
	if err := m.b.DropMarked(); err != nil {
		t.Fatal(err)
	}
	after = takeImage(t, snapshot(t, m.dir))
	if len(missing(before, after, ".sst")) < 3 || len(missing(after, before, ".sst")) != 1 {
		t.Fatalf("compacted %v to %v", slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after)))
	}
	return before, after
}

// wholeStore opens an image and lists its packs. The store must not be damaged and must go on.
func wholeStore(t *testing.T, name string, at image) []buffer.Seq {
	t.Helper()
	dir := at.lay(t)
	b, err := buffer.Open(buffer.Options{Dir: dir})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	s := b.Stats()
	if len(s.SetAside) > 0 || s.Corrupt > 0 {
		t.Errorf("%s: stats %+v, want nothing set aside", name, s)
	}
	c := cursor(t, b, "c", buffer.Beginning())
	got := []buffer.Seq{}
	for len(got) < int(s.Packs) {
		items := next(t, c, 100)
		got = append(got, seqs(items)...)
		ack(t, c, got[len(got)-1])
	}
	if seq := put(t, b, minute(noon, 1)); seq <= s.Last {
		t.Errorf("%s: number %d comes after %d", name, seq, s.Last)
	}
	if err := b.Close(); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return got
}
