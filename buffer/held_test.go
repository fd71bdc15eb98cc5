package buffer_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// What has no date, and what gives it one, costs a line of the journal and no sync of Badger's files.
func TestUndatedGoByJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, buffer.Options{Dir: dir})
	logOf := func() []byte { return read(t, files(t, dir, ".mem")[0]) }
	synced, before := 0, logOf()
	o := buffer.Options{Dir: t.TempDir()}.WithWatch(func(point string) {
		if point == "synced" {
			synced++
		}
	})
	watched := open(t, o)
	begun := synced
	for n := range 5 {
		putUndated(t, b, "boot", senml.Pack{since(float64(n), 1)})
		putUndated(t, watched, "boot", senml.Pack{since(float64(n), 1)})
	}
	if !bytes.Equal(before, logOf()) {
		t.Error("undated packs were written to Badger's log")
	}
	if sum := date(t, watched, "boot", from(noon)); sum != (buffer.Dated{Records: 5}) {
		t.Errorf("%+v", sum)
	}
	if synced != begun {
		t.Errorf("Badger was synced %d times", synced-begun)
	}
}

// TestJournaledTwice brings back a journal of before undated packs were dated, trimmed or folded, as a power cut does
// that comes before the journal is emptied: what is dated stays dated once. When the database is damaged, all come in.
func TestJournaledTwice(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		between func(b *buffer.Buffer) error
		log     []float64 // values
		undated uint64
		damage  bool
	}{
		{"folded", (*buffer.Buffer).Fold, nil, 6, false},
		{"one boot dated", dateFirst, []float64{0, 1, 2}, 3, false},
		{"one boot dated, folded", func(b *buffer.Buffer) error { return errors.Join(dateFirst(b), b.Fold()) }, []float64{0, 1, 2}, 3, false},
		{"dated and damaged", dateFirst, nil, 6, true},
		{"refused", func(b *buffer.Buffer) error {
			_, err := b.Date("first", func(float64) float64 { return 0 })
			return err
		}, nil, 3, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "buffer")
			b := open(t, buffer.Options{Dir: dir})
			for n := range 6 {
				putUndated(t, b, []string{"first", "second"}[n/3], senml.Pack{since(float64(n), float64(n))})
			}
			journal := read(t, filepath.Join(dir, "JOURNAL"))
			if err := errors.Join(row.between(b), b.Close()); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				overwrite(t, filepath.Join(dir, "JOURNAL"), journal)
				if row.damage {
					truncate(t, filepath.Join(dir, "MANIFEST"), 3)
					row.damage = false
				}
				b = open(t, buffer.Options{Dir: dir})
				var values []float64
				for _, r := range logged(t, b) {
					v, _ := r.Value.Number()
					values = append(values, v)
				}
				if diff := cmp.Diff(row.log, values); diff != "" || b.Stats().Undated != row.undated {
					t.Errorf("%d undated, want %d; log (-want +got):\n%s", b.Stats().Undated, row.undated, diff)
				}
				if got := b.Undated(); len(got) > 0 && got[0].Passed != (len(row.log) > 0) {
					t.Errorf("undated %+v", got)
				}
				if err := b.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func dateFirst(b *buffer.Buffer) error {
	_, err := b.Date("first", from(noon))
	return err
}

// TestUnfinished leaves packs which nothing tells of, as a power cut does while large ones are put: they go, and their
// numbers are given to others.
func TestUnfinished(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	last := fill(t, buffer.Options{Dir: dir}, 2)
	b := open(t, buffer.Options{Dir: dir})
	large := noise(rand.NewChaCha8([32]byte{1}), noon, 100_000)
	putUndated(t, b, "boot", large)
	u := b.LastUndated()
	err := errors.Join(
		b.SetKey(buffer.PackKey(last+1), []byte("half a pack")),
		b.SetKey(buffer.PackKey(last+3), []byte("half a pack")),
		b.SetKey(buffer.UndatedKey(u+1, "boot"), []byte("half a pack")),
		b.Close())
	if err != nil {
		t.Fatal(err)
	}
	b = open(t, buffer.Options{Dir: dir})
	if s := b.Stats(); s.Packs != 2 || s.Last != last || s.Undated != uint64(len(large)) {
		t.Errorf("stats %+v", s)
	}
	putUndated(t, b, "boot", senml.Pack{since(1, 1)})
	if sum := date(t, b, "boot", func(float64) float64 { return float64(noon.Unix()) }); sum != (buffer.Dated{Records: uint64(len(large)) + 1}) {
		t.Errorf("%+v", sum)
	}
	var problems []string
	if _, err := b.Verify(t.Context(), func(p string) { problems = append(problems, p) }); err != nil || problems != nil {
		t.Error(problems, err)
	}
	if got := len(logged(t, b)); got != len(large)+1+2*len(minute(noon, 1)) {
		t.Errorf("%d records are in the log", got)
	}
}
