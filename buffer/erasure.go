package buffer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/renameio/v2"
)

// Erasure says which readings are to be erased. The zero value is all of them.
type Erasure struct {
	// Series are the names of those of which readings go; nil means all.
	Series []string `json:"series,omitempty"`
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
	if err := b.take(); err != nil {
		return Erased{}, fmt.Errorf("measure an erasure: %w", err)
	}
	err := b.catchUp()
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
func (b *Buffer) Erase(ctx context.Context, what Erasure, record func(Erased) error) (Erased, error) {
	b.reclaiming.Lock()
	defer b.reclaiming.Unlock()
	sum, err := b.erase(ctx, what, record)
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
		err = promise(b.o.Dir, what)
		b.o.watch("promised")
	}
	if err == nil {
		if err = record(sum); err != nil {
			err = errors.Join(err, fulfil(b.o.Dir))
		}
	}
	if err != nil {
		return Erased{}, errors.Join(err, os.RemoveAll(filepath.Join(b.o.Dir, nextPart)))
	}
	if err := b.succeed(); err != nil {
		return Erased{}, fmt.Errorf("it is done once releve is started again: %w", err)
	}
	b.owe("")
	return sum, nil
}

// owe notes why an erasure is not done.
func (b *Buffer) owe(why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.owing = why
}

// Erasures is how many were done since Open: whoever holds packs from before one reads them again.
func (c *Cursor) Erasures() uint64 {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	return c.b.erasures
}

// Finished lists the erasures that the process before had begun and that are done since Open.
func (b *Buffer) Finished() []Erasure {
	b.reclaiming.Lock()
	defer b.reclaiming.Unlock()
	return slices.Clone(b.finished)
}

// promise makes durable that an erasure is to be done.
func promise(dir string, what Erasure) error {
	text, err := json.Marshal(what)
	if err == nil {
		err = renameio.WriteFile(filepath.Join(dir, eraseFile), text, 0o600)
	}
	if err == nil {
		err = syncPath(dir)
	}
	if err != nil {
		return fmt.Errorf("note what is to be erased: %w", err)
	}
	return nil
}

// fulfil makes durable that there is none to be done any more.
func fulfil(dir string) error {
	return errors.Join(os.RemoveAll(filepath.Join(dir, eraseFile)), syncPath(dir))
}

// promised reads what the process before had begun to erase.
func promised(dir string) (what Erasure, found bool, err error) {
	text, err := os.ReadFile(filepath.Join(dir, eraseFile))
	if errors.Is(err, fs.ErrNotExist) {
		return what, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &what)
	}
	if err != nil {
		return what, false, fmt.Errorf("read what is to be erased, erase again: %w", err)
	}
	return what, true, nil
}

// keepPromise does what the process before had begun. Without room for it the store is used as it is, and the keeper tries
// again.
func (b *Buffer) keepPromise() error {
	b.reclaiming.Lock()
	defer b.reclaiming.Unlock()
	what, found, err := promised(b.o.Dir)
	if err == nil && found {
		_, err = b.erase(context.Background(), what, func(Erased) error { return nil })
	}
	if err != nil {
		b.owe(err.Error())
		return fmt.Errorf("finish erasing: %w", err)
	}
	if found {
		b.finished = append(b.finished, what)
		b.o.Log.Warn("an erasure that was begun before is done")
	}
	return nil
}
