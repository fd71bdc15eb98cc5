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
	"time"

	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"
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

// tableOf is a table of one series that no store has, whose value takes that many bytes, at most 12 MiB: the builder's
// allocator must not outgrow its first block of twice TableSize, beyond which it never ends on 32 bits (see tuned).
func tableOf(name string, size int) []byte {
	builder := table.NewTableBuilder(table.Options{TableSize: 16 << 20, BlockSize: 4 << 10, BloomFalsePositive: 0.01})
	defer builder.Close()
	builder.Add(y.KeyWithTs([]byte("s"+name), 1), y.ValueStruct{Value: make([]byte, size)}, 0)
	return builder.Finish()
}

// TestWholeStraysAreBounded lays tables beside a store that lacks all of them. Beyond what is bearable they move to one
// folder, all of them as they were, and that is told; what is told then is not told again.
func TestWholeStraysAreBounded(t *testing.T) {
	t.Parallel()
	at := growth(t, 1, 1)[0]
	for _, row := range []struct {
		name         string
		tables, size int
		moved        bool
	}{
		{"as many as may stay", 8, 100, false},
		{"one more", 9, 100, true},
		{"as large as may stay", 3, 5 << 20, false},
		{"too large", 3, 6 << 20, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			store, want := at, image{}
			for i := range row.tables {
				name := fmt.Sprintf("%06d.sst", 100+i)
				content := tableOf(name, row.size)
				store, want[name+".unknown"] = store.with(name, content), content
			}
			dir := store.lay(t)
			o := buffer.Options{Dir: dir}.WithClock(func() time.Time { return noon })
			b := open(t, o)
			where, left := dir, row.tables
			if row.moved {
				where, left = dir+".damaged-20260301T120000Z", 0
				report := fmt.Sprintf("%d tables that MANIFEST does not know have something which the store lacks; kept in %s", row.tables, where)
				if diff := cmp.Diff([]string{report}, b.Stats().SetAside); diff != "" {
					t.Errorf("reports (-want +got):\n%s", diff)
				}
			}
			if got := b.Stats().Strays; got != left {
				t.Errorf("%d stay, want %d", got, left)
			}
			got := takeImage(t, where)
			maps.DeleteFunc(got, func(name string, _ []byte) bool { return !strings.HasSuffix(name, ".unknown") })
			if !maps.EqualFunc(want, got, bytes.Equal) {
				t.Error("what is kept is not what was there")
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			if s := open(t, o).Stats(); s.Strays != left || row.moved && len(s.SetAside) > 0 {
				t.Errorf("opened again: %+v", s)
			}
		})
	}
}
