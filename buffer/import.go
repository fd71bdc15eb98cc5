package buffer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"

	"releve/senml"
)

// Known is a series the store knows, of which there may be roll-ups only.
type Known struct {
	Name string
	Unit string
}

// Known lists all series by name.
func (b *Buffer) Known() []Known {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Known
	for _, s := range b.series {
		all = append(all, Known{Name: s.name, Unit: cmp.Or(s.last.Unit, s.unit)})
	}
	slices.SortFunc(all, func(x, y Known) int { return cmp.Compare(x.Name, y.Name) })
	return all
}

// Span tells between which full hours there are records. Both are zero when there are none.
func (b *Buffer) Span() (from, to time.Time, err error) {
	err = b.view(func(txn *badger.Txn) error {
		return eachNumber(txn, kindHour, func(n uint32) {
			if from.IsZero() {
				from = hour(n).time()
			}
			to = hour(n + 1).time()
		})
	})
	if err != nil {
		err = fmt.Errorf("read history: %w", err)
	}
	return from, to, err
}

// importPack is how many records become one pack.
const importPack = 10_000

// Import puts those of some resolved records which the history does not have, and returns how many that were: doing
// it again puts none. A recipient that has had everything is not sent them. With a record that cannot be put, none
// are. Nothing else may be put at the same time.
func (b *Buffer) Import(ctx context.Context, p senml.Pack) (stored int, err error) {
	return b.putMissing(ctx, p, b.passOver)
}

// PutMissing is Import for what was measured elsewhere and has only now come here, however old it is: recipients are
// sent what was not there.
func (b *Buffer) PutMissing(ctx context.Context, p senml.Pack) (stored int, err error) {
	return b.putMissing(ctx, p, func(Seq) {})
}

// putMissing puts what is missing and tells then of each pack.
func (b *Buffer) putMissing(ctx context.Context, p senml.Pack, then func(Seq)) (stored int, err error) {
	latest := b.latest()
	for i := range p {
		if err := cmp.Or(checkRecord(&p[i]), checkUnit(&p[i]), checkTime(p[i].Time, latest)); err != nil {
			return 0, fmt.Errorf("import record %d: %w", i+1, err)
		}
	}
	missing, err := b.missing(ctx, p)
	if err != nil {
		return 0, fmt.Errorf("import: %w", err)
	}
	for part := range slices.Chunk(missing, importPack) {
		if err := b.putPart(part, then); err != nil {
			return stored, err
		}
		stored += len(part)
	}
	return stored, nil
}

// putPart puts records, in several packs where one would be too large.
func (b *Buffer) putPart(p senml.Pack, then func(Seq)) error {
	seq, err := b.Put(p)
	if errors.Is(err, ErrTooLarge) && len(p) > 1 {
		half := len(p) / 2
		return errors.Join(b.putPart(p[:half], then), b.putPart(p[half:], then))
	}
	if err == nil {
		then(seq)
	}
	return err
}

// passOver moves the cursors that have had everything before a pack over it.
func (b *Buffer) passOver(seq Seq) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.cursors {
		if c.acked == seq-1 {
			c.acked = seq
		}
	}
}

// identity is a record as something to compare.
type identity struct {
	senml.Record
	hasSum bool
	sum    float64
}

func identityOf(r senml.Record) identity {
	i := identity{Record: r}
	if r.Sum != nil {
		i.hasSum, i.sum, i.Sum = true, *r.Sum, nil
	}
	return i
}

// missing returns the records which the history does not have, each once, by time.
func (b *Buffer) missing(ctx context.Context, p senml.Pack) (missing senml.Pack, err error) {
	hours := map[hour]senml.Pack{}
	for _, r := range p {
		hours[hourOf(r.Time)] = append(hours[hourOf(r.Time)], r)
	}
	err = b.view(func(txn *badger.Txn) error {
		for h, records := range hours {
			if err := ctx.Err(); err != nil {
				return err
			}
			known, err := b.identities(txn, h, records)
			if err != nil {
				return err
			}
			for _, r := range records {
				if i := identityOf(r); !known[i] {
					known[i] = true
					missing = append(missing, r)
				}
			}
		}
		return nil
	})
	slices.SortStableFunc(missing, func(x, y senml.Record) int { return cmp.Compare(x.Time, y.Time) })
	return missing, err
}

// identities reads what the history has of the series of some records in their hour.
func (b *Buffer) identities(txn *badger.Txn, h hour, records senml.Pack) (map[identity]bool, error) {
	names := map[string]uint32{}
	b.mu.Lock()
	for _, r := range records {
		if s := b.series[r.Name]; s != nil {
			names[r.Name] = s.id
		}
	}
	b.mu.Unlock()
	known := map[identity]bool{}
	if len(names) == 0 {
		return known, nil
	}
	k, err := newHourReader(b.newSnapshot(txn, nil), names).read(h)
	if err != nil {
		return nil, err
	}
	for name, id := range names {
		if c := k.columns[id]; c != nil {
			for _, r := range c.all(h, name) {
				known[identityOf(r)] = true
			}
		}
	}
	return known, nil
}

// Settle rolls up all hours and days that are over, without letting them rest.
func (b *Buffer) Settle() error {
	err := b.inTurn(func() error {
		b.mu.Lock()
		defer b.mu.Unlock()
		for h := range b.open {
			b.open[h] = time.Time{}
		}
		return nil
	})()
	if err == nil {
		err = b.rollUp()
	}
	return err
}
