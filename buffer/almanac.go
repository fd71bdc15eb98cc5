package buffer

import (
	"maps"
	"slices"
)

// almanac keeps the cells of days that are over and not rolled up, of all series, once somebody has asked for one: a store
// into which a year was brought waits long until it is rolled up, and each question would be answered from its packs again.
type almanac struct {
	days    map[day]map[uint32]cell // by series; those that have nothing are left out
	touched map[day]Seq             // the latest pack with something of the day, since Open
	cells   int
}

// maxAlmanac bounds it, in cells: 16 months of 32 series, some 3 MB. Beyond it the earliest days are forgotten.
const maxAlmanac = 16 << 10

func newAlmanac() almanac { return almanac{days: map[day]map[uint32]cell{}, touched: map[day]Seq{}} }

// touch notes that a pack has something of a day.
func (a *almanac) touch(d day, seq Seq) {
	a.forget(d)
	a.touched[d] = seq
}

// learn keeps a day as a snapshot of the packs before next has it, unless a later pack has something of it.
func (a *almanac) learn(d day, cells map[uint32]cell, next Seq) {
	if seq, touched := a.touched[d]; touched && seq >= next {
		return
	}
	a.forget(d)
	a.days[d] = cells
	for a.cells += len(cells); a.cells > maxAlmanac; {
		a.forget(slices.Min(slices.Collect(maps.Keys(a.days))))
	}
}

func (a *almanac) forget(d day) {
	a.cells -= len(a.days[d])
	delete(a.days, d)
}

// recallDay returns the cells of a day, if they are known.
func (b *Buffer) recallDay(d day) (cells map[uint32]cell, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	cells, known = b.almanac.days[d]
	return cells, known
}

// learnDay keeps the cells of a day.
func (b *Buffer) learnDay(d day, cells map[uint32]cell, next Seq) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.almanac.learn(d, cells, next)
}

// wholeDay makes a day of all series at once: to decode the packs is most of the work.
func (c *cellReader) wholeDay(d day, hold int64) (map[uint32]cell, error) {
	c.b.mu.Lock()
	series := slices.Collect(maps.Values(c.b.series))
	c.b.mu.Unlock()
	names := map[string]uint32{}
	for _, s := range series {
		names[s.name] = s.id
	}
	reader := newHourReader(c.snapshot, names)
	reader.learn = false
	from, end := c.hoursOf(d)
	open, err := c.openWithin(from, end)
	if err != nil {
		return nil, err
	}
	blocks := make([]*block, len(open))
	for i, h := range open {
		if blocks[i], err = reader.read(h); err != nil {
			return nil, err
		}
	}
	cells := map[uint32]cell{}
	for _, s := range series {
		one := &cellReader{snapshot: c.snapshot, series: s}
		spells, err := storedTens(c.txn, s.id, from, end)
		if err != nil {
			return nil, err
		}
		for _, k := range blocks {
			spells = one.openTens(spells, k)
		}
		if whole := joined(spells, d.start(c.b.o.Location), (d + 1).start(c.b.o.Location), hold); whole.count > 0 {
			cells[s.id] = whole
		}
	}
	return cells, nil
}
