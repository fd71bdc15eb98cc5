package buffer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"

	"releve/senml"
)

// located is a history entry and the pack it is about.
type located struct {
	seq Seq
	entry
}

// History returns the records of exactly that series with from ≤ time < to, by time and, at the same time, in
// the order they were put: the earliest limit of them, and whether there are more. Times are compared to the
// microsecond. An unknown series has none.
// Packs that are damaged are left out (and counted in Stats). A clock that went back between packs does not
// disturb the order. The cost is that of the packs of the range which hold the series; see the package comment.
func (b *Buffer) History(ctx context.Context, name string, from, to time.Time, limit int) (senml.Pack, bool, error) {
	b.mu.Lock()
	s, known := b.series[name]
	b.mu.Unlock()
	if !known || limit < 1 || !from.Before(to) {
		return nil, false, nil
	}
	q := &query{
		b: b, name: name, id: s.id, limit: limit,
		from: clampSeconds(from), to: clampSeconds(to),
	}
	if err := b.view(func(txn *badger.Txn) error { return q.run(ctx, txn) }); err != nil {
		return nil, false, fmt.Errorf("read history of %q: %w", name, err)
	}
	if len(q.found) > limit {
		return q.found[:limit], true, nil
	}
	return q.found, false, nil
}

// clampSeconds turns a time into Unix seconds within what Put accepts.
func clampSeconds(t time.Time) float64 {
	s := float64(t.Unix()) + float64(t.Nanosecond())/1e9
	return min(max(s, 0), maxTime)
}

// query is one call of History. It collects one record more than the limit.
type query struct {
	b        *Buffer
	name     string
	id       uint32
	from, to float64 // Unix seconds
	limit    int

	found senml.Pack
	// packs holds the series' records from the packs of the hour before, since a pack often reaches into the next.
	packs map[Seq]senml.Pack
}

// run walks the hours of the range which hold the series.
func (q *query) run(ctx context.Context, txn *badger.Txn) error {
	it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{kindHour}})
	defer it.Close()
	for it.Seek(hourKey(hourOf(q.from))); it.Valid() && len(q.found) <= q.limit; it.Next() {
		h, ok := keyHour(it.Item().Key())
		if !ok || h.start() >= q.to {
			return nil
		}
		data, err := it.Item().ValueCopy(nil)
		if err != nil {
			return err
		}
		ids, err := decodeIDSet(data)
		if err != nil {
			return err
		}
		if !ids.has(q.id) {
			continue
		}
		if err := q.hour(ctx, txn, h); err != nil {
			return err
		}
	}
	return nil
}

// hour adds what one hour holds.
func (q *query) hour(ctx context.Context, txn *badger.Txn, h hour) error {
	entries, err := hourEntries(txn, h)
	if err != nil {
		return err
	}
	var here senml.Pack
	packs := map[Seq]senml.Pack{}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !e.ids.has(q.id) || !q.touches(h, e.entry) {
			continue
		}
		records := q.records(txn, e.seq)
		packs[e.seq] = records
		for i := range records {
			if t := records[i].Time; hourOf(t) == h && q.from <= t && t < q.to {
				here = append(here, records[i])
			}
		}
	}
	q.packs = packs
	slices.SortStableFunc(here, func(x, y senml.Record) int { return cmp.Compare(x.Time, y.Time) })
	q.found = append(q.found, here...)
	return nil
}

// touches tells whether an entry's instants reach into the range. They are rounded down, hence the millisecond.
func (q *query) touches(h hour, e entry) bool {
	return h.start()+float64(e.first)/1000 < q.to && h.start()+float64(e.last+1)/1000 >= q.from
}

// records returns the series' records of one pack.
func (q *query) records(txn *badger.Txn, seq Seq) senml.Pack {
	if p, ok := q.packs[seq]; ok {
		return p
	}
	p, _ := q.b.readPack(txn, seq)
	return slices.DeleteFunc(p, func(r senml.Record) bool { return r.Name != q.name })
}

// hourEntries reads the history entries of one hour, in the order of their packs.
func hourEntries(txn *badger.Txn, h hour) ([]located, error) {
	var all []located
	err := each(txn, timePrefix(h), func(item *badger.Item) error {
		_, seq, ok := timeSeq(item.Key())
		data, err := item.ValueCopy(nil)
		if err != nil || !ok {
			return err
		}
		e, err := decodeEntry(data)
		if err != nil {
			return fmt.Errorf("hour %d, pack %d: %w", h, seq, err)
		}
		all = append(all, located{seq, e})
		return nil
	})
	return all, err
}
