package buffer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"math/bits"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"
)

// unguardedDir makes the test binary run the proof without what tuned guards against, in the folder it names.
const unguardedDir = "BUFFER_UNGUARDED_DIR"

// load is a reproducible mass of keys: mostly index entries, some of the largest keys and values there may be
// in tables, and some packs.
type load struct {
	entries int
	packs   int // size of a pack in bytes; one entry in 64 is one
}

// entry returns key and value number i. The value ends in a checksum over both.
func (l load) entry(i int) (key, value []byte) {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], uint64(i))
	source := rand.NewChaCha8(seed)
	random := rand.New(source)
	size := random.IntN(inlineValue - 4)
	switch {
	case i%64 == 0:
		size = random.IntN(l.packs)
		key = packKey(Seq(i))
	case i%97 == 0:
		key = seriesKey(strings.Repeat("x", maxSeriesName-8) + fmt.Sprintf("%08d", i))
	default:
		key = timeKey(hour(random.Uint32()), Seq(i))
	}
	value = make([]byte, size, size+4)
	_, _ = source.Read(value)
	sum := crc32.Update(crc32.ChecksumIEEE(key), crc32.IEEETable, value)
	return key, binary.BigEndian.AppendUint32(value, sum)
}

// sittings is in how many parts a load is written.
const sittings = 3

// prove writes the load in several sittings, flushing and compacting, and reads all of it back each time.
func (l load) prove(o badger.Options) error {
	for s := range sittings {
		db, err := badger.Open(o)
		if err != nil {
			return err
		}
		err = l.write(db, s*l.entries/sittings, (s+1)*l.entries/sittings)
		if err == nil {
			err = l.verify(db, (s+1)*l.entries/sittings)
		}
		if err = errors.Join(err, db.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (l load) write(db *badger.DB, from, to int) error {
	batch := db.NewWriteBatch()
	defer batch.Cancel()
	for i := from; i < to; i++ {
		if err := batch.Set(l.entry(i)); err != nil {
			return err
		}
	}
	if err := batch.Flush(); err != nil {
		return err
	}
	return db.Flatten(2)
}

// verify reads everything in a scan, and looks up every 16th entry by its key besides.
func (l load) verify(db *badger.DB, to int) error {
	return db.View(func(txn *badger.Txn) error {
		for i := 0; i < to; i += 16 {
			key, want := l.entry(i)
			if got, err := value(txn, key); err != nil || string(got) != string(want) {
				return fmt.Errorf("entry %d: got %d bytes, want %d: %w", i, len(got), len(want), errors.Join(err, errCorrupt))
			}
		}
		found := 0
		err := each(txn, nil, func(item *badger.Item) error {
			found++
			return l.verifyItem(item)
		})
		if err == nil && found != to {
			return fmt.Errorf("a scan finds %d entries of %d", found, to)
		}
		return err
	})
}

// verifyItem compares what a scan has met with what was written.
func (l load) verifyItem(item *badger.Item) error {
	key, want := l.entry(l.number(item.Key()))
	if string(key) != string(item.Key()) {
		return fmt.Errorf("key %x: %w", item.Key(), errCorrupt)
	}
	return item.Value(func(got []byte) error {
		if string(got) != string(want) {
			return fmt.Errorf("key %x: got %d bytes, want %d: %w", key, len(got), len(want), errCorrupt)
		}
		return nil
	})
}

// number tells which entry a key is of; a key of none gives an entry with another key.
func (l load) number(key []byte) int {
	if key[0] == kindSeries {
		n, _ := strconv.Atoi(string(key[len(key)-8:]))
		return n
	}
	return int(binary.BigEndian.Uint64(key[len(key)-8:]))
}

// TestManyBytes is the proof that tables survive, above all on 32-bit machines, where Badger's table builder
// damages tables that outgrow its first block of memory. BUFFER_PROVE_MB sets how much it writes.
func TestManyBytes(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(unguardedDir); dir != "" {
		runUnguarded(dir)
	}
	mb := 32
	if testing.Short() {
		mb = 8
	}
	if n, err := strconv.Atoi(os.Getenv("BUFFER_PROVE_MB")); err == nil {
		mb = n
	}
	const entrySize = 64 + 13 + 8000/64 + 1000/97 // mean
	l := load{entries: mb << 20 / entrySize, packs: 16000}
	if err := l.prove(tuned(t.TempDir(), slog.New(slog.DiscardHandler))); err != nil {
		t.Fatalf("GOARCH bits %d, %d MB: %v", bits.UintSize, mb, err)
	}
	t.Logf("%s: %d MB in %d entries, written in %d sittings and all read back after each", runtime.GOARCH, mb, l.entries, sittings)
}

// runUnguarded runs a smaller proof with packs in the tables and reports by its exit code.
func runUnguarded(dir string) {
	o := tuned(dir, slog.New(slog.DiscardHandler))
	o.ValueThreshold = 64 << 10
	if err := (load{entries: 20_000, packs: 50_000}).prove(o); err != nil {
		fmt.Println("damaged:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// TestGuardIsNeeded shows that the proof can fail: with packs in the tables, a 32-bit build damages them.
func TestGuardIsNeeded(t *testing.T) {
	t.Parallel()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestManyBytes$")
	child.Env = append(os.Environ(), unguardedDir+"="+t.TempDir())
	out, err := child.CombinedOutput()
	damaged := err != nil
	if want := bits.UintSize == 32; damaged != want {
		t.Errorf("unguarded tables on %d bits: damaged %v, want %v: %v\n%s", bits.UintSize, damaged, want, err, out)
	}
}
