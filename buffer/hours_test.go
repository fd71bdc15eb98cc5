package buffer

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"

	"releve/senml"
)

// TestDamagedIndex: an hour whose index cannot be read keeps neither other hours from being rolled up nor old packs
// from going.
func TestDamagedIndex(t *testing.T) {
	t.Parallel()
	clock := newYear.time().Add(5 * time.Hour)
	b, err := Open(Options{Dir: t.TempDir(), still: true, Clock: func() (time.Time, bool) { return clock, true }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	var last Seq
	for h := range 2 {
		p := senml.Pack{{Name: "n", Unit: "W", Value: senml.NumberValue(1), Time: (newYear + hour(3*h)).start()}}
		if last, err = b.Put(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.inTurn(b.fold)(); err != nil {
		t.Fatal(err)
	}
	damage := func(txn *badger.Txn) error { return txn.Set(timeKey(newYear, last-1), []byte{0x80}) }
	if err := b.db.Update(damage); err != nil {
		t.Fatal(err)
	}
	if err := b.Settle(); err != nil {
		t.Error(err)
	}
	periods, _, err := b.Periods(t.Context(), "n", Hour, (newYear + 3).time(), (newYear + 4).time(), 9)
	if len(periods) != 1 || err != nil {
		t.Errorf("%d periods of the good hour, %v", len(periods), err)
	}
	clock = clock.AddDate(0, 2, 0)
	if err := b.inTurn(b.trim)(); err != nil || b.Stats().Packs != 0 {
		t.Errorf("%d packs are left, %v", b.Stats().Packs, err)
	}
}

// TestTablesMergedByTheWeek: rolled up hours leave marks that questions read past, until a week of them is worth merging the
// tables, also when the store is opened again in between.
func TestTablesMergedByTheWeek(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		t.Run(fmt.Sprintf("opened again %t", again), func(t *testing.T) {
			t.Parallel()
			clock := newYear.time().Add((manyRolled + 2) * time.Hour)
			o := Options{Dir: t.TempDir(), still: true, Clock: func() (time.Time, bool) { return clock, true }}
			b, err := Open(o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = b.Close() })
			for _, hours := range []struct{ from, to, marks int }{
				{0, manyRolled - 3, manyRolled - 3}, {manyRolled - 3, manyRolled - 1, manyRolled - 1}, {manyRolled - 1, manyRolled, 0},
			} {
				if again {
					if err := b.Close(); err != nil {
						t.Fatal(err)
					}
					if b, err = Open(o); err != nil {
						t.Fatal(err)
					}
				}
				var p senml.Pack
				for h := hours.from; h < hours.to; h++ {
					p = append(p, senml.Record{Name: "n", Unit: "W", Value: senml.NumberValue(1), Time: (newYear + hour(h)).start()})
				}
				_, err := b.Put(p)
				if err := errors.Join(err, b.Settle(), b.reclaimIfDue()); err != nil {
					t.Fatal(err)
				}
				if got := marks(t, b); got != hours.marks {
					t.Errorf("%d hours were rolled up and %d marks are left, want %d", hours.to, got, hours.marks)
				}
			}
		})
	}
}

// marks counts what rolled up hours have left in the database.
func marks(t *testing.T, b *Buffer) (n int) {
	t.Helper()
	err := b.look(func(txn *badger.Txn) error { n = countMarks(txn); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return n
}
