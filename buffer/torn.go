package buffer

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"releve/buffer/journal"
)

// A value that is long lies in a value log, and its key with its place in another file. A power cut between the two being
// written and being synced may leave the place alone, and hides what was under the key before. Until they are synced the
// journal has what the value is, or what it is made of.

// putBack sets again the values of the journal of which a power cut has left the place alone; replay does so with packs.
// Without it a series or an hour could not be loaded, so it comes before. What can be read, or has gone, is right as it is.
// The journal has them until replay has made them durable.
func (b *Buffer) putBack() error {
	bodies, err := journal.Read(b.o.Dir)
	if err != nil {
		return err
	}
	for _, body := range bodies {
		n, err := decodeNote(body)
		if err != nil || !n.isValue() || !b.isTorn(n.key) { // replay tells of an error
			continue
		}
		if err := b.db.Update(func(txn *badger.Txn) error { return txn.Set(n.key, n.sealed) }); err != nil {
			return fmt.Errorf("put back what a power cut has taken: %w", err)
		}
	}
	return nil
}

// isTorn tells whether a key is there and its value cannot be read. Badger reads nothing then; what is in a value log is
// never nothing.
func (b *Buffer) isTorn(key []byte) bool {
	var data []byte
	err := b.look(func(txn *badger.Txn) (err error) {
		data, err = value(txn, key)
		return err
	})
	return !errors.Is(err, badger.ErrKeyNotFound) && (err != nil || len(data) == 0)
}

// mend writes again what the index says of a stored pack, where that was torn: what is long of it is not in the journal, but
// follows from the pack. An hour's series follow from all that it has.
func (b *Buffer) mend(seq Seq, spans map[hour]*span) error {
	for h, s := range spans {
		maps.DeleteFunc(s.names, func(name string, _ struct{}) bool { return b.series[name] == nil }) // damage has taken it
		ids := b.idsOf(s.names, nil)
		tornHour := b.isTorn(hourKey(h))
		if !tornHour && !b.isTorn(timeKey(h, seq)) {
			continue
		}
		err := guarded(func() error {
			return b.db.Update(func(txn *badger.Txn) error {
				if err := txn.Set(timeKey(h, seq), entry{s.first, s.last, ids}.encode()); err != nil {
					return err
				}
				if tornHour {
					return txn.Set(hourKey(h), b.seriesIn(txn, h, ids).encode(nil))
				}
				return widenHour(txn, h, ids) // made anew before, while this was torn
			})
		})
		if err != nil {
			return fmt.Errorf("mend what a power cut has torn: %w", err)
		}
	}
	return nil
}

// mendLast mends the index of the last pack, which may have come without the journal.
func (b *Buffer) mendLast() error {
	last := b.next - 1
	var d draft
	err := b.look(func(txn *badger.Txn) error {
		e, err := b.openPack(txn, last)
		if err == nil {
			d.pack, err = e.pack()
		}
		return err
	})
	if err != nil { // it has gone, or cannot be read, which is told when it is
		return nil
	}
	d.noteAll()
	return b.mend(last, d.spans)
}

// seriesIn is what series an hour has: these, those of its packs, and those of its block, which has what packs said that
// have gone. What cannot be read of them is mended yet, or damaged.
func (b *Buffer) seriesIn(txn *badger.Txn, h hour, ids idSet) idSet {
	all := slices.Clone(ids)
	_ = each(txn, timePrefix(h), func(item *badger.Item) error {
		data, _ := item.ValueCopy(nil)
		if e, err := decodeEntry(data); err == nil {
			all = append(all, e.ids...)
		}
		return nil
	})
	_ = each(txn, blockPrefix(h), func(item *badger.Item) error {
		data, _ := item.ValueCopy(nil)
		part, err := b.codec.openBlock(data, func(uint32) bool { return true })
		if err == nil {
			all = slices.AppendSeq(all, maps.Keys(part.columns))
		}
		return nil
	})
	return newIDSet(all)
}
