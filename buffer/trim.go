package buffer

import (
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// Bounds of one transaction that trims, so that a Put never waits long and Badger takes it.
const (
	trimStep = 128  // packs
	trimKeys = 2400 // keys; one pack has at most 3×maxHours+1
)

// trim removes the oldest packs until size and age are within bounds, whoever still waits for them. The caller
// holds the turn. What it writes becomes durable with the next Put: after a power cut it is done again.
func (b *Buffer) trim() error {
	if b.overdue(b.totals, b.oldest, 0) {
		if err := b.trimPacks(); err != nil {
			return fmt.Errorf("trim buffer: %w", err)
		}
		b.poke() // a value log may be spent
	}
	if err := b.trimUndated(); err != nil {
		return err
	}
	if b.dropped >= b.quantum() {
		b.poke()
	}
	return nil
}

// trimPacks removes the oldest packs until there is some slack.
func (b *Buffer) trimPacks() error {
	if err := b.fold(); err != nil {
		return err
	}
	for b.overdue(b.totals, b.oldest, slack) {
		if err := b.trimSome(); err != nil {
			return err
		}
	}
	return nil
}

// slack is the part of the bounds by which more goes than must: else each pack that is put would have one go, once the
// store is as old or as large as it may be, and the journal would be folded each time. It is 8 hours of 31 days.
const slack = 93

// overdue tells whether the oldest pack, put then, must go from a store of that size, whose bounds are lower by one of
// so many parts, if any.
func (b *Buffer) overdue(t totals, oldest time.Time, part int64) bool {
	size, age := b.o.MaxBytes, b.o.MaxAge
	if part > 0 {
		size, age = size-size/part, age-age/time.Duration(part)
	}
	now, known := b.o.Clock()
	return t.packs > 0 && (t.bytes+t.blocks+b.undatedBytes > size || known && now.Sub(oldest) > age)
}

// cut is what one step of trimming comes to.
type cut struct {
	totals
	first   Seq
	oldest  time.Time
	removed []Seq
	keys    int    // touched so far
	open    []hour // of the pack at which it stopped, because they must be rolled up first
}

// trimSome removes up to trimStep packs in one transaction.
func (b *Buffer) trimSome() error {
	c := cut{totals: b.totals, first: b.first, oldest: b.oldest}
	var places map[*Cursor]place
	err := guarded(func() error {
		return b.db.Update(func(txn *badger.Txn) error {
			if err := b.removeSome(txn, &c); err != nil {
				return err
			}
			places = b.changed(c.removed...)
			if err := setCursors(txn, places); err != nil {
				return err
			}
			return txn.Set(totalsKey(), c.encode())
		})
	})
	if err != nil {
		return err
	}
	b.apply(c, places)
	return b.closeAll(c.open)
}

// removeSome removes packs until the rest is within bounds or the transaction is full enough.
func (b *Buffer) removeSome(txn *badger.Txn, c *cut) error {
	for len(c.removed) < trimStep && b.overdue(c.totals, c.oldest, slack) {
		if more, err := b.removeFirst(txn, c); err != nil || !more {
			return err
		}
	}
	return nil
}

// removeFirst removes the oldest pack of c and finds the next. It returns false when there is no room for that
// in this step, or when it must be rolled up first.
func (b *Buffer) removeFirst(txn *badger.Txn, c *cut) (bool, error) {
	size, hours, err := b.measure(txn, c.first)
	if err != nil {
		return false, err
	}
	if c.open = b.openOf(hours); len(c.open) > 0 {
		return false, nil
	}
	if c.keys += 1 + 3*len(hours); c.keys > trimKeys && len(c.removed) > 0 {
		return false, nil
	}
	blocks, err := dropIndex(txn, c.first, hours)
	if err != nil {
		return false, err
	}
	c.blocks -= blocks
	if err := txn.Delete(packKey(c.first)); err != nil {
		return false, err
	}
	c.removed = append(c.removed, c.first)
	c.packs, c.bytes, c.trimmed = c.packs-1, max(c.bytes-size, 0), c.trimmed+1
	c.first = nextSeq(txn, c.first+1, c.next)
	if c.first == c.next { // whatever damage has done to the count, there is nothing left
		c.packs, c.bytes = 0, 0
	}
	c.oldest = b.putTime(txn, c.first)
	return true, nil
}

// measure returns the size and hours of a pack, as well as can be when it is damaged.
func (b *Buffer) measure(txn *badger.Txn, seq Seq) (size int64, hours []hour, err error) {
	item, err := txn.Get(packKey(seq))
	if errors.Is(err, badger.ErrKeyNotFound) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	var e envelope
	bad := item.Value(func(data []byte) (err error) {
		size = int64(len(data))
		e, _, _, err = b.codec.head(data)
		return err
	})
	if bad == nil {
		return size, e.hours, nil
	}
	hours, err = hoursOf(txn, seq)
	return item.ValueSize(), hours, err
}

// nextSeq finds the first pack with from ≤ seq < end, or end.
func nextSeq(txn *badger.Txn, from, end Seq) Seq {
	if from >= end {
		return end
	}
	if _, err := txn.Get(packKey(from)); !errors.Is(err, badger.ErrKeyNotFound) {
		return from
	}
	it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{kindPack}})
	defer it.Close()
	it.Seek(packKey(from))
	if !it.Valid() {
		return end
	}
	seq, _ := packSeq(it.Item().Key())
	return min(seq, end)
}

// putTime reads when a pack was put; now when that cannot be read, so that age does not remove it.
func (b *Buffer) putTime(txn *badger.Txn, seq Seq) time.Time {
	put := b.o.now()
	item, err := txn.Get(packKey(seq))
	if err != nil {
		return put
	}
	_ = item.Value(func(data []byte) error {
		if e, _, _, err := b.codec.head(data); err == nil {
			put = e.put
		}
		return nil
	})
	return put
}

// apply lets readers see a cut.
func (b *Buffer) apply(c cut, places map[*Cursor]place) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dropped += b.bytes - c.bytes
	b.totals, b.first, b.oldest = c.totals, c.first, c.oldest
	b.forget(c.first)
	settle(places)
	for _, cursor := range b.cursors {
		cursor.place = cursor.without(c.removed)
	}
	for seq := range b.bad {
		if seq < c.first {
			delete(b.bad, seq)
		}
	}
}
