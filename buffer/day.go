package buffer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// day is a local day: its date as days since 1970-01-01. It lasts 23, 24 or 25 hours.
type day uint32

const secondsPerDay = 86400

// dayOf tells the local day of a time in Unix ms.
func dayOf(ms int64, location *time.Location) day {
	y, m, d := time.UnixMilli(ms).In(location).Date()
	return day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

// start is the day's first instant, in Unix ms.
func (d day) start(location *time.Location) int64 {
	return time.Date(1970, time.January, 1+int(d), 0, 0, 0, 0, location).UnixMilli()
}

// daysOf lists the local days, one or two, that an hour belongs to.
func (b *Buffer) daysOf(h hour) []day {
	first, last := dayOf(h.milli(), b.o.Location), dayOf((h+1).milli()-1, b.o.Location)
	if first == last {
		return []day{first}
	}
	return []day{first, last}
}

func unmadeKey(d day) []byte { return binary.BigEndian.AppendUint32([]byte{kindUnmade}, uint32(d)) }

// The key of a day: days in groups of 32, and within it one series after the other (see tensKey).
const dayBucket = 32

func dayPrefix(bucket uint32, id uint32) []byte {
	key := binary.BigEndian.AppendUint16([]byte{kindDay}, uint16(bucket))
	return binary.BigEndian.AppendUint32(key, id)
}

func dayKey(d day, id uint32) []byte {
	return append(dayPrefix(uint32(d)/dayBucket, id), byte(d%dayBucket))
}

// dayAt reads a key made by dayKey.
func dayAt(key []byte) (d day, id uint32, ok bool) {
	if len(key) != 8 {
		return 0, 0, false
	}
	return day(uint32(binary.BigEndian.Uint16(key[1:]))*dayBucket + uint32(key[7])), binary.BigEndian.Uint32(key[3:]), true
}

// encodeDay is the value of a d key.
//
// Format: kind, scale, cell (from the day's first instant)
func encodeDay(c cell, start int64) []byte {
	s := scaleFor(c)
	return c.encode([]byte{byte(c.kind), byte(s)}, start, s)
}

// decodeDay reads what encodeDay wrote.
func decodeDay(data []byte, start int64) (cell, error) {
	b := &scanner{data: data}
	kind, s := decodeHead(b)
	c := decodeCell(b, kind, start, s)
	return c, b.end()
}

// dueDays lists the days that are over and wait to be made, the earliest first. The caller holds the turn.
func (b *Buffer) dueDays() []day {
	rested := b.rested()
	var all []day
	for d := range b.unmade {
		if !time.UnixMilli((d + 1).start(b.o.Location)).After(rested) && !b.hasOpen(d) {
			all = append(all, d)
		}
	}
	slices.Sort(all)
	return all
}

// hasOpen tells whether an hour of a day is still open.
func (b *Buffer) hasOpen(d day) bool {
	start, stop := d.start(b.o.Location), (d + 1).start(b.o.Location)
	for h := hour(start / msPerHour); h.milli() < stop; h++ {
		if _, open := b.open[h]; open {
			return true
		}
	}
	return false
}

// makeDay joins the cells of a day. The caller holds the turn.
func (b *Buffer) makeDay(d day) error {
	var changes []change
	err := guarded(func() error {
		return b.db.View(func(txn *badger.Txn) error {
			for _, s := range b.series {
				c, err := b.dayChange(txn, s, d)
				if err != nil {
					return err
				}
				changes = append(changes, c...)
			}
			return nil
		})
	})
	if err == nil {
		err = b.writeChanges(append(changes, change{key: unmadeKey(d)}))
	}
	if err != nil {
		return fmt.Errorf("roll up day %d: %w", d, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.unmade, d)
	b.almanac.forget(d)
	return nil
}

// dayChange makes the day of one series. A day whose cells have been thinned out is final: what has come late is
// only a part of it.
func (b *Buffer) dayChange(txn *badger.Txn, s *seriesState, d day) ([]change, error) {
	key := dayKey(d, s.id)
	if d < b.keptFrom(s) {
		if _, err := txn.Get(key); !errors.Is(err, badger.ErrKeyNotFound) {
			return nil, err
		}
	}
	start, end := d.start(b.o.Location), (d + 1).start(b.o.Location)
	spells, err := storedTens(txn, s.id, hour(start/msPerHour), hour((end+msPerHour-1)/msPerHour))
	if err != nil {
		return nil, err
	}
	whole := joined(spells, start, end, b.o.Hold.Milliseconds())
	if whole.count == 0 {
		return nil, nil
	}
	return []change{{key, encodeDay(whole, start)}}, nil
}

// joined is the cell of all cells that begin within from ≤ time < to.
func joined(spells []spell, from, to int64, hold int64) (whole cell) {
	for _, s := range spells {
		for i, c := range s.tens {
			if at := s.hour.milli() + int64(i)*msPerTen; from <= at && at < to {
				whole = whole.join(c, hold)
			}
		}
	}
	return whole
}

// keptFrom is the first day of which the cells of ten minutes of a series are kept.
func (b *Buffer) keptFrom(s *seriesState) day {
	keep := b.o.KeepTens
	if b.o.Class(s.name, s.unit).Curve {
		keep = min(keep, b.o.KeepCurve)
	}
	return dayOf(max(b.o.now().Add(-keep).UnixMilli(), 0), b.o.Location)
}

// thin removes cells of ten minutes that are too old, once their days are made. The caller holds the turn.
func (b *Buffer) thin() error {
	var changes []change
	err := guarded(func() error {
		return b.db.View(func(txn *badger.Txn) error {
			for _, s := range b.series {
				list, err := b.thinned(txn, s)
				if err != nil {
					return err
				}
				changes = append(changes, list...)
			}
			return nil
		})
	})
	if err == nil {
		err = b.writeChanges(changes)
	}
	if err != nil {
		return fmt.Errorf("thin out roll-ups: %w", err)
	}
	return nil
}

// thinned lists the cells of a series that are too old. Those of a day that waits to be made stay, and all later.
func (b *Buffer) thinned(txn *badger.Txn, s *seriesState) ([]change, error) {
	until := b.keptFrom(s)
	for d := range b.unmade {
		until = min(until, d)
	}
	end := hour(max(until.start(b.o.Location), 0) / msPerHour)
	oldest, found := firstKey(txn, []byte{kindTens})
	if !found {
		return nil, nil
	}
	from, _, _, _ := tensAt(oldest)
	var changes []change
	for bucket := uint32(from) / tensBucket; hour(bucket*tensBucket) < end; bucket++ {
		err := each(txn, tensPrefix(bucket, s.id), func(item *badger.Item) error {
			if h, _, _, ok := tensAt(item.Key()); ok && h < end {
				changes = append(changes, change{key: item.KeyCopy(nil)})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return changes, nil
}
