package buffer

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"releve/senml"
)

// Dated tells what Date has done.
type Dated struct {
	Records uint64 // now in the ordered log
	Refused uint64 // let go: even so they would be of before 2020 or of the future
	Damaged uint64 // packs that could not be read; they stay where they are and go with age
}

// datedRecords is how many records of undated packs become one pack: with one each, weeks of them would need a sync
// each; with more, a recipient would get them in too large a piece.
const (
	datedRecords = 1000
	datedPacks   = 256 // keys that one transaction takes away besides what it adds
)

// Date gives everything that waits of a boot its time: at turns a time on the scale of the boot into Unix seconds. In
// the order in which it was put it moves to the end of the log, where cursors and History find it. Each step is one
// entry of the journal or one transaction: whatever happens, a pack is either still undated or dated, never both and never neither, so Date
// may simply be called again. An error is Put's; what was moved before it is moved.
func (b *Buffer) Date(boot string, at func(seconds float64) float64) (Dated, error) {
	var sum Dated
	for {
		more, err := b.dateSome(boot, at, &sum)
		if err != nil {
			return sum, fmt.Errorf("date packs: %w", err)
		}
		if !more {
			return sum, nil
		}
	}
}

// dateSome moves one lot. It returns false when there was none.
func (b *Buffer) dateSome(boot string, at func(float64) float64, sum *Dated) (bool, error) {
	if err := b.take(); err != nil {
		return false, err
	}
	defer b.give()
	if err := checkRoom(b.o, putRoom); err != nil {
		return false, err
	}
	l, err := b.gatherLot(boot, datedRecords)
	sum.Damaged += l.damaged
	if err != nil || len(l.packs) == 0 {
		return false, err
	}
	dated, refused := b.dateRecords(l.records, at)
	err = b.moveLot(l.packs, dated)
	if errors.Is(err, ErrTooLarge) && len(l.packs) > 1 { // one was not too large when it was put
		if l, err = b.gatherLot(boot, 0); err != nil {
			return false, err
		}
		dated, refused = b.dateRecords(l.records, at)
		err = b.moveLot(l.packs, dated)
	}
	if err != nil {
		return false, err
	}
	sum.Records, sum.Refused = sum.Records+uint64(len(dated)), sum.Refused+uint64(refused)
	if err := b.trim(); err != nil { // the packs are dated all the same
		b.o.Log.Warn("buffer could not be trimmed", "error", err)
	}
	return true, nil
}

// lot is some undated packs that follow one another.
type lot struct {
	packs   []undatedPack
	records senml.Pack
	left    []undatedPack // out: moved by a step whose sync went wrong, or damaged
	damaged uint64
}

// gatherLot reads the next packs of a boot, one or up to most records, and leaves out what cannot be read.
func (b *Buffer) gatherLot(boot string, most int) (l lot, err error) {
	if err := b.catchUp(); err != nil {
		return l, err
	}
	err = b.look(func(txn *badger.Txn) error {
		for _, u := range b.undated {
			if u.boot != boot {
				continue
			}
			if len(l.packs) == datedPacks || len(l.packs) > 0 && len(l.records)+int(u.records) > most {
				return nil
			}
			p, err := b.readUndated(txn, u)
			if err != nil {
				l.leave(u, err, b.o.Log)
				continue
			}
			l.packs, l.records = append(l.packs, u), append(l.records, p...)
		}
		return nil
	})
	b.forgetUndated(l.left)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.corrupt += l.damaged
	return l, err
}

// leave notes a pack that could not be read.
func (l *lot) leave(u undatedPack, cause error, log *slog.Logger) {
	l.left = append(l.left, u)
	if errors.Is(cause, badger.ErrKeyNotFound) {
		return
	}
	l.damaged++
	log.Warn("undated pack cannot be read, skipped", "number", u.number, "error", cause)
}

// dateRecords gives records their time and leaves out those that could not be true.
func (b *Buffer) dateRecords(p senml.Pack, at func(float64) float64) (dated senml.Pack, refused int) {
	latest := b.latest()
	for _, r := range p {
		r.Time = at(r.Time)
		if checkTime(r.Time, latest) != nil {
			refused++
			continue
		}
		dated = append(dated, r)
	}
	return dated, refused
}

// moveLot takes undated packs away and puts their records, in one step. The caller holds the turn.
func (b *Buffer) moveLot(packs []undatedPack, records senml.Pack) error {
	if len(records) == 0 {
		if err := b.write(func(txn *badger.Txn) error { return removeUndated(txn, packs) }); err != nil {
			return err
		}
		b.forgetUndated(packs)
		return nil
	}
	d, err := b.draw(records)
	if err != nil {
		return err
	}
	d.dates = packs
	if _, err := b.store(d); err != nil {
		return err
	}
	b.forgetUndated(packs)
	return nil
}

// removeUndated takes undated packs away in a transaction.
func removeUndated(txn *badger.Txn, packs []undatedPack) error {
	for _, u := range packs {
		if err := txn.Delete(u.key()); err != nil {
			return err
		}
	}
	return nil
}

// numbersOf lists their numbers; nil for none.
func numbersOf(packs []undatedPack) (numbers []uint64) {
	for _, u := range packs {
		numbers = append(numbers, u.number)
	}
	return numbers
}

// forgetUndated takes packs off the list. The caller holds the turn.
func (b *Buffer) forgetUndated(gone []undatedPack) {
	if len(gone) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	numbers := map[uint64]bool{}
	for _, u := range gone {
		numbers[u.number] = true
		b.undatedBytes -= int64(u.size)
		b.dropped += int64(u.size)
	}
	if n := len(gone); gone[n-1] == b.undated[n-1] { // the first n, as it is but for boots that stay undated
		b.undated = b.undated[n:]
		return
	}
	b.undated = slices.DeleteFunc(b.undated, func(u undatedPack) bool { return numbers[u.number] })
}

// undatedOverdue lists the undated packs that must go, some at a time: beyond a quarter of all room, and when later
// dated packs have gone. The caller holds the turn.
func (b *Buffer) undatedOverdue() []undatedPack {
	over := b.undatedBytes - b.o.MaxBytes/4
	n := 0
	for _, u := range b.undated[:min(len(b.undated), trimStep)] {
		if over <= 0 && u.place >= b.first {
			break
		}
		over -= int64(u.size)
		n++
	}
	return b.undated[:n]
}

// trimUndated removes undated packs that must go, whatever boot they are of.
func (b *Buffer) trimUndated() error {
	for {
		gone := slices.Clone(b.undatedOverdue())
		if len(gone) == 0 {
			return nil
		}
		err := b.catchUp()
		if err == nil {
			err = b.letGo(gone)
		}
		if err != nil {
			return fmt.Errorf("trim undated packs: %w", err)
		}
	}
}

// letGo removes undated packs that the database has, and counts what had no date.
func (b *Buffer) letGo(gone []undatedPack) error {
	err := guarded(func() error {
		return b.db.Update(func(txn *badger.Txn) error { return removeUndated(txn, gone) })
	})
	if err != nil {
		return err
	}
	b.forgetUndated(gone)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, u := range gone {
		b.undatedGone += uint64(u.records)
	}
	return nil
}
