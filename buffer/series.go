package buffer

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/dgraph-io/badger/v4"

	"releve/senml"
)

// SeriesState is a series and the record with its latest time among the packs stored.
type SeriesState struct {
	Name string
	Last senml.Record
	Seq  Seq // of the pack that holds Last
}

// seriesState is an entry of the dictionary.
type seriesState struct {
	name string
	id   uint32
	unit string // as of the last roll-up
	last senml.Record
	seq  Seq // 0 while no record is known
}

// see takes a record if it is the latest: by time, and of the same time the one put last.
func (s *seriesState) see(seq Seq, r *senml.Record) {
	if s.seq == 0 || r.Time > s.last.Time || r.Time == s.last.Time && seq >= s.seq {
		s.last, s.seq = *r, seq
	}
}

// addSeries enters new series in the dictionary. The caller holds the turn and mu.
func (b *Buffer) addSeries(ids map[string]uint32) {
	for name, id := range ids {
		b.series[name] = &seriesState{name: name, id: id}
		b.nextID = max(b.nextID, id+1)
	}
}

// Series lists the series with a record in the store, by name. It is answered from memory. A series whose last
// record has been trimmed is left out until it is seen again.
func (b *Buffer) Series() []SeriesState {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]SeriesState, 0, len(b.series))
	for _, s := range b.series {
		if s.seq != 0 {
			all = append(all, SeriesState{Name: s.name, Last: s.last, Seq: s.seq})
		}
	}
	slices.SortFunc(all, func(x, y SeriesState) int { return strings.Compare(x.Name, y.Name) })
	return all
}

// forget drops the last records that were in trimmed packs. The caller holds the turn and mu.
func (b *Buffer) forget(first Seq) {
	for _, s := range b.series {
		if s.seq < first {
			s.last, s.seq = senml.Record{}, 0
		}
	}
}

// loadLast finds the last record of every series, from the newest hour back until none is missing.
func (b *Buffer) loadLast() error {
	missing := map[uint32]*seriesState{}
	for _, s := range b.series {
		missing[s.id] = s
	}
	err := guarded(func() error {
		return b.db.View(func(txn *badger.Txn) error {
			o := badger.IteratorOptions{Prefix: []byte{kindHour}, Reverse: true}
			it := txn.NewIterator(o)
			defer it.Close()
			for it.Seek([]byte{kindHour + 1}); it.Valid() && len(missing) > 0; it.Next() {
				if err := b.loadHour(txn, it.Item(), missing); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return &damage{fmt.Errorf("read state: %w", err)}
	}
	return nil
}

// loadHour finds the last records of the missing series which are in one hour.
func (b *Buffer) loadHour(txn *badger.Txn, item *badger.Item, missing map[uint32]*seriesState) error {
	h, ok := keyHour(item.Key())
	data, err := item.ValueCopy(nil)
	if err != nil || !ok {
		return err
	}
	ids, err := decodeIDSet(data)
	if err != nil {
		return err
	}
	here := map[uint32]*seriesState{}
	for _, id := range ids {
		if s := missing[id]; s != nil {
			here[id] = s
		}
	}
	if len(here) == 0 {
		return nil
	}
	if err := b.lastInHour(txn, h, here); err != nil {
		return err
	}
	for id, s := range here {
		if s.seq != 0 {
			delete(missing, id)
		}
	}
	return nil
}

// lastInHour decodes packs of an hour, latest first, until no other can have a later record.
func (b *Buffer) lastInHour(txn *badger.Txn, h hour, here map[uint32]*seriesState) error {
	entries, err := hourEntries(txn, h)
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(x, y located) int {
		return cmp.Or(cmp.Compare(y.last, x.last), cmp.Compare(y.seq, x.seq))
	})
	for _, e := range entries {
		if !e.couldImprove(h, here) {
			continue
		}
		p, _ := b.readPack(txn, e.seq)
		for i := range p {
			s := b.series[p[i].Name]
			if s != nil && here[s.id] == s && hourOf(p[i].Time) == h {
				s.see(e.seq, &p[i])
			}
		}
	}
	return nil
}

// couldImprove tells whether a pack may hold a later record than those found.
func (e located) couldImprove(h hour, here map[uint32]*seriesState) bool {
	for id, s := range here {
		if !e.ids.has(id) {
			continue
		}
		if s.seq == 0 || e.last > millis(h, s.last.Time) || e.last == millis(h, s.last.Time) && e.seq > s.seq {
			return true
		}
	}
	return false
}

// seriesValue is the value of an s key.
//
// Format: id(4), unit to the end; the unit is known once the first hour of the series is rolled up
func seriesValue(id uint32, unit string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, id), unit...)
}

// setUnit notes the unit of a series. The caller holds the turn.
func (b *Buffer) setUnit(s *seriesState, unit string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.unit = unit
}
