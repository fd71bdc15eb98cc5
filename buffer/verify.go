package buffer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// Checked is what Verify has looked at.
type Checked struct {
	Packs, Undated, Entries, Hours, Blocks, Cells, Series, Cursors int
	// Problems is how many sentences were told.
	Problems int
}

// verifier looks at everything in one snapshot.
type verifier struct {
	b    *Buffer
	txn  *badger.Txn
	tell func(problem string)
	sum  Checked

	bytes int64
	ids   map[uint32]string
}

// Verify reads everything that is stored, checks every checksum, and that the index and the packs say the same. It
// tells each problem in a sentence. It changes nothing and needs memory for one pack and the names of the series.
func (b *Buffer) Verify(ctx context.Context, tell func(problem string)) (Checked, error) {
	v := &verifier{b: b, tell: tell, ids: map[uint32]string{}}
	err := b.view(func(txn *badger.Txn) error {
		v.txn = txn
		for _, part := range []struct {
			kind  byte
			check func(item *badger.Item) error
		}{
			{kindSeries, v.series}, {kindPack, v.pack}, {kindTime, v.entry}, {kindHour, v.hour}, {kindBlock, v.block},
			{kindTens, v.tens}, {kindDay, v.day}, {kindUndated, v.undated}, {kindCursor, v.cursor},
		} {
			if err := v.each(ctx, part.kind, part.check); err != nil {
				return err
			}
		}
		v.totals()
		return nil
	})
	if err != nil {
		return v.sum, fmt.Errorf("verify buffer: %w", err)
	}
	return v.sum, nil
}

// each checks every key of a kind. What a check returns is a problem of that key.
func (v *verifier) each(ctx context.Context, kind byte, check func(item *badger.Item) error) error {
	return each(v.txn, []byte{kind}, func(item *badger.Item) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := guarded(func() error { return check(item) }); err != nil {
			v.problem("%s: %s", keyName(item.Key()), err)
		}
		return nil
	})
}

func (v *verifier) problem(format string, args ...any) {
	v.sum.Problems++
	v.tell(fmt.Sprintf(format, args...))
}

// keyName is a key in words.
func keyName(key []byte) string {
	if seq, ok := packSeq(key); ok {
		return fmt.Sprintf("pack %d", seq)
	}
	if h, seq, ok := timeSeq(key); ok {
		return fmt.Sprintf("history of pack %d in the hour of %s", seq, h)
	}
	if h, ok := keyHour(key); ok {
		return "history of the hour of " + h.String()
	}
	switch key[0] {
	case kindSeries:
		return fmt.Sprintf("series %q", key[1:])
	case kindCursor:
		return fmt.Sprintf("cursor %q", key[1:])
	case kindUndated:
		return fmt.Sprintf("undated pack %x", key[1:])
	}
	return fmt.Sprintf("key %x", key)
}

// String is when the hour begins.
func (h hour) String() string { return time.Unix(int64(h)*3600, 0).UTC().Format("2006-01-02T15Z") }

func (v *verifier) series(item *badger.Item) error {
	v.sum.Series++
	name := string(item.Key()[1:])
	s := v.b.series[name]
	if s == nil {
		return errors.New("it was not loaded")
	}
	if other, taken := v.ids[s.id]; taken {
		return fmt.Errorf("it has the id of %q", other)
	}
	v.ids[s.id] = name
	return nil
}

// pack checks a pack, and that the history knows all of it.
func (v *verifier) pack(item *badger.Item) error {
	v.sum.Packs++
	if err := item.Value(func(data []byte) error { v.bytes += int64(len(data)); return nil }); err != nil {
		return err
	}
	seq, ok := packSeq(item.Key())
	if !ok {
		return errors.New("its key is malformed")
	}
	e, err := v.b.openPack(v.txn, seq)
	if err != nil {
		return err
	}
	p, err := e.pack()
	if err != nil {
		return err
	}
	d := draft{pack: p}
	d.noteAll()
	for h, s := range d.spans {
		if err := v.indexed(seq, h, s); err != nil {
			return err
		}
	}
	return nil
}

