package buffer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"releve/senml"
)

// Undated is what is kept of one boot whose time of day is not known yet.
type Undated struct {
	Boot    string
	Packs   uint64
	Records uint64
	Bytes   int64 // as stored
	Passed  bool  // a pack put later has got its date before it
}

// undatedPack is one pack of them, as its key says.
//
// Format:  'u' number(8) place(8) records(4) boot, big-endian
// Example: 75 0000000000000001 0006200000000008 00000012 then the boot's name
type undatedPack struct {
	number  uint64 // their own order, from 1
	place   Seq    // the number the next dated pack would have got: what is older is below
	records uint32
	size    uint32 // of the sealed pack; not in the key
	boot    string
}

const (
	undatedFixed = 21 // of the key
	maxBootName  = 100
)

func (u undatedPack) key() []byte {
	key := binary.BigEndian.AppendUint64([]byte{kindUndated}, u.number)
	key = binary.BigEndian.AppendUint64(key, uint64(u.place))
	return append(binary.BigEndian.AppendUint32(key, u.records), u.boot...)
}

func parseUndated(key []byte) (undatedPack, bool) {
	if len(key) <= undatedFixed || key[0] != kindUndated {
		return undatedPack{}, false
	}
	return undatedPack{
		number: binary.BigEndian.Uint64(key[1:]), place: Seq(binary.BigEndian.Uint64(key[9:])),
		records: binary.BigEndian.Uint32(key[17:]), boot: string(key[undatedFixed:]),
	}, true
}

// PutUndated keeps a pack, durably, whose records bear times on a scale of that boot alone; what the scale is, whoever
// calls Date says. The pack is in no cursor and no history before that. Its times are positive; else it is as Put wants
// it, and the errors are Put's. What is undated may take a quarter of MaxBytes: beyond that its oldest goes, counted.
func (b *Buffer) PutUndated(boot string, p senml.Pack) error {
	if err := b.putUndated(boot, p); err != nil {
		return fmt.Errorf("put undated pack: %w", err)
	}
	return nil
}

func (b *Buffer) putUndated(boot string, p senml.Pack) error {
	if boot == "" || len(boot) > maxBootName {
		return fmt.Errorf("a boot has a name of 1 to %d bytes, this one has %d", maxBootName, len(boot))
	}
	d, err := b.encode(p)
	if err != nil {
		return err
	}
	for i := range p {
		if t := p[i].Time; math.IsNaN(t) || t < 0 || t >= maxTime {
			return fmt.Errorf("record %d: time %g is not positive", i+1, t)
		}
		if err := checkUnit(&p[i]); err != nil {
			return fmt.Errorf("record %d: %w", i+1, err)
		}
	}
	if err := b.take(); err != nil {
		return err
	}
	defer b.give()
	if err := checkRoom(b.o, putRoom); err != nil {
		return err
	}
	if err := b.storeUndated(boot, d); err != nil {
		return err
	}
	if err := b.trim(); err != nil { // the pack is stored all the same
		b.o.Log.Warn("buffer could not be trimmed", "error", err)
	}
	return nil
}

// Undated tells what waits for a date, by boot, the oldest first.
func (b *Buffer) Undated() []Undated {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Undated
	for _, u := range b.undated {
		if n := len(all); n == 0 || all[n-1].Boot != u.boot {
			all = append(all, Undated{Boot: u.boot})
		}
		sum := &all[len(all)-1]
		sum.Passed = u.place < b.next
		sum.Packs, sum.Records, sum.Bytes = sum.Packs+1, sum.Records+uint64(u.records), sum.Bytes+int64(u.size)
	}
	return all
}

// UndatedSpan tells the first and the last time, on the scale of the boot, among what waits of it.
func (b *Buffer) UndatedSpan(boot string) (first, last float64, err error) {
	first, last = math.Inf(1), math.Inf(-1)
	packs := b.undatedOf(boot)
	if n := len(packs); n > 2 {
		packs = []undatedPack{packs[0], packs[n-1]}
	}
	err = b.view(func(txn *badger.Txn) error {
		for _, u := range packs {
			p, err := b.readUndated(txn, u)
			if err != nil {
				return err
			}
			for i := range p {
				first, last = min(first, p[i].Time), max(last, p[i].Time)
			}
		}
		return nil
	})
	if err == nil && last < first {
		err = errors.New("nothing is kept of it")
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read undated packs: %w", err)
	}
	return first, last, nil
}

// ReadUndated gives what waits of a boot to f, pack by pack in the order it was put, and stops at its first error. Packs that
// are damaged are left out and logged. Nothing is changed.
func (b *Buffer) ReadUndated(ctx context.Context, boot string, f func(p senml.Pack) error) error {
	packs := b.undatedOf(boot)
	return b.view(func(txn *badger.Txn) error {
		for _, u := range packs {
			p, err := b.readUndated(txn, u)
			if err != nil {
				b.o.Log.Warn("undated pack cannot be read, skipped", "number", u.number, "error", err)
				continue
			}
			if err := errors.Join(ctx.Err(), f(p)); err != nil {
				return fmt.Errorf("read undated packs: %w", err)
			}
		}
		return nil
	})
}

func (b *Buffer) undatedOf(boot string) []undatedPack {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.undated), func(u undatedPack) bool { return u.boot != boot })
}

// readUndated reads one pack back.
func (b *Buffer) readUndated(txn *badger.Txn, u undatedPack) (p senml.Pack, err error) {
	err = guarded(func() error {
		item, err := txn.Get(u.key())
		if err != nil {
			return err
		}
		var e envelope
		err = item.Value(func(data []byte) (err error) {
			e, err = b.codec.open(data)
			return err
		})
		if err == nil && e.seq != Seq(u.number) {
			err = fmt.Errorf("%w: it says it is number %d", errCorrupt, e.seq)
		}
		if err != nil {
			return err
		}
		p, err = e.pack()
		return err
	})
	return p, err
}

// loadUndated lists what is undated, from the keys alone.
func (b *Buffer) loadUndated(txn *badger.Txn) error {
	boot := ""
	data, err := value(txn, numberKey())
	if err == nil {
		b.undatedNext, err = decodeNumber(data)
	}
	if err != nil && !errors.Is(err, badger.ErrKeyNotFound) {
		return fmt.Errorf("read the number of undated packs: %w", err)
	}
	return each(txn, []byte{kindUndated}, func(item *badger.Item) error {
		u, ok := parseUndated(item.Key())
		if !ok {
			return fmt.Errorf("key %x is not an undated pack's", item.Key())
		}
		if u.boot == boot {
			u.boot = boot
		}
		boot, u.size = u.boot, uint32(item.ValueSize())
		b.undated = append(b.undated, u)
		b.undatedNext = max(b.undatedNext, u.number+1) // layout 2 wrote no number
		b.undatedBytes += int64(u.size)
		return nil
	})
}
