package buffer

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// held is an undated pack that is durable in the journal and not yet in the database.
type held struct {
	undatedPack
	sealed []byte
}

// storeUndated makes a draft durable, in the journal unless it is too large. The caller holds the turn.
func (b *Buffer) storeUndated(boot string, d draft) error {
	u := undatedPack{number: max(b.undatedNext, 1), place: b.next, records: uint32(len(d.pack)), boot: boot}
	now := b.o.now()
	h := held{u, b.codec.seal(envelope{seq: Seq(u.number), put: now, form: d.form, data: d.data}, d.coding, d.payload)}
	h.size = uint32(len(h.sealed))
	err := b.commitUndated(h)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.undatedNext = u.number + 1
	if err == nil {
		b.hold(h, now)
	}
	return err
}

// commitUndated is commit for what has no date.
func (b *Buffer) commitUndated(h held) error {
	if h.goesByJournal() {
		return b.enter(note{key: h.key(), sealed: h.sealed})
	}
	return b.writeWhole(h.key(), h.sealed, h.setNext)
}

func (h held) goesByJournal() bool { return len(h.sealed) <= journalPack }

// hold lists a durable pack. The caller holds the turn and mu.
func (b *Buffer) hold(h held, put time.Time) {
	if n := len(b.undated); n > 0 && b.undated[n-1].boot == h.boot {
		h.boot = b.undated[n-1].boot // one string for all of a boot
	}
	b.undated = append(b.undated, h.undatedPack)
	b.undatedBytes += int64(h.size)
	if h.goesByJournal() {
		b.held = append(b.held, h)
		b.journalSince(put)
	}
}

// setNext adds to a transaction that the number is used: what has it, or had it once, is not to be brought in again.
func (u undatedPack) setNext(txn *badger.Txn) error {
	return txn.Set(numberKey(), binary.BigEndian.AppendUint64(nil, u.number+1))
}

func decodeNumber(data []byte) (uint64, error) {
	if len(data) != 8 {
		return 0, fmt.Errorf("%w: %x is no number", errCorrupt, data)
	}
	return binary.BigEndian.Uint64(data), nil
}

// catchUpHeld brings the undated packs of the journal into the database without waiting for the disk.
func (b *Buffer) catchUpHeld() error {
	for len(b.held) > 0 {
		h := b.held[0]
		err := b.db.Update(func(txn *badger.Txn) error {
			if err := txn.Set(h.key(), h.sealed); err != nil {
				return err
			}
			return h.setNext(txn)
		})
		if err != nil {
			return err
		}
		b.mu.Lock()
		b.held = b.held[1:]
		b.mu.Unlock()
	}
	return nil
}

// holdAgain takes an undated pack from the journal that the process before has left. One whose number the database has
// used is there, or has been dated or trimmed since; a power cut may have left its key without the value.
func (b *Buffer) holdAgain(key, sealed []byte) error {
	u, ok := parseUndated(key)
	e, err := b.codec.open(sealed)
	if err != nil || !ok {
		return errNote
	}
	u.size = uint32(len(sealed))
	known := slices.IndexFunc(b.undated, func(other undatedPack) bool { return other.number == u.number })
	switch {
	case known >= 0:
		err = b.look(func(txn *badger.Txn) error { _, err := b.readUndated(txn, u); return err })
		if err != nil {
			err = b.db.Update(func(txn *badger.Txn) error { return txn.Set(key, sealed) })
		}
		return err
	case u.number < b.undatedNext:
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	u.place = max(u.place, b.first) // the store may be a new one, with higher numbers
	b.undatedNext = u.number + 1
	b.hold(held{u, sealed}, e.put)
	return nil
}

// datedOf lists the undated packs with some numbers that are still there.
func (b *Buffer) datedOf(numbers []uint64) []undatedPack {
	if len(numbers) == 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var packs []undatedPack
	for _, u := range b.undated {
		if slices.Contains(numbers, u.number) {
			packs = append(packs, u)
		}
	}
	return packs
}
