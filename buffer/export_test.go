package buffer

import (
	"errors"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// WithClock replaces the wall clock.
func (o Options) WithClock(now func() time.Time) Options {
	o.Clock = func() (time.Time, bool) { return now(), true }
	return o
}

// WithFree replaces the question for free room.
func (o Options) WithFree(free func(string) (uint64, error)) Options {
	o.free = free
	return o
}

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
func (b *Buffer) FailDisk() error { return errors.Join(b.db.Close(), b.journal.file.Close()) }

// SkipNumber does what Put does when it cannot know whether a pack has reached the disk.
func (b *Buffer) SkipNumber() { b.skip(b.next, 1) }

// WriteCursors writes acknowledgements as the keeper does when they have waited long enough.
func (b *Buffer) WriteCursors() error { return b.inTurn(b.writeCursors)() }
