package buffer

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"

	"releve/senml"
)

// ErrTime is under the error of Put for a pack with a record of before 2020 or of the future.
var ErrTime = errors.New("no reading can be of that time")

// ErrTooLarge is under the error of Put for a pack that must be split.
var ErrTooLarge = errors.New("pack is too large, split it")

// Bounds of what Put takes.
const (
	maxSeriesName = 1000
	minTime       = 1_577_836_800 // 2020-01-01T00:00:00Z: no reading of ours is older
	maxTime       = 1 << 36       // hours fit four bytes, milliseconds 53 bits
	aheadOfClock  = time.Minute   // by which the clocks of sources may differ from ours
)

// draft is a pack made ready to be stored.
type draft struct {
	pack    senml.Pack
	form    byte   // see envelope
	data    []byte // the pack in that form
	coding  byte
	payload []byte // and compressed
	spans   map[hour]*span
	dates   []undatedPack // what it is made of
}

// span is what a pack holds within one hour: its earliest and latest instant there and its series.
type span struct {
	first, last int // ms since the hour began, rounded down
	names       map[string]struct{}
}

// Put stores a pack and returns its number when it is durable, usually in the journal (see package journal). Records
// must be resolved: a name, an absolute time in Unix seconds and no base fields. A pack may have senml.MaxRecords records,
// 4 MiB of CBOR and 1024 different hours; ErrTooLarge tells when it has more. ErrFull under the error means that the disk
// has less room than the buffer needs to work safely; nothing was stored then, and Put works again once there is room.
//
// After any other error the pack may or may not have been stored; put again, its records come twice with the
// same names and times.
func (b *Buffer) Put(p senml.Pack) (Seq, error) {
	d, err := b.draw(p)
	if err != nil {
		return 0, fmt.Errorf("put pack: %w", err)
	}
	if err := b.take(); err != nil {
		return 0, fmt.Errorf("put pack: %w", err)
	}
	defer b.give()
	if err := checkRoom(b.o, putRoom); err != nil {
		return 0, fmt.Errorf("put pack: %w", err)
	}
	seq, err := b.store(d)
	if err != nil {
		return 0, fmt.Errorf("put pack: %w", err)
	}
	if err := b.trim(); err != nil { // the pack is stored all the same
		b.o.Log.Warn("buffer could not be trimmed", "error", err)
	}
	return seq, nil
}

// draw checks a pack and does what can be done without the turn.
func (b *Buffer) draw(p senml.Pack) (draft, error) {
	d, err := b.encode(p)
	if err != nil {
		return draft{}, err
	}
	latest := b.latest()
	for i := range p {
		if err := cmp.Or(checkUnit(&p[i]), checkTime(p[i].Time, latest)); err != nil {
			return draft{}, fmt.Errorf("record %d: %w", i+1, err)
		}
	}
	d.noteAll()
	if len(d.spans) > maxHours {
		return draft{}, fmt.Errorf("%w: %d different hours, %d allowed", ErrTooLarge, len(d.spans), maxHours)
	}
	return d, nil
}

// latest is the latest time a record may have, in Unix seconds.
func (b *Buffer) latest() float64 {
	now, known := b.o.Clock()
	if !known {
		return maxTime - 1
	}
	return latestAt(now)
}

func latestAt(now time.Time) float64 {
	return min(float64(now.Add(aheadOfClock).UnixMilli())/1000, maxTime-1)
}

// CheckTime says with an error, over ErrTime, that Put refuses a record of that time, in Unix seconds, when it is now.
func CheckTime(seconds float64, now time.Time) error { return checkTime(seconds, latestAt(now)) }

// checkTime refuses a time that no reading can have.
func checkTime(seconds, latest float64) error {
	switch {
	case seconds >= minTime && seconds <= latest:
		return nil
	case seconds >= minTime && seconds < maxTime:
		return fmt.Errorf("%w: %s is of the future; check the clock of what sent it", ErrTime,
			time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339))
	}
	return fmt.Errorf("%w: %.3f is not in Unix seconds since 2020", ErrTime, seconds)
}

// encode checks a pack but for its times, and compresses it.
func (b *Buffer) encode(p senml.Pack) (draft, error) {
	if len(p) == 0 {
		return draft{}, errors.New("it has no records")
	}
	if len(p) > senml.MaxRecords {
		return draft{}, fmt.Errorf("%w: %d records, %d allowed", ErrTooLarge, len(p), senml.MaxRecords)
	}
	d := draft{pack: p}
	for i := range p {
		if err := checkRecord(&p[i]); err != nil {
			return draft{}, fmt.Errorf("record %d: %w", i+1, err)
		}
	}
	cbor, err := senml.EncodeCBOR(p) // which refuses what is no SenML
	if err != nil {
		return draft{}, err
	}
	if len(cbor) > maxCBOR {
		return draft{}, fmt.Errorf("%w: %d bytes of CBOR, %d allowed", ErrTooLarge, len(cbor), maxCBOR)
	}
	if d.form, d.data, err = shortest(p, cbor); err != nil {
		return draft{}, err
	}
	d.coding, d.payload = b.codec.compress(d.data)
	return d, nil
}

