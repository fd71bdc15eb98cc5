package buffer_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// tree is a folder with those in it and beside it, as a power cut may leave it: contents by path.
type tree map[string][]byte

func takeTree(t testing.TB, dir string) tree {
	t.Helper()
	taken, root := tree{}, filepath.Dir(dir)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err == nil {
			taken[name], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

// lay writes the tree anew and returns the store's folder. Zeros at the end of a file are not written but there.
func (d tree) lay(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	for name, data := range d {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		overwrite(t, path, bytes.TrimRight(data, "\x00"))
		truncate(t, path, int64(len(data)))
	}
	return filepath.Join(root, "buffer")
}

func (d tree) has(name string) bool { _, has := d[filepath.Join("buffer", name)]; return has }

// unsynced is the tree without what is not durable while a store is being made: the files of NEXT.part may have anything.
func (d tree) unsynced(random *rand.Rand) tree {
	left := tree{}
	for name, data := range d {
		if filepath.Base(filepath.Dir(name)) != "NEXT.part" {
			left[name] = data
			continue
		}
		switch random.IntN(3) {
		case 0:
			left[name] = data[:random.IntN(len(data)+1)]
		case 1:
			left[name] = make([]byte, len(data))
		}
	}
	return left
}

// between is one of the trees on the way from one to another, between which only names have come, gone or moved: each of
// them may or may not have.
func (d tree) between(next tree, random *rand.Rand) tree {
	left := tree{}
	moved := func(name string) (tree, string) { // where it was before
		for _, folder := range []string{"NEXT", "NEXT.only"} {
			if was := filepath.Join("buffer", folder, filepath.Base(name)); d[was] != nil && next[was] == nil {
				return d, was
			}
		}
		return nil, ""
	}
	for name, data := range d {
		if _, stays := next[name]; stays || random.IntN(2) == 0 {
			left[name] = data
		}
	}
	for name, data := range next {
		if _, was := d[name]; was {
			continue
		}
		if from, was := moved(name); from != nil && left[was] != nil {
			continue // it has not moved
		}
		left[name] = data
	}
	return left
}

// cutter takes what a power cut would leave at each write of an erasure.
type cutter struct {
	t      testing.TB
	dir    string
	points []string
	trees  []tree
}

func (c *cutter) watch(point string) {
	c.points, c.trees = append(c.points, point), append(c.trees, takeTree(c.t, c.dir))
}

// TestPowerCutErasing cuts the power at every write of an erasure, and at every write of the opening that finishes it. Once
// it was promised, what is to go has gone after the next opening and the rest is there; before, all is. What is written of
// the new store counts as durable only once it has its name.
func TestPowerCutErasing(t *testing.T) {
	t.Parallel()
	for name, what := range map[string]buffer.Erasure{"series": {Series: []string{secret}}, "all": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newErasing(t, 6, what)
			before := packsOf(t, e.b)
			after := packsOf(t, e.expect)
			if err := e.b.Close(); err != nil {
				t.Fatal(err)
			}
			aside := e.dir + ".damaged-20260101T000000Z"
			if err := os.Mkdir(aside, 0o700); err != nil {
				t.Fatal(err)
			}
			overwrite(t, filepath.Join(aside, "000001.vlog"), []byte(secret))
			c := &cutter{t: t, dir: e.dir}
			b, err := buffer.Open(e.options(e.dir).WithWatch(c.watch))
			if err != nil {
				t.Fatal(err)
			}
			c.points, c.trees = nil, nil
			if _, err := b.Erase(t.Context(), what, func(buffer.Erased) error { return nil }); err != nil {
				t.Fatal(err)
			}
			c.watch("erased")
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			for _, point := range []string{"built", "promised", "removed", "moved in", "erased"} {
				if !slices.Contains(c.points, point) {
					t.Errorf("no cut at %q, only at %q", point, c.points)
				}
			}
			k := cutErasing{erasing: e, random: rand.New(rand.NewPCG(5, 7)), before: before, after: after}
			for i, d := range c.trees {
				k.open(fmt.Sprintf("%d, %s", i, c.points[i]), d, i == len(c.trees)-1, true)
				k.open(fmt.Sprintf("%d, %s, nothing of the new store written", i, c.points[i]), d.unsynced(k.random), i == len(c.trees)-1, false)
			}
			for _, point := range []string{"removed", "moved in"} {
				first, last := slices.Index(c.points, point), slices.Index(c.points, point)
				for last+1 < len(c.points) && c.points[last+1] == point {
					last++
				}
				for range 6 {
					k.open(point+" in any order", c.trees[first].between(c.trees[last], k.random), false, false)
				}
			}
			t.Logf("%d cuts at %d writes", k.cuts, len(c.trees))
		})
	}
}

// cutErasing opens what power cuts leave.
type cutErasing struct {
	*erasing
	random        *rand.Rand
	before, after []senml.Pack
	cuts          int
}

// open opens a tree and looks at it; deeper, it cuts the power at some of the writes of that opening too.
func (k *cutErasing) open(name string, d tree, isDone, deeper bool) {
	k.t.Helper()
	k.cuts++
	c := &cutter{t: k.t, dir: d.lay(k.t)}
	o := k.options(c.dir)
	promised := d.has("ERASE")
	if promised && deeper {
		o = o.WithWatch(c.watch)
	}
	b, err := buffer.Open(o)
	if err != nil {
		k.t.Fatalf("%s: %v", name, err)
	}
	want := k.before
	if promised || isDone {
		want = k.after
	}
	if diff := cmp.Diff(want, packsOf(k.t, b), sameValue); diff != "" {
		k.t.Errorf("%s, promised %t: (-want +got):\n%.400s", name, promised, diff)
	}
	if got := len(b.Finished()); got == 0 == promised {
		k.t.Errorf("%s: %d erasures finished", name, got)
	}
	if _, err := b.Verify(k.t.Context(), func(problem string) { k.t.Errorf("%s: %s", name, problem) }); err != nil {
		k.t.Errorf("%s: %v", name, err)
	}
	if s := b.Stats(); len(s.SetAside) > 0 || s.Corrupt > 0 {
		k.t.Errorf("%s: %+v", name, s)
	}
	if promised || isDone {
		for _, found := range searched(k.t, c.dir, secret, secretText) {
			k.t.Errorf("%s: %s", name, found)
		}
	}
	for _, left := range []string{"ERASE", "NEXT", "NEXT.part", "NEXT.only"} {
		if _, err := os.Stat(filepath.Join(c.dir, left)); !errors.Is(err, fs.ErrNotExist) {
			k.t.Errorf("%s: %s is left, %v", name, left, err)
		}
	}
	if err := b.Close(); err != nil {
		k.t.Errorf("%s: %v", name, err)
	}
	for i, again := range c.trees {
		if k.random.IntN(10) == 0 && again.has("ERASE") {
			k.open(fmt.Sprintf("%s, then %d, %s", name, i, c.points[i]), again, false, false)
		}
	}
}
