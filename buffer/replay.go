package buffer

import (
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"releve/senml"
)

// replay reads the journal that the process before has left, brings what the database has not into it, and begins an
// empty one. The report is about damage.
func (b *Buffer) replay() (report string, err error) {
	bodies, hole, err := b.journal.Entries()
	if err != nil {
		return "", err
	}
	lost := 0
	for _, body := range bodies {
		n, err := decodeNote(body)
		if err == nil {
			err = b.again(n)
		}
		if err != nil {
			lost++
		}
	}
	if hole > 0 || lost > 0 {
		report = fmt.Sprintf("journal %s is damaged at byte %d, packs that were there are lost to the buffer", b.journal.Path(), hole)
	}
	if len(bodies) > 0 {
		if err := b.foldAll(); err != nil {
			return report, fmt.Errorf("open buffer %s: %w", b.o.Dir, err)
		}
	}
	return report, b.journal.Begin()
}

// again takes what an entry of the journal says.
func (b *Buffer) again(n note) error {
	for name, at := range n.places {
		if c := b.cursors[name]; c != nil {
			c.place = place{acked: max(c.acked, at.acked), expired: max(c.expired, at.expired)}
			b.leaveOutTo(c.acked + 1)
		}
	}
	if len(n.sealed) == 0 {
		return nil
	}
	e, err := b.codec.open(n.sealed)
	if err != nil {
		return err
	}
	records, err := senml.DecodeCBOR(e.cbor)
	if err != nil {
		return err
	}
	d, err := b.encode(records) // their times were right when they were put, whatever the clock says now
	if err != nil {
		return err
	}
	d.noteAll()
	stored, readable := b.lookUp(e.seq)
	switch {
	case readable:
		return nil
	case stored:
		return b.db.Update(func(txn *badger.Txn) error { return txn.Set(packKey(e.seq), n.sealed) })
	}
	b.leaveOutTo(e.seq)
	b.publish(d.pack, b.prepare(d, e.put), nil, true)
	return nil
}

// lookUp tells whether the database knows a pack, and whether it can read it. A power cut may leave the key, in a table
// that Badger made of its log meanwhile, without the value; then the value is put back. When the database does not know
// a pack but has later ones, it was made anew after damage: the pack comes in under a new number.
func (b *Buffer) lookUp(seq Seq) (stored, readable bool) {
	err := b.look(func(txn *badger.Txn) error {
		_, err := b.openPack(txn, seq)
		return err
	})
	return !errors.Is(err, badger.ErrKeyNotFound), err == nil
}

// leaveOutTo makes next the number of the next pack, unless that is lower.
func (b *Buffer) leaveOutTo(next Seq) {
	if b.first == b.next {
		b.first = max(b.first, next)
	}
	b.next = max(b.next, next)
}

// dropTorn takes away a newest pack that cannot be read, after the store was not closed: its key reached the disk and
// its value did not, so it was never durable. All packs before it were, by the journal if not by the database.
func (b *Buffer) dropTorn() error {
	seq, found := Seq(0), false
	var size int64
	var hours []hour
	err := b.look(func(txn *badger.Txn) (err error) {
		if seq, found = lastPack(txn); !found {
			return nil
		}
		if _, err := b.openPack(txn, seq); err == nil {
			found = false
			return nil
		}
		size, hours, err = b.measure(txn, seq)
		return err
	})
	if err != nil || !found {
		return err
	}
	b.o.Log.Info("the last pack was not written whole before the power went", "seq", seq)
	b.packs, b.bytes = b.packs-1, max(b.bytes-size, 0)
	if b.first == seq {
		b.first = b.next
	}
	return b.write(func(txn *badger.Txn) error {
		if _, err := dropIndex(txn, seq, hours); err != nil {
			return err
		}
		return txn.Delete(packKey(seq))
	})
}

// lastPack finds the newest pack.
func lastPack(txn *badger.Txn) (Seq, bool) {
	it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{kindPack}, Reverse: true})
	defer it.Close()
	it.Seek([]byte{kindPack + 1})
	if !it.Valid() {
		return 0, false
	}
	return packSeq(it.Item().Key())
}
