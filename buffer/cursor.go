package buffer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"

	"releve/senml"
)

// ErrRemoved is under the error of calls on a cursor that RemoveCursor has taken away.
var ErrRemoved = errors.New("cursor was removed")

const maxCursorName = 200

// Start says where a new cursor begins. The zero value is Now.
type Start struct {
	all bool
	at  time.Time
}

// Now begins with the next pack that is put.
func Now() Start { return Start{} }

// Beginning begins with the oldest pack stored.
func Beginning() Start { return Start{all: true} }

// At begins with the oldest pack holding a record of the full hour (UTC) of t or later; without one, as Now.
// Packs come whole, so earlier records may come along.
func At(t time.Time) Start { return Start{at: t} }

// place is what is stored of a cursor.
//
// Format:  acknowledged seq(8) expired packs(8), big-endian
// Example: 0006200000000007 0000000000000000
type place struct {
	acked   Seq    // everything up to here is done with
	expired uint64 // packs trimmed before they were acknowledged
}

func (p place) encode() []byte {
	out := binary.BigEndian.AppendUint64(make([]byte, 0, cursorSize), uint64(p.acked))
	return binary.BigEndian.AppendUint64(out, p.expired)
}

// Cursor is one recipient's place in the buffer: Next reads, Ack moves on. It is meant for one loop at a time.
type Cursor struct {
	b    *Buffer
	name string

	place         // guarded by b.mu, as is all below
	written place // as the database or the journal has it
	removed bool
}

// Item is a pack with its number.
type Item struct {
	Seq  Seq
	Pack senml.Pack
}

// CursorStats tells where a recipient stands.
type CursorStats struct {
	Name string
	// Acked is the last acknowledged number.
	Acked Seq
	// Pending is how many packs wait, or a little more when numbers were left out.
	Pending uint64
	// Expired is how many packs were trimmed before they were acknowledged, since the cursor was made. A pack
	// sent but trimmed before its acknowledgement counts.
	Expired uint64
}

// Cursor returns the cursor of that name. When there is none it is made, durably, at from; otherwise from is
// ignored. The same name gives the same cursor, so that a recipient's loop can be restarted: two loops on one
// cursor would both send everything. A name has 1 to 200 bytes of printable UTF-8.
func (b *Buffer) Cursor(name string, from Start) (*Cursor, error) {
	if name == "" || len(name) > maxCursorName || strings.ContainsFunc(name, notPrintable) {
		return nil, fmt.Errorf("open cursor %q: a name has 1 to %d printable bytes", name, maxCursorName)
	}
	if err := b.take(); err != nil {
		return nil, fmt.Errorf("open cursor %q: %w", name, err)
	}
	defer b.give()
	b.mu.Lock()
	c, found := b.cursors[name]
	b.mu.Unlock()
	if found {
		return c, nil
	}
	return b.newCursor(name, from)
}

func notPrintable(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }

// newCursor makes a cursor. The caller holds the turn.
func (b *Buffer) newCursor(name string, from Start) (*Cursor, error) {
	first, err := b.begins(from)
	if err != nil {
		return nil, fmt.Errorf("open cursor %q: %w", name, err)
	}
	at := place{acked: first - 1}
	if err := b.write(func(txn *badger.Txn) error { return txn.Set(cursorKey(name), at.encode()) }); err != nil {
		return nil, fmt.Errorf("open cursor %q: %w", name, err)
	}
	c := &Cursor{b: b, name: name, place: at, written: at}
	b.mu.Lock()
	b.cursors[name] = c
	b.mu.Unlock()
	return c, nil
}

// begins finds the first pack a new cursor gets. The caller holds the turn.
func (b *Buffer) begins(from Start) (Seq, error) {
	switch {
	case from.all:
		return b.first, nil
	case from.at.IsZero():
		return b.next, nil
	}
	first := b.next
	h := hourOf(clampSeconds(from.at))
	if err := b.catchUp(); err != nil {
		return 0, err
	}
	err := b.look(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{kindTime}})
		defer it.Close()
		for it.Seek(timePrefix(h)); it.Valid(); it.Next() {
			if _, seq, ok := timeSeq(it.Item().Key()); ok && seq >= b.first {
				first = min(first, seq)
			}
		}
		return nil
	})
	return first, err
}

