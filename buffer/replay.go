package buffer

import (
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"
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
	if len(n.sealed) == 0 || n.isValue() { // see putBack
		return nil
	}
	if n.key != nil {
		return b.holdAgain(n.key, n.sealed)
	}
	e, err := b.codec.open(n.sealed)
	if err != nil {
		return err
	}
	records, err := e.pack()
	if err != nil {
		return err
	}
	d, err := b.encode(records) // their times were right when they were put, whatever the clock says now
	if err != nil {
		return err
	}
	d.noteAll()
	d.dates = b.datedOf(n.dates)
	if err := b.dropPassed(d.dates); err != nil {
		return err
	}
	b.forgetUndated(d.dates)
	stored, readable := b.lookUp(e.seq)
	switch {
	case readable:
		return b.mend(e.seq, d.spans)
	case stored:
		err := b.db.Update(func(txn *badger.Txn) error { return txn.Set(packKey(e.seq), n.sealed) })
		return errors.Join(err, b.mend(e.seq, d.spans))
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

// dropPassed removes again the undated packs that were trimmed before later ones of their boot got their date, when the
// power went before that was durable: as packs are dated in order, those before them had gone. One that cannot be read stays,
// as it did then.
func (b *Buffer) dropPassed(dated []undatedPack) error {
	if len(dated) == 0 {
		return nil
	}
	if err := b.catchUpHeld(); err != nil {
		return err
	}
	var gone []undatedPack
	err := b.look(func(txn *badger.Txn) error {
		for _, u := range b.undated {
			if u.boot != dated[0].boot || u.number >= dated[0].number {
				continue
			}
			if _, err := b.readUndated(txn, u); err == nil {
				gone = append(gone, u)
			}
		}
		return nil
	})
	if err == nil && len(gone) > 0 {
		err = b.letGo(gone)
	}
	return err
}

// leaveOutTo makes next the number of the next pack, unless that is lower.
func (b *Buffer) leaveOutTo(next Seq) {
	if b.first == b.next {
		b.first = max(b.first, next)
	}
	b.next = max(b.next, next)
}
