package buffer_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
)

// growth is a store after each of some sittings, each of which leaves a table with a pack of some seconds.
func growth(t *testing.T, sittings, seconds int) (at []image) {
	t.Helper()
	dir := t.TempDir()
	for range sittings {
		b := open(t, buffer.Options{Dir: dir})
		put(t, b, minute(noon, seconds))
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		at = append(at, takeImage(t, dir))
	}
	return at
}

// lastTable is the newest table of an image.
func lastTable(at image) []byte {
	name := slices.Max(slices.DeleteFunc(slices.Collect(maps.Keys(at)), func(n string) bool { return !strings.HasSuffix(n, ".sst") }))
	return at[name]
}

// TestStray lays a table beside a store that does not know it. It goes when the store has all of it, or when there is
// nothing in it; else it stays, however often the store is opened and whatever else is put.
func TestStray(t *testing.T) {
	t.Parallel()
	at, other := growth(t, 4, 1), growth(t, 3, 2)
	whole := lastTable(at[2])
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/3] ^= 1
	for _, row := range []struct {
		name  string
		store image
		table []byte
		stays bool
	}{
		{"the store has it", at[2], whole, false},
		{"the store has gone on", at[3], whole, false},
		{"the store is from before", at[1], whole, true},
		{"of another store", at[3], lastTable(other[2]), true},
		{"damaged", at[3], flipped, true},
		{"half written", at[3], append(bytes.Clone(whole[:len(whole)/2]), make([]byte, len(whole)/2)...), true},
		{"of zeros", at[3], make([]byte, len(whole)), false},
		{"empty", at[3], []byte{}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := row.store.with("000099.sst", row.table).lay(t)
			for range 5 {
				b := open(t, buffer.Options{Dir: dir})
				s := b.Stats()
				if (s.Strays == 1) != row.stays || s.Corrupt != 0 {
					t.Errorf("stats %+v, want it kept: %v", s, row.stays)
				}
				want := []string{}
				if row.stays {
					want = append(want, filepath.Join(dir, "000099.sst.unknown"))
				}
				if diff := cmp.Diff(want, append([]string{}, files(t, dir, ".unknown")...)); diff != "" {
					t.Errorf("beside the store (-want +got):\n%s", diff)
				}
				put(t, b, minute(noon, 3))
				if err := b.Close(); err != nil {
					t.Fatal(err)
				}
			}
			for _, path := range files(t, dir, ".unknown") {
				if !bytes.Equal(read(t, path), row.table) {
					t.Error("what is kept is not what was there")
				}
			}
		})
	}
}

// TestStrayModel lays the tables of stores at random moments beside a store of another moment: those of which it knows all
// go, those which say more than it knows stay.
func TestStrayModel(t *testing.T) {
	t.Parallel()
	at := growth(t, 6, 1)
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 12 {
		now, want := random.IntN(len(at)), 0
		store := at[now]
		for i := range random.IntN(6) {
			of := random.IntN(len(at))
			store = store.with(fmt.Sprintf("%06d.sst", 100+i), lastTable(at[of]))
			if of > now {
				want++
			}
		}
		b := open(t, buffer.Options{Dir: store.lay(t)})
		if got := b.Stats().Strays; got != want {
			t.Errorf("round %d: %d tables stay, want %d", round, got, want)
		}
	}
}

// TestTornStraysAreBounded keeps the newest torn tables, under names of their own.
func TestTornStraysAreBounded(t *testing.T) {
	t.Parallel()
	at := growth(t, 1, 1)[0]
	dir := at.lay(t)
	for n := range 20 {
		overwrite(t, filepath.Join(dir, "000099.sst"), []byte(fmt.Sprint("torn ", n)))
		b := open(t, buffer.Options{Dir: dir})
		if got, want := b.Stats().Strays, min(n+1, 4); got != want {
			t.Errorf("%d torn tables are kept of %d, want %d", got, n+1, want)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
