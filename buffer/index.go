package buffer

import (
	"encoding/binary"
	"errors"

	"github.com/dgraph-io/badger/v4"

	"releve/senml"
)

// entry is the value of a t key: what a pack holds within an hour.
//
// Format:  uvarint first ms in the hour, uvarint ms from first to last, idSet to the end
// Example: d0 0f e8 07 01 03 is 2000 ms to 3000 ms, series 1, 2 and 3
type entry struct {
	first, last int // ms within the hour
	ids         idSet
}

var errEntry = errors.New("history entry is malformed")

func (e entry) encode() []byte {
	out := binary.AppendUvarint(nil, uint64(e.first))
	out = binary.AppendUvarint(out, uint64(e.last-e.first))
	return e.ids.encode(out)
}

func decodeEntry(data []byte) (entry, error) {
	first, n := binary.Uvarint(data)
	if n <= 0 {
		return entry{}, errEntry
	}
	length, m := binary.Uvarint(data[n:])
	if m <= 0 || first >= msPerHour || length >= msPerHour {
		return entry{}, errEntry
	}
	ids, err := decodeIDSet(data[n+m:])
	if err != nil {
		return entry{}, err
	}
	return entry{first: int(first), last: int(first + length), ids: ids}, nil
}

const msPerHour = 3_600_000

// newIDs chooses ids for the series of a pack which have none yet. The caller holds the turn.
func (b *Buffer) newIDs(p senml.Pack) map[string]uint32 {
	fresh := map[string]uint32{}
	for i := range p {
		name := p[i].Name
		_, known := b.series[name]
		_, chosen := fresh[name]
		if !known && !chosen {
			fresh[name] = b.nextID + uint32(len(fresh))
		}
	}
	return fresh
}

// setIndex adds to a transaction what History needs to find a pack's records: s, t and h keys.
func (b *Buffer) setIndex(txn *badger.Txn, seq Seq, spans map[hour]*span, fresh map[string]uint32) error {
	for name, id := range fresh {
		if err := txn.Set(seriesKey(name), seriesValue(id, "")); err != nil {
			return err
		}
	}
	for h, s := range spans {
		ids := b.idsOf(s.names, fresh)
		if err := txn.Set(timeKey(h, seq), entry{s.first, s.last, ids}.encode()); err != nil {
			return err
		}
		if err := widenHour(txn, h, ids); err != nil {
			return err
		}
	}
	return nil
}

// idsOf looks names up in the dictionary and in the ids just chosen.
func (b *Buffer) idsOf(names map[string]struct{}, fresh map[string]uint32) idSet {
	ids := make([]uint32, 0, len(names))
	for name := range names {
		id, ok := fresh[name]
		if !ok {
			id = b.series[name].id
		}
		ids = append(ids, id)
	}
	return newIDSet(ids)
}

// widenHour adds ids to those of an hour; it writes only when there are new ones.
func widenHour(txn *badger.Txn, h hour, ids idSet) error {
	key := hourKey(h)
	data, err := value(txn, key)
	if err != nil && !errors.Is(err, badger.ErrKeyNotFound) {
		return err
	}
	had, err := decodeIDSet(data)
	if err != nil {
		return err
	}
	if all, more := had.union(ids); more {
		return txn.Set(key, all.encode(nil))
	}
	return nil
}

// dropIndex takes a pack out of the history, and with the last pack of an hour its block. It returns how large the
// blocks were.
func dropIndex(txn *badger.Txn, seq Seq, hours []hour) (blocks int64, err error) {
	for _, h := range hours {
		if err := txn.Delete(timeKey(h, seq)); err != nil {
			return 0, err
		}
		if _, more := firstKey(txn, timePrefix(h)); more {
			continue
		}
		if err := txn.Delete(hourKey(h)); err != nil {
			return 0, err
		}
		size, err := dropBlock(txn, h)
		if err != nil {
			return 0, err
		}
		blocks += size
	}
	return blocks, nil
}

// hoursOf finds the hours of a pack whose envelope cannot be read, by looking through all entries.
func hoursOf(txn *badger.Txn, seq Seq) ([]hour, error) {
	var hours []hour
	err := each(txn, []byte{kindTime}, func(item *badger.Item) error {
		if h, s, ok := timeSeq(item.Key()); ok && s == seq {
			hours = append(hours, h)
		}
		return nil
	})
	return hours, err
}
