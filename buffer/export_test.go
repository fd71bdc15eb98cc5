package buffer

import (
	"errors"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// WithClock replaces the wall clock, at which the keeper does not look then: it rolls nothing up.
func (o Options) WithClock(now func() time.Time) Options {
	o.still = true
	o.Clock = func() (time.Time, bool) { return now(), true }
	return o
}

// Still keeps the keeper from rolling up, and so from looking at the clock.
func (o Options) Still() Options {
	o.still = true
	return o
}

// WithFree replaces the question for free room.
func (o Options) WithFree(free func(string) (uint64, error)) Options {
	o.free = free
	return o
}

// WithAgain sets how often the keeper looks for room for an erasure that waits.
func (o Options) WithAgain(again time.Duration) Options {
	o.again = again
	return o
}

// WithPacks sets who is told when a pack is decoded for a question or a roll-up.
func (o Options) WithPacks(packs func()) Options {
	o.packs = packs
	return o
}

// WithWatch sets who is told when everything is written and when it is synced.
func (o Options) WithWatch(watch func(point string)) Options {
	o.watch = watch
	return o
}

// Fold brings the journal into the database at once instead of three times a day.
func (b *Buffer) Fold() error { return b.inTurn(b.fold)() }

// Reclaim gives space back at once instead of by the keeper.
func (b *Buffer) Reclaim() error { return b.reclaim() }

// Mark writes the key that DropMarked drops.
func (b *Buffer) Mark() error {
	return b.inTurn(func() error {
		return b.write(func(txn *badger.Txn) error { return txn.Set(flushKey(), nil) })
	})()
}

// DropMarked compacts the tables when one of them holds what Mark has written, and does nothing else.
func (b *Buffer) DropMarked() error { return b.db.DropPrefix(flushKey()) }

// Trim trims at once instead of after an hour without Put.
func (b *Buffer) Trim() error { return b.inTurn(b.trim)() }

// FailDisk makes what follows fail as if the disk did, by closing the files underneath.
func (b *Buffer) FailDisk() error {
	return b.inTurn(func() error { return errors.Join(b.db.Close(), b.journal.Close()) })()
}

// SkipNumber does what Put does when it cannot know whether a pack has reached the disk.
func (b *Buffer) SkipNumber() { b.skip(b.next, 1) }

// WriteCursors writes acknowledgements as the keeper does when they have waited long enough.
func (b *Buffer) WriteCursors() error { return b.inTurn(b.writeCursors)() }

// RollUp rolls up what is due at once instead of by the keeper.
func (b *Buffer) RollUp() error { return b.rollUp() }

// Open tells how many hours and days wait to be rolled up.
func (b *Buffer) Open() (hours, days int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.open), len(b.unmade)
}

// DecodeOpen decodes the open hours at once instead of by the keeper.
func (b *Buffer) DecodeOpen() error { return b.decodeOpen() }

// Decoded tells how many bytes are kept of open hours, about.
func (b *Buffer) Decoded() (size int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range b.decoded {
		size += d.size
	}
	return size
}

// ForgetRollUps takes away what a version without roll-ups would not have written.
func (b *Buffer) ForgetRollUps() error {
	return b.inTurn(func() error {
		for _, kind := range []byte{kindBlock, kindDay, kindOpen, kindTens, kindUnmade, kindZone} {
			if err := b.db.DropPrefix([]byte{kind}); err != nil {
				return err
			}
		}
		return nil
	})()
}

// PackKey is the key of a pack.
func PackKey(seq Seq) []byte { return packKey(seq) }

// LastUndated is the number of the undated pack that was put last.
func (b *Buffer) LastUndated() uint64 { return b.undatedNext - 1 }

// UndatedKey is the key of an undated pack.
func UndatedKey(number uint64, boot string) []byte {
	return undatedPack{number: number, boot: boot}.key()
}

// TimeKey is the key of a pack's history entry in the hour of a time.
func TimeKey(at time.Time, seq Seq) []byte { return timeKey(hourOf(float64(at.Unix())), seq) }

// HourKey is the key of the hour of a time.
func HourKey(at time.Time) []byte { return hourKey(hourOf(float64(at.Unix()))) }

// SetKey writes behind the buffer's back.
func (b *Buffer) SetKey(key, value []byte) error {
	return b.db.Update(func(txn *badger.Txn) error { return txn.Set(key, value) })
}

// DropKey deletes behind the buffer's back.
func (b *Buffer) DropKey(key []byte) error {
	return b.db.Update(func(txn *badger.Txn) error { return txn.Delete(key) })
}
