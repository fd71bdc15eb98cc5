package buffer

import (
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
)

// ageCheck is how often the keeper looks for packs that are too old when nothing is put.
const ageCheck = time.Hour

// keep is the keeper: it writes acknowledgements that no Put has taken along, trims by age, and gives space
// back, and does an erasure that waits. It ends with Close.
func (b *Buffer) keep() {
	defer b.keeping.Done()
	age := time.NewTicker(ageCheck)
	defer age.Stop()
	var late, opened, room <-chan time.Time
	if !b.o.still {
		opened = time.After(decodeAfter)
	}
	for {
		if room == nil && b.waitsForRoom() {
			room = time.After(b.o.again)
		}
		select {
		case <-b.quit:
			return
		case <-room:
			room = nil
			b.tend(b.keepPromiseIfRoom)
		case <-b.nudge:
			if late == nil {
				late = time.After(b.o.AckDelay)
			}
			b.tend(b.reclaimIfDue)
			b.tend(b.giveSpent)
			b.tend(b.rollUpIfDue)
		case <-opened:
			b.tend(b.decodeOpen)
		case <-late:
			late = nil
			b.tend(b.inTurn(b.writeCursors))
		case <-age.C:
			b.tend(b.inTurn(b.trim))
			b.tend(b.inTurn(b.foldIfDue))
			b.tend(b.rollUpIfDue)
			b.tend(b.keepPromise)
		}
	}
}

// tend does a duty and logs what goes wrong: there is nobody else to tell.
func (b *Buffer) tend(duty func() error) {
	if err := duty(); err != nil && !errors.Is(err, ErrClosed) {
		b.o.Log.Warn("buffer upkeep", "error", err)
	}
}

// inTurn is a duty that needs the turn.
func (b *Buffer) inTurn(duty func() error) func() error {
	return func() error {
		if err := b.take(); err != nil {
			return err
		}
		defer b.give()
		return duty()
	}
}

// foldIfDue is for when nothing is put any more.
func (b *Buffer) foldIfDue() error {
	if !b.foldDue() {
		return nil
	}
	return b.fold()
}

// manyRolled is how many rolled up hours make it worth merging the tables: each has left the mark of a deletion, which every
// question reads past until then. In a week that is a few MB written.
const manyRolled = 7 * 24

// quantum is how many trimmed bytes make it worth giving space back.
func (b *Buffer) quantum() int64 { return max(b.o.MaxBytes/8, logFileSize) }

func (b *Buffer) reclaimIfDue() error {
	b.mu.Lock()
	due := b.dropped >= b.quantum() || b.rolled >= manyRolled
	b.mu.Unlock()
	if !due {
		return nil
	}
	return b.reclaim()
}

// reclaim gives back the space of what has gone from the tables, and the value logs of trimmed packs, most of which take
// nothing any more (see giveSpent). Badger frees a file of the value log when compaction has met the deletions of what
// is in it, and compaction meets only what is in tables. So the memtable is flushed first, by dropping a prefix made for
// that; this is the only part during which Put waits.
//
// Where files cannot have holes, what is dead but not yet freed is at most the quantum at which this begins (MaxBytes/8,
// at least one log file), what is put meanwhile, and one log file each at both ends of the log: disk use stays below
// MaxBytes×9/8 + 3 × 8 MiB + tables, in all MaxBytes×9/8 + 64 MiB.
//
// One at a time: the keeper may be at it when Compact is called, and Badger refuses a second that frees logs.
func (b *Buffer) reclaim() error {
	b.reclaiming.Lock()
	defer b.reclaiming.Unlock()
	var tables []string
	for _, info := range b.db.Tables() { // not those on disk, one may just be in the making
		tables = append(tables, table.NewFilename(info.ID, b.o.Dir))
	}
	if err := checkTables(tables); err != nil { // compacting a damaged table would lose keys without a word
		return b.noteDamage(err)
	}
	if err := b.flush(); err != nil { // compacts level 0
		return err
	}
	if err := guarded(func() error { return b.db.Flatten(1) }); err != nil {
		return err
	}
	return b.freeLogs()
}

// noteDamage tells by Stats that the store must be opened anew.
func (b *Buffer) noteDamage(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.damage = err.Error()
	return fmt.Errorf("space is not given back: %w", err)
}

// flush moves the memtable into tables.
func (b *Buffer) flush() error {
	if err := b.take(); err != nil {
		return err
	}
	defer b.give()
	if err := b.write(func(txn *badger.Txn) error { return txn.Set(flushKey(), nil) }); err != nil {
		return err
	}
	if err := guarded(func() error { return b.db.DropPrefix(flushKey()) }); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dropped, b.rolled = 0, 0
	return nil
}

// freeLogs removes files of the value log which are dead but for a fiftieth, until there is none.
func (b *Buffer) freeLogs() error {
	for {
		select {
		case <-b.quit:
			return ErrClosed
		default:
		}
		err := b.freeLog()
		if errors.Is(err, badger.ErrNoRewrite) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// freeLog removes one file of the value log. Badger moves what lives in it to the newest one and syncs nothing: a power cut
// would leave neither. It keeps the file as long as an iterator is open, so there is one until what was moved is durable.
func (b *Buffer) freeLog() error {
	return b.inTurn(func() error {
		secured, err := b.secureLiving()
		if err == nil {
			err = b.look(func(txn *badger.Txn) error {
				keep := txn.NewIterator(badger.IteratorOptions{})
				defer keep.Close()
				if err := b.db.RunValueLogGC(0.98); err != nil {
					return err
				}
				b.o.watch("moved")
				return b.sync()
			})
		}
		if secured {
			err = errors.Join(err, b.fold())
		}
		return err
	})()
}

// Compact brings the packs within their bounds, folds the journal, merges the tables and gives back the space of what
// has gone.
func (b *Buffer) Compact() error {
	if err := b.inTurn(b.trim)(); err != nil {
		return fmt.Errorf("compact buffer: %w", err)
	}
	if err := b.reclaim(); err != nil {
		return fmt.Errorf("compact buffer: %w", err)
	}
	return nil
}
