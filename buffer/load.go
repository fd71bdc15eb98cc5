package buffer

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"
)

// totals is the value of key m, written with every change of the packs.
//
// Format:  version(1) next seq(8) packs(8) bytes(8) trimmed packs(8), big-endian
// Example: 01 0000000000000008 0000000000000007 0000000000000bb8 0000000000000000
type totals struct {
	next    Seq    // the next pack's number
	packs   uint64 // stored
	bytes   int64  // of their envelopes
	trimmed uint64 // packs that have gone since the store was made

	blocks int64 // size of the blocks of the history; not stored, but counted at Open
}

const (
	totalsVersion = 1
	totalsSize    = 33
	cursorSize    = 16
)

func (t totals) encode() []byte {
	out := append(make([]byte, 0, totalsSize), totalsVersion)
	for _, n := range []uint64{uint64(t.next), t.packs, uint64(t.bytes), t.trimmed} {
		out = binary.BigEndian.AppendUint64(out, n)
	}
	return out
}

func decodeTotals(data []byte) (totals, error) {
	if len(data) != totalsSize || data[0] != totalsVersion {
		return totals{}, fmt.Errorf("read totals: %x is not what this version writes", data)
	}
	at := func(i int) uint64 { return binary.BigEndian.Uint64(data[1+8*i:]) }
	return totals{next: Seq(at(0)), packs: at(1), bytes: int64(at(2)), trimmed: at(3)}, nil
}

// load reads the state back, or makes that of an empty store. What it cannot read is damage.
func (b *Buffer) load() error {
	fresh := false
	err := guarded(func() error {
		if err := b.dropUnfinished(); err != nil {
			return err
		}
		return b.db.View(func(txn *badger.Txn) (err error) {
			if fresh, err = b.loadTotals(txn); err != nil || fresh {
				return err
			}
			if err := b.loadFirst(txn); err != nil {
				return err
			}
			if err := b.loadUndated(txn); err != nil {
				return err
			}
			if err := b.loadSeries(txn); err != nil {
				return err
			}
			if err := b.loadRollUps(txn); err != nil {
				return err
			}
			return b.loadCursors(txn)
		})
	})
	if err != nil {
		return &damage{fmt.Errorf("read state: %w", err)}
	}
	if fresh {
		return b.begin()
	}
	return b.readyRollUps()
}

// loadTotals reads key m. Without it the store must be empty.
func (b *Buffer) loadTotals(txn *badger.Txn) (fresh bool, err error) {
	data, err := value(txn, totalsKey())
	if errors.Is(err, badger.ErrKeyNotFound) {
		if first, _ := firstKey(txn, nil); first != nil {
			return false, errors.New("there are packs and no totals")
		}
		return true, nil
	}
	if err != nil {
		return false, err
	}
	b.totals, err = decodeTotals(data)
	return false, err
}

// loadFirst finds the oldest pack.
func (b *Buffer) loadFirst(txn *badger.Txn) error {
	b.first = b.next
	if key, found := firstKey(txn, []byte{kindPack}); found {
		seq, ok := packSeq(key)
		if !ok {
			return fmt.Errorf("key %x is not a pack's", key)
		}
		b.first = seq
	}
	if b.first > b.next {
		return fmt.Errorf("pack %d is stored and the next is %d", b.first, b.next)
	}
	b.oldest = b.putTime(txn, b.first)
	return nil
}

// loadSeries reads the dictionary of series.
func (b *Buffer) loadSeries(txn *badger.Txn) error {
	return each(txn, []byte{kindSeries}, func(item *badger.Item) error {
		name := string(item.Key()[1:])
		data, err := item.ValueCopy(nil)
		if err != nil || len(data) < 4 {
			return fmt.Errorf("series %q has id %x: %w", name, data, errors.Join(err, errIDSet))
		}
		s := &seriesState{name: name, id: binary.BigEndian.Uint32(data), unit: string(data[4:])}
		b.series[name] = s
		b.nextID = max(b.nextID, s.id+1)
		return nil
	})
}

// loadCursors reads the cursors.
func (b *Buffer) loadCursors(txn *badger.Txn) error {
	return each(txn, []byte{kindCursor}, func(item *badger.Item) error {
		name := string(item.Key()[1:])
		data, err := item.ValueCopy(nil)
		if err != nil || len(data) != cursorSize {
			return fmt.Errorf("cursor %q holds %x: %w", name, data, errors.Join(err, errCorrupt))
		}
		at := place{acked: Seq(binary.BigEndian.Uint64(data)), expired: binary.BigEndian.Uint64(data[8:])}
		c := &Cursor{b: b, name: name, place: at, written: at}
		b.cursors[name] = c
		return nil
	})
}

// begin makes the state of a new store durable.
func (b *Buffer) begin() error {
	start, err := reserveSeq(b.o.Dir, b.o.now())
	if err != nil {
		return err
	}
	b.next, b.first = start, start
	if err := b.write(func(txn *badger.Txn) error { return setChanges(txn, []change{b.zoneChange()}) }); err != nil {
		return fmt.Errorf("begin buffer %s: %w", b.o.Dir, err)
	}
	return nil
}

// leaveOut skips numbers that packs of a damaged log may have had. Cursors that wait for nothing skip them too.
func (b *Buffer) leaveOut(n Seq) error {
	for _, c := range b.cursors {
		if c.acked == b.next-1 {
			c.acked += n
		}
	}
	if b.first == b.next {
		b.first += n
	}
	b.next += n
	places := b.changed()
	if err := b.write(func(txn *badger.Txn) error { return setCursors(txn, places) }); err != nil {
		return fmt.Errorf("leave numbers out: %w", err)
	}
	settle(places)
	return nil
}

// value returns a copy of what is under key.
func value(txn *badger.Txn, key []byte) ([]byte, error) {
	item, err := txn.Get(key)
	if err != nil {
		return nil, err
	}
	return item.ValueCopy(nil)
}

// each calls f for every key with the prefix, in order, until it returns an error. Values are not read ahead.
func each(txn *badger.Txn, prefix []byte, f func(*badger.Item) error) error {
	it := txn.NewIterator(badger.IteratorOptions{Prefix: prefix})
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		if err := f(it.Item()); err != nil {
			return err
		}
	}
	return nil
}

// firstKey returns a copy of the first key with the prefix.
func firstKey(txn *badger.Txn, prefix []byte) (key []byte, found bool) {
	it := txn.NewIterator(badger.IteratorOptions{Prefix: prefix})
	defer it.Close()
	it.Rewind()
	if !it.Valid() {
		return nil, false
	}
	return it.Item().KeyCopy(nil), true
}
