package buffer

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

// entry copies what the history says of a pack that stays as it is.
func (e *eraser) entry(item *badger.Item) error {
	h, seq, ok := timeSeq(item.Key())
	if !ok || e.touched[seq] {
		return nil
	}
	e.lively[h] = true
	return e.copy(item)
}

// hour copies which series an hour has. One of which no pack is left goes, as it does when packs are trimmed.
func (e *eraser) hour(item *badger.Item) error {
	h, ok := keyHour(item.Key())
	data, err := item.ValueCopy(nil)
	if err != nil || !ok {
		return err
	}
	ids, err := decodeIDSet(data)
	if err != nil {
		return err
	}
	if e.takesHour(h) {
		e.drop(ids...)
		ids = slices.DeleteFunc(ids, e.takesID)
		e.lively[h] = e.lively[h] && len(ids) > 0
		if !e.lively[h] {
			return nil
		}
	}
	for _, id := range ids {
		e.left[id] = true
	}
	return e.set(hourKey(h), ids.encode(nil))
}

// drop notes of some series those of which something goes.
func (e *eraser) drop(ids ...uint32) {
	for _, id := range ids {
		if name, known := e.known[id]; known && e.takesName(name) {
			e.gone[name] = true
		}
	}
}

// block copies a part of an hour's block without the series that go. One that cannot be read is made again.
func (e *eraser) block(item *badger.Item) error {
	h := hour(binary.BigEndian.Uint32(item.Key()[1:]))
	if !e.takesHour(h) {
		return e.copy(item)
	}
	if !e.lively[h] {
		return nil
	}
	var part *block
	err := item.Value(func(data []byte) (err error) {
		part, err = e.b.codec.openBlock(data, func(id uint32) bool { return !e.takesID(id) })
		return err
	})
	if err != nil {
		e.b.o.Log.Warn("stored history cannot be read, it is made of the packs again", "hour", h, "error", err)
		return e.set(openKey(h), nil)
	}
	ids := slices.Sorted(maps.Keys(part.columns))
	if len(ids) == 0 {
		return nil
	}
	return e.set(blockKey(h, ids[0]), e.b.codec.sealBlock(h, part.seq, part.payload(ids)))
}

func (e *eraser) open(item *badger.Item) error {
	if h := hour(binary.BigEndian.Uint32(item.Key()[1:])); e.takesHour(h) && !e.lively[h] {
		return nil
	}
	return e.copy(item)
}

// tens copies the cells of a series in an hour.
func (e *eraser) tens(item *badger.Item) error {
	h, id, _, ok := tensAt(item.Key())
	if ok && e.takesHour(h) && e.takesID(id) {
		e.cells++
		e.drop(id)
		return nil
	}
	e.left[id] = true
	return e.copy(item)
}

// day copies the day of a series. One of which hours go is made again of what is left of it.
func (e *eraser) day(item *badger.Item) error {
	d, id, ok := dayAt(item.Key())
	if !ok {
		return nil
	}
	begin, end := d.start(e.b.o.Location), (d + 1).start(e.b.o.Location)
	if !e.takesID(id) || end <= e.from.milli() || e.end.milli() <= begin {
		e.left[id] = true
		return e.copy(item)
	}
	e.cells++
	e.drop(id)
	if begin < e.from.milli() || e.end.milli() < end {
		e.unmade[d] = struct{}{}
	}
	return nil
}

// series copies the name of a series of which something is left, or nothing was to be erased.
func (e *eraser) series(item *badger.Item) error {
	name := string(item.Key()[1:])
	data, err := item.ValueCopy(nil)
	if err != nil || len(data) < 4 || e.takesName(name) && !e.left[binary.BigEndian.Uint32(data)] {
		return err
	}
	return e.set(seriesKey(name), data)
}
