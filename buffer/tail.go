package buffer

import (
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"

	"releve/buffer/journal"
	"releve/senml"
)

// pending is a pack that is durable in the journal and not yet in the database. Recipients get it from memory; whoever
// needs the index of the history has all of them folded in first, see view.
type pending struct {
	seq    Seq
	put    time.Time
	sealed []byte
	spans  map[hour]*span
	ids    map[string]uint32 // of the series it was the first to have
	dates  []undatedPack     // what it is made of, which goes when it comes
	after  totals
}

const (
	// foldEvery is how long a pack stays out of the database: the longer, the fewer times its files are written.
	foldEvery = 8 * time.Hour
	// Bounds of a pack that goes by the journal; a larger one goes to the database at once, and fits a transaction.
	journalPack  = 64 << 10
	journalHours = 64
	journalNew   = 256
)

// goesByJournal tells whether a pack is of the usual size.
func (p *pending) goesByJournal() bool {
	return len(p.sealed) <= journalPack && len(p.spans) <= journalHours && len(p.ids) <= journalNew
}

// commit makes a pack durable, in the journal or in the database. The caller holds the turn.
func (b *Buffer) commit(p *pending, places map[*Cursor]place) (journaled bool, err error) {
	if p.goesByJournal() {
		return true, b.enter(note{places: named(places), dates: numbersOf(p.dates), sealed: p.sealed})
	}
	return false, b.writeWhole(packKey(p.seq), p.sealed, func(txn *badger.Txn) error { return b.insertIndex(txn, p) })
}

// enter makes a note durable, after the journal was folded if it was full.
func (b *Buffer) enter(n note) error {
	err := b.journal.Add(n.encode())
	if errors.Is(err, journal.ErrFull) {
		if err = b.fold(); err == nil {
			err = b.journal.Add(n.encode())
		}
	}
	b.o.watch("entered")
	return err
}

// journalSince notes when a pack came into the journal. The caller holds mu.
func (b *Buffer) journalSince(put time.Time) {
	if b.since.IsZero() {
		b.since = put
	}
}

// foldDue tells whether the packs of the journal have been there long enough.
func (b *Buffer) foldDue() bool {
	age := b.o.now().Sub(b.since)
	return !b.since.IsZero() && (age >= foldEvery || age < 0)
}

// fold brings the packs of the journal into the database. When it fails, they stay where they are and it can be tried
// again. The caller holds the turn.
func (b *Buffer) fold() error {
	if len(b.tail) == 0 && len(b.held) == 0 && b.journal.IsEmpty() {
		return nil
	}
	return b.foldAll()
}

// foldAll is fold, also when there is nothing in the journal: it makes durable what else was written.
func (b *Buffer) foldAll() error { return b.write(func(*badger.Txn) error { return nil }) }

// write runs a transaction and makes it durable, after all that the journal holds and together with the places of
// the cursors and the totals: a number left out must be on disk before a cursor that has passed it. Then the journal is
// empty. The caller holds the turn.
func (b *Buffer) write(f func(txn *badger.Txn) error) error {
	if err := checkRoom(b.o, tidyRoom); err != nil {
		return err
	}
	if err := b.catchUp(); err != nil {
		return err
	}
	places := b.places()
	err := b.db.Update(func(txn *badger.Txn) error {
		if err := setCursors(txn, places); err != nil {
			return err
		}
		if err := txn.Set(totalsKey(), b.totals.encode()); err != nil {
			return err
		}
		return f(txn)
	})
	if err == nil {
		err = b.sync()
	}
	if err == nil {
		err = b.journal.Empty()
	}
	if err != nil {
		return err
	}
	b.o.watch("emptied")
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tail, b.caught, b.since = nil, 0, time.Time{}
	settle(places)
	return nil
}

// catchUp brings the packs of the journal into the database without waiting for the disk: it is all that reading the
// history needs. They are durable in the journal until the next fold. The caller holds the turn.
func (b *Buffer) catchUp() error {
	if err := b.catchUpHeld(); err != nil { // before the packs that are made of them
		return fmt.Errorf("fold journal: %w", err)
	}
	for i := b.caught; i < len(b.tail); i++ {
		if err := b.db.Update(func(txn *badger.Txn) error { return b.insert(txn, &b.tail[i]) }); err != nil {
			return fmt.Errorf("fold journal: %w", err)
		}
		b.mu.Lock()
		b.caught = i + 1
		b.mu.Unlock()
	}
	return nil
}

// insert adds a pack and what tells of it to a transaction.
func (b *Buffer) insert(txn *badger.Txn, p *pending) error {
	if err := txn.Set(packKey(p.seq), p.sealed); err != nil {
		return err
	}
	return b.insertIndex(txn, p)
}

// insertIndex adds to a transaction where a pack is found and the totals it leaves, and takes away what it is made of.
func (b *Buffer) insertIndex(txn *badger.Txn, p *pending) error {
	if err := removeUndated(txn, p.dates); err != nil {
		return err
	}
	if err := b.setIndex(txn, p.seq, p.spans, p.ids); err != nil {
		return err
	}
	if err := markOpen(txn, p.spans); err != nil {
		return err
	}
	return txn.Set(totalsKey(), p.after.encode())
}

// recent returns the packs with from ≤ seq < end that are not in the database, up to most, and the first number that
// is not. They are taken before the database is looked at, so a pack that is folded meanwhile is met once.
func (b *Buffer) recent(from, end Seq) (tail []pending, stored Seq) {
	b.mu.Lock()
	defer b.mu.Unlock()
	tail, stored = b.tail, end
	if len(tail) > 0 {
		stored = min(tail[0].seq, end)
	}
	for len(tail) > 0 && tail[0].seq < from {
		tail = tail[1:]
	}
	for len(tail) > 0 && tail[len(tail)-1].seq >= end {
		tail = tail[:len(tail)-1]
	}
	return tail, stored
}

// readPending decodes a pack of the tail.
func (b *Buffer) readPending(p *pending) (senml.Pack, error) { return b.unseal(p.sealed) }

// unseal decodes a pack in its envelope.
func (b *Buffer) unseal(sealed []byte) (senml.Pack, error) {
	e, err := b.codec.open(sealed)
	if err != nil {
		return nil, err
	}
	return e.pack()
}
