package buffer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Erasure says which readings are to be erased. The zero value is all of them.
type Erasure struct {
	// Series are the names of those of which readings go; nil means all. A list of none is refused: whoever made it has found
	// nothing of what was meant.
	Series []string `json:"series,omitzero"`
	// From and To bound the time; zero means no bound. An hour goes whole, so From is rounded down and To up.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
}

// Erased is what an erasure takes away.
type Erased struct {
	Records uint64   // readings in packs, dated or not
	Cells   uint64   // stored roll-ups: of ten minutes, some of an hour together, and of days
	Series  []string // of which something goes, by name
	Aside   []string // folders of damaged stores, which cannot be read apart and go whole
}

// All tells whether nothing is to be left.
func (e Erasure) All() bool { return e.Series == nil && e.From.IsZero() && e.To.IsZero() }

// errNoSeries is of a list of none, which must never be taken for all.
var errNoSeries = errors.New("it names no series")

func (e Erasure) check() error {
	if e.Series != nil && len(e.Series) == 0 {
		return errNoSeries
	}
	return nil
}

// covers tells whether all that another takes away goes with it.
func (e Erasure) covers(other Erasure) bool {
	from, end := e.hours()
	otherFrom, otherEnd := other.hours()
	spared := func(name string) bool { return !slices.Contains(e.Series, name) }
	named := e.Series == nil || other.Series != nil && !slices.ContainsFunc(other.Series, spared)
	return named && from <= otherFrom && otherEnd <= end
}

// hours is the time as from ≤ hour < end.
func (e Erasure) hours() (from, end hour) {
	from, end = 0, math.MaxUint32
	if !e.From.IsZero() {
		from = hourOf(clampSeconds(e.From))
	}
	if !e.To.IsZero() {
		end = hour(math.Ceil(clampSeconds(e.To) / 3600))
	}
	return from, end
}

// Measure tells what Erase would take away now. It reads every pack that has something of it.
func (b *Buffer) Measure(ctx context.Context, what Erasure) (Erased, error) {
	err := what.check()
	if err == nil {
		err = b.take()
	}
	if err != nil {
		return Erased{}, fmt.Errorf("measure an erasure: %w", err)
	}
	err = b.catchUp()
	e := newEraser(b, what, func([]byte, []byte) error { return nil })
	b.give()
	if err == nil {
		err = e.run(ctx)
	}
	if err != nil {
		return Erased{}, fmt.Errorf("measure an erasure: %w", err)
	}
	return e.erased(), nil
}

// Erase takes readings away for good: from the packs, whoever still waits for them, the history and its roll-ups, what
// waits for its date, and the bytes of all files. Numbers and cursors stay as they are. A store that has everything else is
// made, and takes the place of this one (see successor); so it needs room for that, else ErrFull is under the error.
// Meanwhile Put waits.
//
// Once it is certain to be done, whatever happens to the power, record is called with what goes; its error is returned, and
// then nothing was erased. After another error that is also so, unless it says that it will be done at the next opening.
//
// One that was begun before and still waits is done first, see Finished, unless this one covers it; as long as it cannot be
// done, this one is refused.
func (b *Buffer) Erase(ctx context.Context, what Erasure, record func(Erased) error) (Erased, error) {
	b.reclaiming.Lock()
	defer b.reclaiming.Unlock()
	err := what.check()
	if err == nil {
		err = b.keepEarlier(what)
	}
	var sum Erased
	if err == nil {
		sum, err = b.erase(ctx, what, record)
	}
	if err != nil {
		return Erased{}, fmt.Errorf("erase readings: %w", err)
	}
	return sum, nil
}

// erase is Erase for who holds reclaiming.
func (b *Buffer) erase(ctx context.Context, what Erasure, record func(Erased) error) (Erased, error) {
	if err := b.take(); err != nil {
		return Erased{}, err
	}
	defer b.give()
	sum, err := b.buildSuccessor(ctx, what)
	if err == nil {
		err = b.promise(what, func() error { return record(sum) })
	}
	if err != nil {
		return Erased{}, errors.Join(err, os.RemoveAll(filepath.Join(b.o.Dir, nextPart)))
	}
	if err := b.succeed(); err != nil {
		return Erased{}, fmt.Errorf("it is done once releve is started again: %w", err)
	}
	b.owe(nil)
	return sum, nil
}

// Erasures is how many were done since Open: whoever holds packs from before one reads them again.
func (c *Cursor) Erasures() uint64 {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	return c.b.erasures
}
