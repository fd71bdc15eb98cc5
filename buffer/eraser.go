package buffer

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"

	"releve/senml"
)

// eraser copies a store without what is to be erased. As hours go whole, each part of the history is as it was or lacks
// some series; nothing is rolled up anew but days of which hours are left.
type eraser struct {
	b         *Buffer
	txn       *badger.Txn
	set       func(key, value []byte) error // of the copy
	known     map[uint32]string             // the series by their ids
	ids       map[string]uint32             // and the other way round
	names     map[string]bool               // nil for all
	from, end hour                          // from ≤ hour < end
	totals                                  // of the copy

	records, cells uint64
	gone           map[string]bool  // series of which something goes
	touched        map[Seq]bool     // packs that have something of it
	puts           []stamp          // when the packs were put, in order
	lively         map[hour]bool    // hours of which there are packs
	left           map[uint32]bool  // series of which there is something
	unmade         map[day]struct{} // days to be made again
}

// stamp is when a pack was put.
type stamp struct {
	seq Seq
	put time.Time
}

func newEraser(b *Buffer, what Erasure, set func(key, value []byte) error) *eraser {
	e := &eraser{
		b: b, set: set, totals: totals{next: b.next, trimmed: b.trimmed},
		known: map[uint32]string{}, ids: map[string]uint32{}, gone: map[string]bool{}, touched: map[Seq]bool{}, lively: map[hour]bool{}, left: map[uint32]bool{}, unmade: map[day]struct{}{},
	}
	e.from, e.end = what.hours()
	if what.Series != nil {
		e.names = map[string]bool{}
	}
	for _, name := range what.Series {
		e.names[name] = true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, s := range b.series {
		e.known[s.id], e.ids[name] = name, s.id
	}
	return e
}

// run copies. What tells of a pack comes after the pack, and a series after all that is left of it.
func (e *eraser) run(ctx context.Context) error {
	return e.b.look(func(txn *badger.Txn) error {
		e.txn = txn
		if err := e.find(); err != nil {
			return err
		}
		for _, part := range []struct {
			kind byte
			copy func(item *badger.Item) error
		}{
			{kindPack, e.pack}, {kindTime, e.entry}, {kindHour, e.hour}, {kindBlock, e.block}, {kindOpen, e.open}, {kindTens, e.tens},
			{kindDay, e.day}, {kindUndated, e.undated}, {kindSeries, e.series}, {kindUnmade, e.copy}, {kindNumber, e.copy}, {kindZone, e.copy},
		} {
			err := each(txn, []byte{part.kind}, func(item *badger.Item) error {
				if err := ctx.Err(); err != nil {
					return err
				}
				return guarded(func() error { return part.copy(item) })
			})
			if err != nil {
				return err
			}
		}
		return e.finish()
	})
}

// finish writes what tells of the whole.
func (e *eraser) finish() error {
	for d := range e.unmade {
		if err := e.set(unmadeKey(d), nil); err != nil {
			return err
		}
	}
	for c, at := range e.b.places() {
		if err := e.set(cursorKey(c.name), at.encode()); err != nil {
			return err
		}
	}
	return e.set(totalsKey(), e.encode())
}

func (e *eraser) erased() Erased {
	return Erased{Records: e.records, Cells: e.cells, Series: slices.Sorted(maps.Keys(e.gone)), Aside: asideOf(e.b.o.Dir)}
}

func (e *eraser) takesHour(h hour) bool { return e.from <= h && h < e.end }

func (e *eraser) takesName(name string) bool { return e.names == nil || e.names[name] }

func (e *eraser) takesID(id uint32) bool { return e.takesName(e.known[id]) }

func (e *eraser) takes(r *senml.Record) bool {
	return e.takesName(r.Name) && e.takesHour(hourOf(r.Time))
}

// find lists the packs that have something to be erased, as the history says. What cannot be read of it counts.
func (e *eraser) find() error {
	return each(e.txn, []byte{kindTime}, func(item *badger.Item) error {
		h, seq, ok := timeSeq(item.Key())
		if !ok || !e.takesHour(h) {
			return nil
		}
		data, err := item.ValueCopy(nil)
		if err != nil {
			return err
		}
		if at, err := decodeEntry(data); err != nil || slices.ContainsFunc(at.ids, e.takesID) {
			e.touched[seq] = true
		}
		return nil
	})
}

// copy copies what is not about readings, or not about those.
func (e *eraser) copy(item *badger.Item) error {
	data, err := item.ValueCopy(nil)
	if err != nil {
		return err
	}
	return e.set(item.KeyCopy(nil), data)
}

// pack copies a pack, or what is left of it. One that cannot be read, and has something of it, goes whole.
func (e *eraser) pack(item *badger.Item) error {
	seq, _ := packSeq(item.Key())
	data, err := item.ValueCopy(nil)
	if err != nil {
		e.b.report(seq, err)
		return nil
	}
	head, _, _, err := e.b.codec.head(data)
	if err == nil {
		e.puts = append(e.puts, stamp{seq, head.put})
	}
	if !e.touched[seq] {
		return e.keep(seq, data)
	}
	p, err := e.b.unseal(data)
	if err != nil {
		e.b.report(seq, err)
		return nil
	}
	return e.keepRest(seq, head.put, p)
}

// keep adds a pack to the copy.
func (e *eraser) keep(seq Seq, sealed []byte) error {
	e.packs, e.bytes = e.packs+1, e.bytes+int64(len(sealed))
	return e.set(packKey(seq), sealed)
}

// keepRest adds what is left of a pack, and what the history says of it.
func (e *eraser) keepRest(seq Seq, put time.Time, p senml.Pack) error {
	d, err := e.rest(p, e.takes)
	if err != nil || d.pack == nil {
		return err
	}
	d.noteAll()
	about := envelope{seq: seq, put: put, hours: slices.Sorted(maps.Keys(d.spans)), form: d.form, data: d.data}
	if err := e.keep(seq, e.b.codec.seal(about, d.coding, d.payload)); err != nil {
		return err
	}
	for h, s := range d.spans {
		var ids []uint32
		for name := range s.names {
			if id, known := e.ids[name]; known {
				ids = append(ids, id)
			}
		}
		if err := e.set(timeKey(h, seq), entry{s.first, s.last, newIDSet(ids)}.encode()); err != nil {
			return err
		}
		e.lively[h] = true
	}
	return nil
}

// rest encodes the records of a pack that stay; there is no draft when none do.
func (e *eraser) rest(p senml.Pack, takes func(*senml.Record) bool) (draft, error) {
	left := senml.Pack{}
	for i := range p {
		if !takes(&p[i]) {
			left = append(left, p[i])
			continue
		}
		e.records++
		e.gone[p[i].Name] = true
	}
	if len(left) == 0 {
		return draft{}, nil
	}
	return e.b.encode(left)
}

// undated copies a pack that waits for its date. When it may be of the time, what it has of the series goes.
func (e *eraser) undated(item *badger.Item) error {
	u, ok := parseUndated(item.Key())
	if !ok {
		return nil
	}
	if !e.mayBeOf(u) {
		return e.copy(item)
	}
	data, err := item.ValueCopy(nil)
	var p senml.Pack
	if err == nil {
		p, err = e.b.unseal(data)
	}
	if err != nil {
		e.b.o.Log.Warn("undated pack cannot be read, erased", "number", u.number, "error", err)
		return nil
	}
	head, _, _, _ := e.b.codec.head(data)
	before := e.records
	d, err := e.rest(p, func(r *senml.Record) bool { return e.takesName(r.Name) })
	if err != nil || d.pack == nil {
		return err
	}
	if e.records == before {
		return e.copy(item)
	}
	u.records = uint32(len(d.pack))
	return e.set(u.key(), e.b.codec.seal(envelope{seq: Seq(u.number), put: head.put, form: d.form, data: d.data}, d.coding, d.payload))
}

// mayBeOf tells whether an undated pack may be of the time that is erased: it was heard between the packs that were put
// before and after it.
func (e *eraser) mayBeOf(u undatedPack) bool {
	at, _ := slices.BinarySearchFunc(e.puts, u.place, func(s stamp, seq Seq) int { return cmp.Compare(s.seq, seq) })
	after := at == 0 || e.puts[at-1].put.UnixMilli() < e.end.milli()
	before := at == len(e.puts) || e.puts[at].put.UnixMilli() >= e.from.milli()
	return after && before
}
