package buffer

import (
	"cmp"
	"maps"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"releve/senml"
)

// snapshot is what was put at one moment: what the database has, and the packs of the journal which it lacks. To read the
// history writes nothing: what is brought into the database, the kernel writes half a minute later, and ext4 tells its
// journal of it. With history that is asked for every ten minutes that was twice the wear of all else.
type snapshot struct {
	b     *Buffer
	txn   *badger.Txn
	tail  map[hour][]*pending // in order
	next  Seq                 // it has the packs before it
	open  []hour              // in order, once they were asked for
	shelf *shelf
}

// snap runs a read on all that was put. It takes the journal first: what is folded meanwhile is in the database then.
func (b *Buffer) snap(read func(s *snapshot) error) error {
	b.mu.Lock()
	tail := b.tail
	b.mu.Unlock()
	return b.look(func(txn *badger.Txn) error { return read(b.newSnapshot(txn, tail)) })
}

// newSnapshot joins a view of the database with the tail as it was just before.
func (b *Buffer) newSnapshot(txn *badger.Txn, tail []pending) *snapshot {
	s := &snapshot{b: b, txn: txn, tail: map[hour][]*pending{}, next: nextOf(txn), shelf: newShelf()}
	for i := range tail {
		p := &tail[i]
		if p.seq < s.next {
			continue
		}
		for h := range p.spans {
			s.tail[h] = append(s.tail[h], p)
		}
		s.next = p.seq + 1
	}
	return s
}

// isOpen tells whether the hour has packs that its block does not know.
func (s *snapshot) isOpen(h hour) bool { return len(s.tail[h]) > 0 || isOpen(s.txn, h) }

// openHours lists the hours that are open, in order.
func (s *snapshot) openHours() ([]hour, error) {
	if s.open != nil {
		return s.open, nil
	}
	open := slices.Collect(maps.Keys(s.tail))
	err := eachNumber(s.txn, kindOpen, func(n uint32) { open = append(open, hour(n)) })
	slices.Sort(open)
	s.open = append([]hour{}, slices.Compact(open)...)
	return s.open, err
}

// openWithin lists those of them with from ≤ hour < end.
func (s *snapshot) openWithin(from, end hour) ([]hour, error) {
	open, err := s.openHours()
	first, _ := slices.BinarySearch(open, from)
	behind, _ := slices.BinarySearch(open, max(from, end))
	return open[first:behind], err
}

// hoursWith lists the hours from one on and beginning before a time, in Unix seconds, in which a series has records.
func (s *snapshot) hoursWith(name string, id uint32, from hour, to float64) (hours []hour, err error) {
	for h, packs := range s.tail {
		has := func(p *pending) bool { _, has := p.spans[h].names[name]; return has }
		if from <= h && h.start() < to && slices.ContainsFunc(packs, has) {
			hours = append(hours, h)
		}
	}
	it := s.txn.NewIterator(badger.IteratorOptions{Prefix: []byte{kindHour}})
	defer it.Close()
	for it.Seek(hourKey(from)); it.Valid(); it.Next() {
		h, ok := keyHour(it.Item().Key())
		if !ok || h.start() >= to {
			break
		}
		err := it.Item().Value(func(data []byte) error {
			ids, err := decodeIDSet(data)
			if err == nil && ids.has(id) {
				hours = append(hours, h)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(hours)
	return slices.Compact(hours), nil
}

// entries lists what the history has of some series in one hour, in the order of the packs.
func (s *snapshot) entries(h hour, names map[string]uint32) ([]located, error) {
	all, err := hourEntries(s.txn, h)
	for _, p := range s.tail[h] {
		at := p.spans[h]
		var ids []uint32
		for name, id := range names {
			if _, has := at.names[name]; has {
				ids = append(ids, id)
			}
		}
		all = append(all, located{p.seq, entry{at.first, at.last, newIDSet(ids)}})
	}
	return all, err
}

// pack returns at least what a pack has of an hour; of one that cannot be read, nil.
func (s *snapshot) pack(h hour, seq Seq) senml.Pack {
	if p, found := s.shelf.take(h, seq); found {
		return p
	}
	return s.shelf.put(h, seq, s.decodePack(h, seq))
}

// decodePack decodes a pack that has something in an hour.
func (s *snapshot) decodePack(h hour, seq Seq) senml.Pack {
	s.b.o.packs()
	at, found := slices.BinarySearchFunc(s.tail[h], seq, func(p *pending, seq Seq) int { return cmp.Compare(p.seq, seq) })
	if !found {
		p, _ := s.b.readPack(s.txn, seq)
		return p
	}
	p, err := s.b.readPending(s.tail[h][at])
	if err != nil {
		s.b.report(seq, err)
	}
	return p
}
