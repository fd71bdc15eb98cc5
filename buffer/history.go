package buffer

import (
	"context"
	"fmt"
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
// microsecond. An unknown series has none. A record that was put twice comes once. Records are kept until the last
// pack of their hour has been trimmed.
// Packs that are damaged are left out (and counted in Stats). A clock that went back between packs does not
// disturb the order. The cost is that of the blocks of the range and, the first
// time after an opening, of the packs of hours that are open.
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
	if err := b.snap(func(s *snapshot) error { return q.run(ctx, s) }); err != nil {
		return nil, false, fmt.Errorf("read history of %q: %w", name, err)
	}
	return q.records(), q.count > limit, nil
}

// clampSeconds turns a time into Unix seconds within what Put accepts.
func clampSeconds(t time.Time) float64 {
	s := float64(t.Unix()) + float64(t.Nanosecond())/1e9
	return min(max(s, 0), maxTime)
}

// query is one call of History. It collects columns until they hold one record more than the limit, and makes records
// of them at the end, when their number is known: a day of one series is 14 MB of records.
type query struct {
	b        *Buffer
	name     string
	id       uint32
	from, to float64 // Unix seconds
	limit    int

	found []*block // of one column each
	count int      // records within the range
}

// run walks the hours of the range which hold the series.
func (q *query) run(ctx context.Context, s *snapshot) error {
	reader := newHourReader(s, map[string]uint32{q.name: q.id})
	hours, err := s.hoursWith(q.name, q.id, hourOf(q.from), q.to)
	if err != nil {
		return err
	}
	for _, h := range hours {
		if q.count > q.limit {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := q.hour(reader, h); err != nil {
			return err
		}
	}
	return nil
}

// hour adds what one hour holds.
func (q *query) hour(reader *hourReader, h hour) error {
	k, err := reader.read(h)
	if err != nil || k.columns[q.id] == nil {
		return err
	}
	c := k.columns[q.id]
	c.clip(h, q.from, q.to)
	q.found = append(q.found, k)
	q.count += c.size()
	return nil
}

// records makes the records that were asked for.
func (q *query) records() senml.Pack {
	if q.count == 0 {
		return nil
	}
	p := make(senml.Pack, 0, q.count)
	for _, k := range q.found {
		p = k.columns[q.id].appendTo(p, k.hour, q.name)
	}
	return p[:min(len(p), q.limit)]
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
