package buffer

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"

	"releve/senml"
)

// decoded is what packs say of an open hour, kept as they are put: to decode the packs of the hours that wait to be rolled
// up takes ten times as long as to read their blocks. All of it is on disk too, and it may be forgotten at any time.
type decoded struct {
	after, last Seq                // it has every pack with after < seq ≤ last
	columns     map[uint32]*column // in the order of the packs
	size        int                // about how many bytes it takes
	opaque      bool               // it has something not to be kept in memory, such as pictures
}

// maxDecoded bounds what is kept, in bytes: a day of one meter at full rate. Beyond it the earliest hours are forgotten.
const maxDecoded = 4 << 20

func newDecoded(after, last Seq) *decoded {
	const empty = 512
	return &decoded{after: after, last: last, columns: map[uint32]*column{}, size: empty}
}

// add takes the records of an hour. The caller holds mu.
func (d *decoded) add(h hour, series map[string]*seriesState, p senml.Pack) {
	for i := range p {
		s := series[p[i].Name]
		if s == nil || hourOf(p[i].Time) != h {
			continue
		}
		c := d.columns[s.id]
		if c == nil {
			c = &column{}
			d.columns[s.id] = c
			d.size += c.weight()
		}
		d.size -= c.weight()
		c.add(h, &p[i])
		d.size += c.weight()
		d.opaque = d.opaque || p[i].Value.Kind() == senml.Data
	}
}

// weight is about how many bytes a column takes.
func (c *column) weight() int {
	const empty, sample, record = 128, 16, 200
	return empty + sample*len(c.samples) + record*len(c.records)
}

// append puts the same hour of later packs behind.
func (d *decoded) append(h hour, later *decoded) {
	for id, c := range later.columns {
		d.columns[id] = joinedColumns(h, d.columns[id], c)
	}
	d.last, d.size = later.last, d.size+later.size
}

// joinedColumns is a column with another's readings behind its own, sharing memory with neither; one may be nil.
func joinedColumns(h hour, c, behind *column) *column {
	switch {
	case behind == nil:
		return c
	case c == nil || c.size() == 0:
		return &column{unit: behind.unit, samples: slices.Clone(behind.samples), records: slices.Clone(behind.records)}
	case c.records == nil && behind.records == nil && c.unit == behind.unit:
		return &column{unit: c.unit, samples: slices.Concat(c.samples, behind.samples)}
	}
	return &column{records: append(c.all(h, ""), behind.all(h, "")...)}
}

// of returns a copy of what some series say.
func (d *decoded) of(h hour, ids map[uint32]bool) *decoded {
	some := newDecoded(d.after, d.last)
	for id := range ids {
		if c := d.columns[id]; c != nil {
			some.columns[id] = joinedColumns(h, nil, c)
		}
	}
	return some
}

// remember keeps what a new pack says. The caller holds the turn and mu.
func (b *Buffer) remember(p *pending, records senml.Pack) {
	for h := range p.spans {
		d := b.decoded[h]
		if d == nil {
			d = newDecoded(p.seq-1, p.seq)
			b.decoded[h] = d
		}
		d.last = p.seq
	}
	for h := range p.spans {
		b.decoded[h].add(h, b.series, records)
	}
	b.makeRoom()
}

// makeRoom forgets hours until what is kept is within its bound. The caller holds mu.
func (b *Buffer) makeRoom() {
	size := 0
	for h, d := range b.decoded {
		if d.opaque {
			delete(b.decoded, h)
			b.crowded = true
			continue
		}
		size += d.size
	}
	for size > maxDecoded {
		earliest := slices.Min(slices.Collect(maps.Keys(b.decoded)))
		size -= b.decoded[earliest].size
		delete(b.decoded, earliest)
		b.crowded = true
	}
}

// forgetHour forgets an hour that is not open any more. The caller holds mu.
func (b *Buffer) forgetHour(h hour) {
	delete(b.open, h)
	delete(b.decoded, h)
	b.crowded = false
}

// recall returns what is kept of an hour about some series, and whether more may be learned. It goes with a snapshot of
// the packs before next: when the snapshot may lack packs from before what is kept, that is left out.
func (b *Buffer) recall(h hour, ids map[uint32]bool, next Seq) (d *decoded, learns bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := b.decoded[h]
	switch {
	case kept == nil:
		return newDecoded(next-1, next-1), !b.crowded && b.next == next
	case kept.after >= next:
		return newDecoded(next-1, next-1), false
	}
	return kept.of(h, ids), !b.crowded
}

// learn keeps what was decoded of an hour that is still open: from before what is kept or, where nothing is, of all its
// packs before next.
func (b *Buffer) learn(h hour, d *decoded, next Seq) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, open := b.open[h]; !open {
		return
	}
	switch kept := b.decoded[h]; {
	case kept == nil && b.next == next:
		b.decoded[h] = d
	case kept != nil && kept.after == d.last:
		d.append(h, kept)
		b.decoded[h] = d
	}
	b.makeRoom()
}

// decodeAfter is when the open hours of a store that was opened are decoded: whoever opens it for a moment only, or has just
// begun and has more to do, is not held up.
const decodeAfter = 2 * time.Second

// decodeOpen decodes the open hours, the latest first, as far as they are kept, so that the first who asks for them has not
// to wait for that. It rests after each for as long as it took: there may be one core for all.
func (b *Buffer) decodeOpen() error {
	b.mu.Lock()
	hours := slices.Sorted(maps.Keys(b.open))
	b.mu.Unlock()
	for _, h := range slices.Backward(hours) {
		if b.isCrowded() {
			return nil
		}
		began := time.Now()
		err := b.snap(func(s *snapshot) error {
			_, err := newHourReader(s, nil).read(h)
			return err
		})
		if err != nil {
			return fmt.Errorf("decode open hours: %w", err)
		}
		select {
		case <-b.quit:
			return nil
		case <-time.After(time.Since(began)):
		}
	}
	return nil
}

func (b *Buffer) isCrowded() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.crowded
}

// nextOf is the number after the last pack that a snapshot has.
func nextOf(txn *badger.Txn) Seq {
	data, err := value(txn, totalsKey())
	if err != nil {
		return 0
	}
	t, _ := decodeTotals(data)
	return t.next
}
