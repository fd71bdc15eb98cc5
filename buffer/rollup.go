package buffer

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// closing is an hour on its way into its block and its roll-ups.
type closing struct {
	b   *Buffer
	txn *badger.Txn
	*block
	had map[uint32]bool // which series have cells already

	blocks []change
	size   int64 // by how much the blocks grow
	cells  []change
}

// closeHour writes what the series have said in an hour as a block and as cells of ten minutes. It is always made
// from the block there is and the packs it does not know, so doing it again, after a crash or for a late pack,
// gives what doing it once would have. The block is durable before the cells are written, and they before the hour
// counts as closed, and a log is lost from its end. The caller holds the turn.
func (b *Buffer) closeHour(h hour) error {
	c, err := b.writeBlock(h)
	if err == nil && b.unsynced {
		err = b.sync()
	}
	if err == nil {
		c.addCells()
		err = b.writeChanges(append(c.cells, change{key: openKey(h)}))
	}
	if err != nil {
		return fmt.Errorf("roll up hour %d: %w", h, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forgetHour(h)
	for _, d := range b.daysOf(h) {
		b.unmade[d] = struct{}{}
	}
	return nil
}

// writeBlock writes the block of an hour when there is more to it than what is stored. Nothing relies on it before the
// hour is closed. The caller holds the turn.
func (b *Buffer) writeBlock(h hour) (*closing, error) {
	c := &closing{b: b, had: map[uint32]bool{}}
	err := guarded(func() error {
		return b.db.View(func(txn *badger.Txn) error {
			c.txn = txn
			return c.gather(h)
		})
	})
	if err != nil || len(c.blocks) == 0 {
		return c, err
	}
	b.unsynced = true
	if err := b.writeChanges(c.blocks); err != nil {
		return c, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.blocks += c.size
	return c, nil
}

// gather finds what the hour has, and what is to be written of its block.
func (c *closing) gather(h hour) (err error) {
	names := map[string]uint32{}
	for name, s := range c.b.series {
		names[name] = s.id
	}
	at := c.b.newSnapshot(c.txn, nil)
	at.shelf = cmp.Or(c.b.shelf, at.shelf)
	reader := newHourReader(at, names)
	reader.learn = false // it is the last time
	if c.block, err = reader.read(h); err != nil {
		return err
	}
	maps.DeleteFunc(c.columns, func(_ uint32, column *column) bool { return column.isOpaque() })
	if err := c.leaveFinal(); err != nil || !c.grown {
		return err
	}
	return c.addBlock()
}

// addCells adds the cells of all series.
func (c *closing) addCells() {
	for _, s := range c.b.series {
		if column := c.columns[s.id]; column != nil {
			c.addCellsOf(s, column)
		}
	}
	for _, d := range c.b.daysOf(c.hour) {
		if _, known := c.b.unmade[d]; !known {
			c.cells = append(c.cells, change{unmadeKey(d), []byte{}})
		}
	}
}

// leaveFinal leaves out the series whose cells are final: a block that had what has come late would make that look as
// if it were all that was said.
func (c *closing) leaveFinal() error {
	for _, s := range c.b.series {
		column := c.columns[s.id]
		if column == nil {
			continue
		}
		had, err := storedTens(c.txn, s.id, c.hour, c.hour+1)
		if err != nil {
			return err
		}
		c.had[s.id] = len(had) > 0
		if c.had[s.id] && c.isFinal(s.id, had[0].tens, c.b.tensOf(s, c.hour, column)) {
			delete(c.columns, s.id)
		}
	}
	return nil
}

// isFinal tells whether the cells of a series stay as they were, because the readings they were made of have gone and what
// there is now has come late. That is so when the block has nothing of it, for one is made with the cells and goes with
// the packs. What no block has for its size, or of a block that is damaged, is in the packs: while all of them are there
// they have no less than before.
func (k *block) isFinal(id uint32, had, now tens) bool {
	switch {
	case k.stored[id] || had.count() == 0:
		return false
	case k.unread || !k.columns[id].fits():
		return now.count() < had.count()
	}
	return true
}

// tensOf makes the cells of a series.
func (b *Buffer) tensOf(s *seriesState, h hour, c *column) tens {
	return c.rollUp(h, b.o.Class(s.name, c.unitOf()).Kind, b.o.Hold.Milliseconds())
}

// addCellsOf adds the cells of a series.
func (c *closing) addCellsOf(s *seriesState, column *column) {
	cells := c.b.tensOf(s, c.hour, column)
	chunks := cells.chunks(c.hour)
	for first := range tensPerHour {
		data, isChunk := chunks[first]
		if isChunk || c.had[s.id] {
			c.cells = append(c.cells, change{tensKey(c.hour, s.id, first), data})
		}
	}
	if unit := column.unitOf(); unit != s.unit {
		c.cells = append(c.cells, change{seriesKey(s.name), seriesValue(s.id, unit)})
		c.b.setUnit(s, unit)
	}
}

// addBlock adds the parts of the block and removes those that have no successor of the same key.
func (c *closing) addBlock() error {
	parts := c.parts()
	err := each(c.txn, blockPrefix(c.hour), func(item *badger.Item) error {
		c.size -= item.ValueSize()
		key := item.KeyCopy(nil)
		if !slices.ContainsFunc(partKeys(c.hour, parts), func(k []byte) bool { return bytes.Equal(k, key) }) {
			c.blocks = append(c.blocks, change{key: key})
		}
		return nil
	})
	for first, payload := range parts {
		sealed := c.b.codec.sealBlock(c.hour, c.seq, payload)
		c.size += int64(len(sealed))
		c.blocks = append(c.blocks, change{blockKey(c.hour, first), sealed})
	}
	return err
}

func partKeys(h hour, parts map[uint32][]byte) (keys [][]byte) {
	for first := range parts {
		keys = append(keys, blockKey(h, first))
	}
	return keys
}

// rested is the time until which everything that was said has come. While the time of day is not known, nothing is over.
func (b *Buffer) rested() time.Time {
	now, known := b.o.Clock()
	if !known {
		return time.Time{}
	}
	return now.Add(-settleDelay)
}

// nextDue is the earliest hour, from one on, that can be rolled up. The caller holds the turn.
func (b *Buffer) nextDue(from hour) (next hour, found bool) {
	rested := b.rested()
	for h, touched := range b.open {
		if h >= from && (!found || h < next) && !(h + 1).time().After(rested) && !touched.After(rested) {
			next, found = h, true
		}
	}
	return next, found
}

// rollUpTogether is how long after its end an hour is rolled up, with all that are over by then: what is asked does not
// wait for it, and each time costs the card some 40 kB.
const rollUpTogether = 7 * time.Hour

// rollUpIfDue is rollUp when an hour or a day has waited for it long enough.
func (b *Buffer) rollUpIfDue() error {
	if b.o.still {
		return nil
	}
	waited := false
	err := b.inTurn(func() error {
		h, due := b.nextDue(0)
		waited = due && b.rested().Sub((h+1).time()) >= rollUpTogether || !due && len(b.dueDays()) > 0
		return nil
	})()
	if err != nil || !waited {
		return err
	}
	if err := b.rollUp(); err != nil {
		return err
	}
	return b.reclaimIfDue()
}

// rollUp rolls up all hours and days that are over, some hours at a time and then the days they complete, so that of a year
// that was brought in there is soon something. Puts come in between.
func (b *Buffer) rollUp() error {
	if err := b.inTurn(func() error { b.shelf = newShelf(); return nil })(); err != nil {
		return err
	}
	defer b.tend(b.inTurn(func() error { b.shelf = nil; return nil }))
	did, days := false, false
	for more := true; more; did = did || more {
		last, err := b.writeBlocks()
		if err != nil {
			return err
		}
		if _, err := b.repeat(func() (bool, error) { return b.closeNext(last) }); err != nil {
			return err
		}
		made, err := b.repeat(b.makeNext)
		if err != nil {
			return err
		}
		more, days = last > 0 || made, days || made
	}
	if days {
		if err := b.inTurn(b.thin)(); err != nil {
			return err
		}
	}
	if !did {
		return nil
	}
	return b.inTurn(b.foldAll)()
}

// repeat does one thing after the other, each in its turn, and tells whether there was any.
func (b *Buffer) repeat(one func() (did bool, err error)) (some bool, err error) {
	for {
		did := false
		err := b.inTurn(func() (err error) {
			did, err = one()
			return err
		})()
		if err != nil || !did {
			return some, err
		}
		some = true
	}
}

// rollUpAtOnce is how many hours are rolled up together: one sync is enough for their blocks.
const rollUpAtOnce = 48

// writeBlocks writes the blocks of the earliest hours that are over, and returns the last of them.
func (b *Buffer) writeBlocks() (last hour, err error) {
	wrote := 0
	_, err = b.repeat(func() (bool, error) {
		h, due := b.nextDue(last + 1)
		if wrote++; !due || wrote > rollUpAtOnce {
			return false, nil
		}
		last = h
		return true, b.blockOrLeave(h)
	})
	return last, err
}

// closeNext closes the earliest hour that is over, up to a last one. The caller holds the turn.
func (b *Buffer) closeNext(last hour) (did bool, err error) {
	h, due := b.nextDue(0)
	if !due || h > last {
		return false, nil
	}
	if err := b.catchUp(); err != nil {
		return false, err
	}
	return true, b.closeOrLeave(h)
}

// makeNext makes the earliest day that is over. The caller holds the turn.
func (b *Buffer) makeNext() (did bool, err error) {
	days := b.dueDays()
	if len(days) == 0 {
		return false, nil
	}
	return true, b.makeDay(days[0])
}

// blockOrLeave writes the block of an hour that is over.
func (b *Buffer) blockOrLeave(h hour) error {
	err := b.catchUp()
	if err == nil {
		_, err = b.writeBlock(h)
	}
	return b.orLeave(h, err)
}

// closeOrLeave closes an hour.
func (b *Buffer) closeOrLeave(h hour) error {
	err := b.closeHour(h)
	if err == nil {
		b.mu.Lock()
		b.rolled++
		b.mu.Unlock()
	}
	return b.orLeave(h, err)
}

// orLeave leaves an hour that cannot be closed, because its index is damaged, as it is until the store is opened again:
// it must not keep others from being rolled up, nor old packs from going.
func (b *Buffer) orLeave(h hour, err error) error {
	if err == nil || errors.Is(err, ErrFull) {
		return err
	}
	b.o.Log.Warn("hour left without roll-ups", "error", err)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forgetHour(h)
	return nil
}
