package buffer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// settleDelay is how long an hour or a day rests after its last reading before it is rolled up: what a gatherer
// still holds of it comes in that time.
const settleDelay = 2 * time.Minute

func openKey(h hour) []byte { return binary.BigEndian.AppendUint32([]byte{kindOpen}, uint32(h)) }

func blockPrefix(h hour) []byte { return binary.BigEndian.AppendUint32([]byte{kindBlock}, uint32(h)) }

func blockKey(h hour, first uint32) []byte {
	return binary.BigEndian.AppendUint32(blockPrefix(h), first)
}

// markOpen adds to a transaction that hours have packs which are not in their blocks.
func markOpen(txn *badger.Txn, spans map[hour]*span) error {
	for h := range spans {
		if isOpen(txn, h) {
			continue
		}
		if err := txn.Set(openKey(h), nil); err != nil {
			return err
		}
	}
	return nil
}

// touch notes when a pack of some hours was put. The caller holds the turn and mu.
func (b *Buffer) touch(p *pending) {
	for h := range p.spans {
		b.open[h] = p.put
		for _, d := range b.daysOf(h) {
			b.almanac.touch(d, p.seq)
		}
	}
}

// isOpen tells whether the hour, in this snapshot, has packs that its block does not know.
func isOpen(txn *badger.Txn, h hour) bool {
	_, err := txn.Get(openKey(h))
	return err == nil
}

// hourReader reads what some series have said in one hour.
type hourReader struct {
	*snapshot
	names map[string]uint32 // whom to read
	ids   map[uint32]bool   // the same
	learn bool              // whether what has to be decoded is kept
}

func newHourReader(s *snapshot, names map[string]uint32) *hourReader {
	ids := map[uint32]bool{}
	for _, id := range names {
		ids[id] = true
	}
	return &hourReader{snapshot: s, names: names, ids: ids, learn: true}
}

// read returns the columns of an hour, in order: from its block and from the packs the block does not know. A
// series that is not in the block, being opaque or too large for it, is read from all its packs.
func (r *hourReader) read(h hour) (*block, error) {
	k, err := r.readBlock(h)
	if err != nil {
		r.b.o.Log.Warn("stored history cannot be read, packs are read instead", "hour", h, "error", err)
		k = &block{hour: h, columns: map[uint32]*column{}, unread: true}
	}
	if r.knows(k) && !r.isOpen(h) {
		return k, nil
	}
	entries, err := r.entries(h, r.names)
	if err != nil {
		return nil, err
	}
	r.addOpen(k, entries)
	for _, c := range k.columns {
		c.settle()
	}
	return k, nil
}

// addOpen adds to a block what it does not know, in the order in which it was put: packs from before those that are kept
// decoded, these, and the packs behind.
func (r *hourReader) addOpen(k *block, entries []located) {
	inBlock, seq := maps.Clone(k.columns), k.seq
	kept, learns := r.b.recall(k.hour, r.ids, r.next)
	learned := newDecoded(seq, kept.after)
	add := func(e located) {
		wanted := func(id uint32) bool { return r.ids[id] && (e.seq > seq || inBlock[id] == nil) }
		if slices.ContainsFunc(e.ids, wanted) {
			r.addPack(k, e.seq, wanted)
		}
	}
	for _, e := range entries {
		k.seq, k.grown = max(k.seq, e.seq), k.grown || e.seq > seq
		switch {
		case e.seq > kept.after:
		case e.seq > seq && learns && r.learn:
			r.decode(learned, k.hour, e.seq)
		default:
			add(e)
		}
	}
	k.join(learned.of(k.hour, r.ids))
	k.join(kept)
	for _, e := range entries {
		if e.seq > kept.last {
			add(e)
		}
	}
	if len(learned.columns) > 0 {
		r.b.learn(k.hour, learned, r.next)
	}
}

// join puts what was decoded behind what is there.
func (k *block) join(d *decoded) {
	for id, c := range d.columns {
		k.columns[id] = joinedColumns(k.hour, k.columns[id], c)
	}
}

// decode adds a pack to what is decoded of an hour.
func (r *hourReader) decode(d *decoded, h hour, seq Seq) {
	p := r.pack(h, seq)
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	d.add(h, r.b.series, p)
}

// knows tells whether a block has all the series that are read.
func (r *hourReader) knows(k *block) bool {
	for id := range r.ids {
		if k.columns[id] == nil {
			return false
		}
	}
	return true
}

// addPack adds what a pack has of the hour.
func (r *hourReader) addPack(k *block, seq Seq, wanted func(id uint32) bool) {
	p := r.pack(k.hour, seq)
	for i := range p {
		id, ok := r.names[p[i].Name]
		if !ok || hourOf(p[i].Time) != k.hour || !wanted(id) {
			continue
		}
		if k.columns[id] == nil {
			k.columns[id] = &column{}
		}
		k.columns[id].add(k.hour, &p[i])
	}
}

// readBlock reads the stored block of an hour; without one it is empty and knows of no pack.
func (r *hourReader) readBlock(h hour) (*block, error) {
	k := &block{hour: h, columns: map[uint32]*column{}, stored: map[uint32]bool{}}
	it := r.txn.NewIterator(badger.IteratorOptions{Prefix: blockPrefix(h)})
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		var part *block
		err := guarded(func() error {
			return it.Item().Value(func(data []byte) (err error) {
				part, err = r.b.codec.openBlock(data, func(id uint32) bool { return r.ids[id] })
				return err
			})
		})
		if err == nil && part.hour != h {
			err = fmt.Errorf("%w: it says it is hour %d", errBlock, part.hour)
		}
		if err != nil {
			return nil, err
		}
		k.seq = part.seq
		maps.Copy(k.columns, part.columns)
		for id := range part.columns {
			k.stored[id] = true
		}
	}
	return k, nil
}

// dropBlock removes the block of an hour and returns how large it was.
func dropBlock(txn *badger.Txn, h hour) (size int64, err error) {
	var keys [][]byte
	err = each(txn, blockPrefix(h), func(item *badger.Item) error {
		size += item.ValueSize()
		keys = append(keys, item.KeyCopy(nil))
		return nil
	})
	for _, key := range keys {
		err = errors.Join(err, txn.Delete(key))
	}
	return size, err
}

// openOf lists those of some hours that are open. The caller holds the turn.
func (b *Buffer) openOf(hours []hour) (open []hour) {
	for _, h := range hours {
		if _, ok := b.open[h]; ok {
			open = append(open, h)
		}
	}
	return open
}

// closeAll rolls up hours whose packs are about to go. The caller holds the turn.
func (b *Buffer) closeAll(hours []hour) error {
	for _, h := range hours {
		if err := b.closeOrLeave(h); err != nil {
			return err
		}
	}
	return nil
}
