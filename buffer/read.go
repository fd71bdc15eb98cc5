package buffer

import (
	"context"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"releve/senml"
)

// read returns up to most packs with from ≤ seq < end, leaving out what is gone or damaged.
func (b *Buffer) read(ctx context.Context, from, end Seq, most int) ([]Item, error) {
	tail, stored := b.recent(from, end)
	var items []Item
	err := b.look(func(txn *badger.Txn) error {
		for seq := nextSeq(txn, from, stored); seq < stored && len(items) < most; seq = nextSeq(txn, seq+1, stored) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if p, ok := b.readPack(txn, seq); ok {
				items = append(items, Item{Seq: seq, Pack: p})
			}
		}
		return nil
	})
	if err != nil && len(items) == 0 {
		return nil, err
	}
	if err != nil {
		return items, nil
	}
	return b.addRecent(items, tail, most), nil
}

// addRecent adds packs of the tail.
func (b *Buffer) addRecent(items []Item, tail []pending, most int) []Item {
	for i := range tail {
		if len(items) >= most {
			break
		}
		records, err := b.readPending(&tail[i])
		if err != nil {
			b.report(tail[i].seq, err)
			continue
		}
		items = append(items, Item{Seq: tail[i].seq, Pack: records})
	}
	return items
}

// readPack decodes one pack. One that cannot be read is counted and reported once, unless it has been trimmed.
func (b *Buffer) readPack(txn *badger.Txn, seq Seq) (senml.Pack, bool) {
	var p senml.Pack
	err := guarded(func() error {
		e, err := b.openPack(txn, seq)
		if err != nil {
			return err
		}
		p, err = e.pack()
		return err
	})
	if err != nil {
		b.report(seq, err)
	}
	return p, err == nil
}

// openPack reads and checks the envelope under seq.
func (b *Buffer) openPack(txn *badger.Txn, seq Seq) (e envelope, err error) {
	item, err := txn.Get(packKey(seq))
	if err != nil {
		return envelope{}, err
	}
	err = item.Value(func(data []byte) (err error) {
		e, err = b.codec.open(data)
		return err
	})
	if err == nil && e.seq != seq {
		err = fmt.Errorf("%w: it says it is number %d", errCorrupt, e.seq)
	}
	return e, err
}

// report counts a pack that cannot be read, the first time, unless it is simply gone.
func (b *Buffer) report(seq Seq, cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, known := b.bad[seq]
	gone := seq < b.first || errors.Is(cause, badger.ErrKeyNotFound)
	if known || gone {
		return
	}
	b.bad[seq] = struct{}{}
	b.corrupt++
	b.o.Log.Warn("stored pack cannot be read, skipped", "seq", seq, "error", cause)
}