// checkRecord refuses what could not be found again.
func checkRecord(r *senml.Record) error {
	switch {
	case r.BaseName != "" || r.BaseTime != 0 || r.BaseUnit != "" || r.BaseValue != nil || r.BaseSum != nil:
		return errors.New("it has base fields, resolve the pack first")
	case r.Name == "" || len(r.Name) > maxSeriesName:
		return fmt.Errorf("a name has 1 to %d bytes, this one has %d", maxSeriesName, len(r.Name))
	}
	return nil
}

// MaxUnit bounds the unit of a record, in bytes. It is kept with the series; what is longer lies in Badger's value log, where a
// power cut could tear it away from its key, and the store could not be loaded.
const MaxUnit = 100

const _ = uint(inlineValue - 1 - 4 - MaxUnit) // see seriesValue: it does not compile when that is long

// checkUnit refuses a unit that no quantity has. What an earlier version has stored is read all the same.
func checkUnit(r *senml.Record) error {
	if len(r.Unit) > MaxUnit {
		return fmt.Errorf("a unit has at most %d bytes, this one has %d", MaxUnit, len(r.Unit))
	}
	return nil
}

// noteAll enters the records in the index of their hours.
func (d *draft) noteAll() {
	d.spans = map[hour]*span{}
	for i := range d.pack {
		d.note(&d.pack[i])
	}
}

// note enters a record in the index of its hour.
func (d *draft) note(r *senml.Record) {
	h := hourOf(r.Time)
	ms := millis(h, r.Time)
	s := d.spans[h]
	if s == nil {
		s = &span{first: ms, last: ms, names: map[string]struct{}{}}
		d.spans[h] = s
	}
	s.first, s.last = min(s.first, ms), max(s.last, ms)
	s.names[r.Name] = struct{}{}
}

// millis is the time within an hour in milliseconds, rounded down.
func millis(h hour, seconds float64) int { return int(math.Floor((seconds - h.start()) * 1000)) }

// store makes a draft durable, and that the undated packs which it is made of are gone, with the acknowledgements that
// are due, in one step. The caller holds the turn.
func (b *Buffer) store(d draft) (Seq, error) {
	places := b.changed()
	p := b.prepare(d, b.putNow(d.pack))
	if int(b.nextID)+len(p.ids) > maxIDs {
		return 0, fmt.Errorf("there would be more than %d series", maxIDs)
	}
	journaled, err := b.commit(p, places)
	if errors.Is(err, badger.ErrTxnTooBig) {
		err = fmt.Errorf("%w: too many new series or hours", ErrTooLarge)
	}
	if err != nil {
		b.skip(p.seq, len(p.ids))
		return 0, err
	}
	b.publish(d.pack, p, places, journaled)
	if b.foldDue() {
		if err := b.fold(); err != nil { // the pack is durable all the same
			b.o.Log.Warn("buffer could not fold its journal", "error", err)
		}
	}
	if _, due := b.nextDue(0); due {
		b.poke()
	}
	return p.seq, nil
}

// prepare gives a draft its number and its envelope. The caller holds the turn.
func (b *Buffer) prepare(d draft, put time.Time) *pending {
	e := envelope{seq: b.next, put: put, hours: slices.Sorted(maps.Keys(d.spans)), form: d.form, data: d.data}
	p := &pending{
		seq: b.next, put: put, sealed: b.codec.seal(e, d.coding, d.payload),
		spans: d.spans, ids: b.newIDs(d.pack), dates: d.dates, after: b.totals,
	}
	p.after.next, p.after.packs, p.after.bytes = p.seq+1, b.packs+1, b.bytes+int64(len(p.sealed))
	return p
}

// putNow is when a pack is put; while the time of day is not known, that of its latest record.
func (b *Buffer) putNow(p senml.Pack) time.Time {
	now, known := b.o.Clock()
	if known {
		return now
	}
	latest := 0.0
	for i := range p {
		latest = max(latest, p[i].Time)
	}
	return time.UnixMilli(int64(latest * 1000))
}

// skip leaves out the number and the series ids of a pack which may or may not have reached the disk.
func (b *Buffer) skip(seq Seq, ids int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next = seq + 1
	b.nextID += uint32(ids)
	clear(b.decoded) // they would lack it
	b.almanac = newAlmanac()
}

// publish lets readers see a durable pack.
func (b *Buffer) publish(records senml.Pack, p *pending, places map[*Cursor]place, journaled bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.first == p.seq {
		b.oldest = p.put
	}
	if journaled {
		b.tail = append(b.tail, *p)
		b.journalSince(p.put)
	}
	b.totals = p.after
	b.touch(p)
	b.addSeries(p.ids)
	for i := range records {
		b.series[records[i].Name].see(p.seq, &records[i])
	}
	b.remember(p, records)
	settle(places)
	b.wakeAll()
}

// sync waits until all that was written is on the disk. Badger syncs the newest log and value log; a log that it is
// just making a table of must not be lost either, nor a file because its folder does not have its name.
func (b *Buffer) sync() error {
	b.o.watch("written")
	if err := b.syncFiles(); err != nil {
		return err
	}
	b.unsynced = false
	b.o.watch("synced")
	return nil
}

// syncFiles is sync for who has not the turn.
func (b *Buffer) syncFiles() error {
	err := syncLogs(b.o.Dir)
	if err == nil {
		err = b.db.Sync()
	}
	if err == nil {
		err = b.lock.folder.Sync()
	}
	if err != nil {
		return fmt.Errorf("sync buffer %s: %w", b.o.Dir, err)
	}
	return nil
}
