package buffer

import (
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