// indexed tells what the history does not know of a pack in one hour.
func (v *verifier) indexed(seq Seq, h hour, s *span) error {
	data, err := value(v.txn, timeKey(h, seq))
	if err != nil {
		return fmt.Errorf("the history of the hour of %s lacks it: %w", h, err)
	}
	e, err := decodeEntry(data)
	if err != nil {
		return err
	}
	for name := range s.names {
		known := v.b.series[name]
		if known == nil || !e.ids.has(known.id) {
			return fmt.Errorf("the history of the hour of %s lacks its series %q", h, name)
		}
	}
	if e.first != s.first || e.last != s.last {
		return fmt.Errorf("the history has it from %d to %d ms of the hour of %s, it is from %d to %d", e.first, e.last, h, s.first, s.last)
	}
	return nil
}

// entry checks that what the history says is about a pack, and that its hour knows its series.
func (v *verifier) entry(item *badger.Item) error {
	v.sum.Entries++
	h, seq, ok := timeSeq(item.Key())
	if !ok {
		return errors.New("its key is malformed")
	}
	data, err := item.ValueCopy(nil)
	if err != nil {
		return err
	}
	e, err := decodeEntry(data)
	if err != nil {
		return err
	}
	if _, err := v.txn.Get(packKey(seq)); err != nil {
		return fmt.Errorf("there is no such pack: %w", err)
	}
	data, err = value(v.txn, hourKey(h))
	if err != nil {
		return fmt.Errorf("its hour is not known: %w", err)
	}
	all, err := decodeIDSet(data)
	if err != nil {
		return err
	}
	if _, more := all.union(e.ids); more {
		return errors.New("its hour lacks one of its series")
	}
	return nil
}

func (v *verifier) hour(item *badger.Item) error {
	v.sum.Hours++
	data, err := item.ValueCopy(nil)
	if err != nil {
		return err
	}
	ids, err := decodeIDSet(data)
	for _, id := range ids {
		if _, known := v.ids[id]; !known && err == nil {
			err = fmt.Errorf("there is no series %d", id)
		}
	}
	return err
}

// block checks a block. That of an open hour is of no use yet: a power cut may have left it without its value.
func (v *verifier) block(item *badger.Item) error {
	v.sum.Blocks++
	if key := item.Key(); len(key) > 5 && isOpen(v.txn, hour(binary.BigEndian.Uint32(key[1:]))) {
		return nil
	}
	return item.Value(func(data []byte) error {
		_, err := v.b.codec.openBlock(data, nil)
		return err
	})
}

func (v *verifier) tens(item *badger.Item) error {
	v.sum.Cells++
	h, _, first, ok := tensAt(item.Key())
	if !ok {
		return errMalformed
	}
	return item.Value(func(data []byte) error { return new(tens).decodeChunk(h, first, data) })
}

func (v *verifier) day(item *badger.Item) error {
	v.sum.Cells++
	return item.Value(func(data []byte) error {
		_, err := decodeDay(data, 0)
		return err
	})
}

func (v *verifier) undated(item *badger.Item) error {
	v.sum.Undated++
	u, ok := parseUndated(item.Key())
	if !ok {
		return errMalformed
	}
	_, err := v.b.readUndated(v.txn, u)
	return err
}

func (v *verifier) cursor(item *badger.Item) error {
	v.sum.Cursors++
	data, err := item.ValueCopy(nil)
	if err != nil || len(data) != cursorSize {
		return fmt.Errorf("it holds %x: %w", data, errors.Join(err, errCorrupt))
	}
	if acked := Seq(binary.BigEndian.Uint64(data)); acked >= v.b.next {
		return fmt.Errorf("it has acknowledged %d, the last pack is %d", acked, v.b.next-1)
	}
	return nil
}

// totals compares what was found with what is remembered.
func (v *verifier) totals() {
	v.b.mu.Lock()
	t := v.b.totals
	v.b.mu.Unlock()
	if t.packs != uint64(v.sum.Packs) {
		v.problem("totals: %d packs are remembered, %d are stored", t.packs, v.sum.Packs)
	}
	if t.bytes != v.bytes {
		v.problem("totals: %d bytes are remembered, %d are stored", t.bytes, v.bytes)
	}
}
