package buffer

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

// cellReader reads the cells of one series in a snapshot: stored ones, and those of hours and days that are not
// rolled up, or touched again since, which it makes.
type cellReader struct {
	*snapshot
	series *seriesState
	hours  *hourReader
}

// feed gives an assembler the cells it needs, in order, beginning with what may still be in force when it begins.
func (c *cellReader) feed(ctx context.Context, a *assembler) error {
	if a.resolution >= Day {
		return c.feedDays(ctx, a)
	}
	first, end, err := c.extent()
	if err != nil {
		return err
	}
	from := max(hour(max(a.from-a.hold-msPerHour, 0)/msPerHour), first)
	end = min(end, hour((a.to+msPerHour-1)/msPerHour))
	for ; from < end && !a.full(); from = (from/tensBucket + 1) * tensBucket {
		if err := ctx.Err(); err != nil {
			return err
		}
		spells, err := c.tens(from, min(end, (from/tensBucket+1)*tensBucket))
		if err != nil {
			return err
		}
		for _, s := range spells {
			for _, cell := range s.tens {
				if cell.count > 0 {
					a.take(cell)
				}
			}
		}
	}
	a.end()
	return nil
}

// extent tells between which hours there are cells, or open hours.
func (c *cellReader) extent() (first, end hour, err error) {
	it := c.txn.NewIterator(badger.IteratorOptions{Prefix: []byte{kindTens}, Reverse: true})
	defer it.Close()
	first = ^hour(0)
	if key, found := firstKey(c.txn, []byte{kindTens}); found {
		h, _, _, _ := tensAt(key)
		first = h / tensBucket * tensBucket
	}
	if it.Seek([]byte{kindTens + 1}); it.Valid() {
		h, _, _, _ := tensAt(it.Item().Key())
		end = (h/tensBucket + 1) * tensBucket
	}
	open, err := c.openHours()
	if len(open) > 0 {
		first, end = min(first, open[0]), max(end, open[len(open)-1]+1)
	}
	return first, end, err
}

// tens reads the cells of the hours from ≤ hour < end.
func (c *cellReader) tens(from, end hour) ([]spell, error) {
	all, err := storedTens(c.txn, c.series.id, from, end)
	if err != nil {
		return nil, err
	}
	open, err := c.openWithin(from, end)
	if err != nil {
		return nil, err
	}
	for _, h := range open {
		k, err := c.hours.read(h)
		if err != nil {
			return nil, err
		}
		all = c.openTens(all, k)
	}
	return all, nil
}

// openTens puts the cells of an open hour in a list, unless they are final.
func (c *cellReader) openTens(all []spell, k *block) []spell {
	if k.columns[c.series.id] == nil {
		return all
	}
	now := c.b.tensOf(c.series, k.hour, k.columns[c.series.id])
	if at := slices.IndexFunc(all, func(s spell) bool { return s.hour == k.hour }); at >= 0 && k.isFinal(c.series.id, all[at].tens, now) {
		return all
	}
	return replace(all, spell{k.hour, now})
}

// feedDays gives an assembler days.
func (c *cellReader) feedDays(ctx context.Context, a *assembler) error {
	fresh, err := c.freshDays()
	if err != nil {
		return err
	}
	location := c.b.o.Location
	from, end := dayOf(a.from, location), dayOf(a.to-1, location)+1
	from -= min(from, day(a.hold/msPerHour/24)+1) // what may be in force when it begins
	days, err := c.days(from, end)
	if err != nil {
		return err
	}
	for _, d := range slices.Sorted(maps.Keys(fresh)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, made := days[d]
		if d < from || d >= end || made && d < c.b.keptFrom(c.series) {
			continue
		}
		if days[d], err = c.freshDay(d, a); err != nil {
			return err
		}
	}
	return a.takeDays(ctx, days)
}

// freshDay makes a day whose stored cell, if any, is out of date.
func (c *cellReader) freshDay(d day, a *assembler) (cell, error) {
	if cells, known := c.b.recallDay(d); known {
		return cells[c.series.id], nil
	}
	from, end := c.hoursOf(d)
	open, err := c.openWithin(from, end)
	if err != nil {
		return cell{}, err
	}
	start, stop := d.start(c.b.o.Location), (d + 1).start(c.b.o.Location)
	if len(open) == 0 || stop > a.now {
		spells, err := c.tens(from, end)
		return joined(spells, start, stop, a.hold), err
	}
	cells, err := c.wholeDay(d, a.hold)
	if err == nil {
		c.b.learnDay(d, cells, c.next)
	}
	return cells[c.series.id], err
}

// hoursOf tells which hours a day has something of: from ≤ hour < end.
func (c *cellReader) hoursOf(d day) (from, end hour) {
	start, stop := d.start(c.b.o.Location), (d + 1).start(c.b.o.Location)
	return hour(start / msPerHour), hour((stop + msPerHour - 1) / msPerHour)
}

// freshDays lists the days whose stored cells, if any, are out of date.
func (c *cellReader) freshDays() (map[day]bool, error) {
	fresh := map[day]bool{}
	err := eachNumber(c.txn, kindUnmade, func(n uint32) { fresh[day(n)] = true })
	if err != nil {
		return nil, err
	}
	open, err := c.openHours()
	for _, h := range open {
		for _, d := range c.b.daysOf(h) {
			fresh[d] = true
		}
	}
	return fresh, err
}

// days reads the stored cells of the days from ≤ day < end.
func (c *cellReader) days(from, end day) (map[day]cell, error) {
	all := map[day]cell{}
	buckets, err := c.dayBuckets()
	if err != nil {
		return nil, err
	}
	for _, bucket := range buckets {
		if (bucket+1)*dayBucket <= uint32(from) || bucket*dayBucket >= uint32(end) {
			continue
		}
		err := each(c.txn, dayPrefix(bucket, c.series.id), func(item *badger.Item) error {
			key := item.Key()
			d := day(bucket*dayBucket + uint32(key[len(key)-1]))
			if d < from || d >= end {
				return nil
			}
			return item.Value(func(data []byte) (err error) {
				all[d], err = decodeDay(data, d.start(c.b.o.Location))
				return err
			})
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// dayBuckets lists the groups of days there are.
func (c *cellReader) dayBuckets() ([]uint32, error) {
	it := c.txn.NewIterator(badger.IteratorOptions{Prefix: []byte{kindDay}})
	defer it.Close()
	var all []uint32
	for it.Rewind(); it.Valid(); it.Seek(dayPrefix(all[len(all)-1]+1, 0)) {
		key := it.Item().Key()
		if len(key) != 8 {
			return nil, errMalformed
		}
		all = append(all, uint32(binary.BigEndian.Uint16(key[1:])))
	}
	return all, nil
}

// takeDays gives the days to an assembler, in order.
func (a *assembler) takeDays(ctx context.Context, days map[day]cell) error {
	for _, d := range slices.Sorted(maps.Keys(days)) {
		if a.full() {
			break
		}
		if days[d].count > 0 {
			a.take(days[d])
		}
	}
	a.end()
	return ctx.Err()
}