// RemoveCursor forgets a recipient. Its Next returns ErrRemoved. A name that is not there is an error.
func (b *Buffer) RemoveCursor(name string) error {
	if err := b.take(); err != nil {
		return fmt.Errorf("remove cursor %q: %w", name, err)
	}
	defer b.give()
	b.mu.Lock()
	c, found := b.cursors[name]
	b.mu.Unlock()
	if !found {
		return fmt.Errorf("remove cursor %q: there is none of that name", name)
	}
	if err := b.write(func(txn *badger.Txn) error { return txn.Delete(cursorKey(name)) }); err != nil {
		return fmt.Errorf("remove cursor %q: %w", name, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c.removed = true
	delete(b.cursors, name)
	b.wakeAll()
	return nil
}

// Cursors lists all cursors by name.
func (b *Buffer) Cursors() []CursorStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []CursorStats
	for _, c := range b.cursors {
		pending := min(uint64(b.next-1-c.acked), b.packs)
		all = append(all, CursorStats{Name: c.name, Acked: c.acked, Pending: pending, Expired: c.expired})
	}
	slices.SortFunc(all, func(x, y CursorStats) int { return strings.Compare(x.Name, y.Name) })
	return all
}

// Name is the name the cursor was opened with.
func (c *Cursor) Name() string { return c.name }

// Next waits until a pack is there that is not acknowledged and returns up to most packs from the first such
// on. Without an Ack between, it returns the same packs again (and newer ones while there are fewer than most).
// Packs that are damaged or have been trimmed are left out. It returns the context's error when ctx ends, and
// ErrClosed or ErrRemoved under its error.
func (c *Cursor) Next(ctx context.Context, most int) ([]Item, error) {
	if most < 1 {
		return nil, fmt.Errorf("read cursor %q: at most %d packs were asked for", c.name, most)
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		from, end, wake, err := c.window()
		if err != nil {
			return nil, fmt.Errorf("read cursor %q: %w", c.name, err)
		}
		items, err := c.b.read(ctx, from, end, most)
		if err != nil {
			return nil, fmt.Errorf("read cursor %q: %w", c.name, err)
		}
		if len(items) > 0 {
			return items, nil
		}
		c.pass(end - 1)
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// After is Next from a place of the caller's own: it waits for a pack after number seq, acknowledged or not, and returns up to
// most packs from there on.
func (c *Cursor) After(ctx context.Context, seq Seq, most int) ([]Item, error) {
	for {
		_, end, wake, err := c.window()
		if err != nil {
			return nil, fmt.Errorf("read cursor %q: %w", c.name, err)
		}
		items, err := c.Peek(ctx, seq, most)
		if err != nil || len(items) > 0 {
			return items, err
		}
		seq = max(seq, end-1) // none of these can be read
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Peek is After without waiting.
func (c *Cursor) Peek(ctx context.Context, seq Seq, most int) ([]Item, error) {
	_, end, _, err := c.window()
	if err == nil {
		err = ctx.Err()
	}
	var items []Item
	if err == nil {
		items, err = c.b.read(ctx, seq+1, end, most)
	}
	if err != nil {
		return nil, fmt.Errorf("read cursor %q: %w", c.name, err)
	}
	return items, nil
}

// Acked is the last acknowledged number.
func (c *Cursor) Acked() Seq {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	return c.acked
}

// window tells which packs wait, from ≤ seq < end, and what will be closed when there are more.
func (c *Cursor) window() (from, end Seq, wake <-chan struct{}, err error) {
	b := c.b
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		err = ErrClosed
	case c.removed:
		err = ErrRemoved
	}
	return c.acked + 1, b.next, b.wake, err
}

// pass moves the cursor over packs none of which could be read, so that they are not tried again.
func (c *Cursor) pass(seq Seq) {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	c.acked = max(c.acked, seq)
}

// Ack says that everything up to seq is done with. It never moves back: an older seq does nothing. A seq which
// no pack has had yet is an error.
func (c *Cursor) Ack(seq Seq) error {
	b := c.b
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return fmt.Errorf("acknowledge %d for %q: %w", seq, c.name, ErrClosed)
	case c.removed:
		return fmt.Errorf("acknowledge %d for %q: %w", seq, c.name, ErrRemoved)
	case seq >= b.next:
		return fmt.Errorf("acknowledge %d for %q: the last pack is %d", seq, c.name, b.next-1)
	}
	if seq > c.acked {
		c.acked = seq
		b.poke()
	}
	return nil
}

// without is where a cursor is when packs are trimmed: those it had not acknowledged count as expired.
func (p place) without(trimmed []Seq) place {
	known, _ := slices.BinarySearch(trimmed, p.acked+1)
	if missed := trimmed[known:]; len(missed) > 0 {
		p.expired += uint64(len(missed))
		p.acked = missed[len(missed)-1]
	}
	return p
}

// changed lists the places that differ from what is written, as they are once packs are trimmed. The caller
// holds the turn.
func (b *Buffer) changed(trimmed ...Seq) map[*Cursor]place {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[*Cursor]place{}
	for _, c := range b.cursors {
		if at := c.without(trimmed); at != c.written {
			all[c] = at
		}
	}
	return all
}

// setCursors adds places to a transaction.
func setCursors(txn *badger.Txn, places map[*Cursor]place) error {
	for c, at := range places {
		if err := txn.Set(cursorKey(c.name), at.encode()); err != nil {
			return err
		}
	}
	return nil
}

// settle notes that places have been written. The caller holds mu.
func settle(places map[*Cursor]place) {
	for c, at := range places {
		c.written = at
	}
}

// places lists where all cursors are. The caller holds the turn.
func (b *Buffer) places() map[*Cursor]place {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[*Cursor]place{}
	for _, c := range b.cursors {
		all[c] = c.place
	}
	return all
}

// named is places by the names of their cursors.
func named(places map[*Cursor]place) map[string]place {
	all := map[string]place{}
	for c, at := range places {
		all[c.name] = at
	}
	return all
}

// writeCursors makes all acknowledgements durable. The caller holds the turn.
func (b *Buffer) writeCursors() error {
	places := b.changed()
	if len(places) == 0 {
		return nil
	}
	if err := b.enter(note{places: named(places)}); err != nil {
		return fmt.Errorf("write cursors: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	settle(places)
	return nil
}
