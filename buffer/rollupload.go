package buffer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// loadRollUps reads which hours and days wait to be rolled up, how many hours were since the tables were merged, and how large
// the blocks are.
func (b *Buffer) loadRollUps(txn *badger.Txn) error {
	b.rolled = countMarks(txn)
	err := eachNumber(txn, kindOpen, func(n uint32) { b.open[hour(n)] = time.Time{} })
	if err == nil {
		err = eachNumber(txn, kindUnmade, func(n uint32) { b.unmade[day(n)] = struct{}{} })
	}
	if err != nil {
		return err
	}
	return each(txn, []byte{kindBlock}, func(item *badger.Item) error {
		b.blocks += item.ValueSize()
		return nil
	})
}

// countMarks counts the deletions that rolled up hours have left: until the tables are merged all are there.
func countMarks(txn *badger.Txn) (n int) {
	it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{kindOpen}, AllVersions: true})
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		if it.Item().IsDeletedOrExpired() {
			n++
		}
	}
	return n
}

// eachNumber calls f with the number in every key of a kind that consists of one.
func eachNumber(txn *badger.Txn, kind byte, f func(n uint32)) error {
	return each(txn, []byte{kind}, func(item *badger.Item) error {
		key := item.Key()
		if len(key) != 5 {
			return fmt.Errorf("key %x: %w", key, errMalformed)
		}
		f(binary.BigEndian.Uint32(key[1:]))
		return nil
	})
}

// readyRollUps prepares what an earlier version of this program, or the household in another time zone, has left. A
// store without roll-ups gets them: all its hours are open. When the days begin elsewhere they are made again, as
// far back as there are values of ten minutes.
func (b *Buffer) readyRollUps() error {
	var changes []change
	err := guarded(func() error {
		return b.db.View(func(txn *badger.Txn) (err error) {
			zone, err := value(txn, []byte{kindZone})
			switch {
			case errors.Is(err, badger.ErrKeyNotFound):
				changes, err = b.openEveryHour(txn)
			case err == nil && string(zone) != b.o.Location.String():
				changes, err = b.unmakeEveryDay(txn)
			}
			return err
		})
	})
	if err != nil {
		return &damage{fmt.Errorf("read roll-ups: %w", err)}
	}
	if len(b.open)+len(b.unmade) > 0 {
		b.poke()
	}
	return b.writeChanges(changes)
}

func (b *Buffer) zoneChange() change { return change{[]byte{kindZone}, []byte(b.o.Location.String())} }

// openEveryHour lists all hours of the history as open.
func (b *Buffer) openEveryHour(txn *badger.Txn) (changes []change, err error) {
	err = eachNumber(txn, kindHour, func(n uint32) {
		b.open[hour(n)] = time.Time{}
		changes = append(changes, change{openKey(hour(n)), []byte{}})
	})
	return append(changes, b.zoneChange()), err
}

// unmakeEveryDay lists all days with cells of ten minutes as waiting to be made.
func (b *Buffer) unmakeEveryDay(txn *badger.Txn) (changes []change, err error) {
	err = each(txn, []byte{kindTens}, func(item *badger.Item) error {
		h, _, _, ok := tensAt(item.Key())
		if !ok {
			return fmt.Errorf("key %x: %w", item.Key(), errMalformed)
		}
		for _, d := range b.daysOf(h) {
			if _, known := b.unmade[d]; !known {
				b.unmade[d] = struct{}{}
				changes = append(changes, change{unmadeKey(d), []byte{}})
			}
		}
		return nil
	})
	return append(changes, b.zoneChange()), err
}
