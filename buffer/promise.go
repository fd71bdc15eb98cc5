package buffer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"
)

// errGarbled means that nobody can know what was promised, also when it says more than this version knows of: read without
// that, it might take everything. The next erasure takes its place.
var errGarbled = errors.New("what is to be erased cannot be read, erase again")

// promise makes durable that an erasure is to be done, in the place of one that it covers. When that cannot be recorded it is
// as it was before.
func (b *Buffer) promise(what Erasure, record func() error) error {
	before, err := readPromise(b.o.Dir)
	if err != nil {
		return err
	}
	err = promise(b.o.Dir, what)
	b.o.watch("promised")
	if err == nil {
		err = record()
	}
	if err != nil {
		return errors.Join(err, writePromise(b.o.Dir, before))
	}
	return nil
}

// promise makes durable that an erasure is to be done.
func promise(dir string, what Erasure) error {
	text, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("note what is to be erased: %w", err)
	}
	return writePromise(dir, text)
}

// fulfil makes durable that there is none to be done any more.
func fulfil(dir string) error { return writePromise(dir, nil) }

// promised reads what is still to be erased. The error is errGarbled when it is not known what.
func promised(dir string) (what Erasure, found bool, err error) {
	text, err := readPromise(dir)
	if err != nil || text == nil {
		return what, false, err
	}
	if what, err = parsePromise(text); err != nil {
		return Erasure{}, false, fmt.Errorf("%w: %w", errGarbled, err)
	}
	return what, true, nil
}

// parsePromise reads an object and nothing else.
func parsePromise(text []byte) (Erasure, error) {
	var what *Erasure
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&what); err != nil {
		return Erasure{}, err
	}
	if what == nil || !json.Valid(text) {
		return Erasure{}, errors.New("it is not one object")
	}
	return *what, what.check()
}

// readPromise is the content of ERASE, or nil when there is none.
func readPromise(dir string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(dir, eraseFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what is to be erased: %w", err)
	}
	return text, nil
}

// writePromise makes the content of ERASE durable; with nil it deletes the file.
func writePromise(dir string, text []byte) error {
	path := filepath.Join(dir, eraseFile)
	var err error
	if text == nil {
		err = os.RemoveAll(path)
	} else {
		err = renameio.WriteFile(path, text, 0o600)
	}
	if err = errors.Join(err, syncPath(dir)); err != nil {
		return fmt.Errorf("note what is to be erased: %w", err)
	}
	return nil
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
	return b.kept(what, found, err)
}

// keepPromiseIfRoom is keepPromise unless there is still no room for it.
func (b *Buffer) keepPromiseIfRoom() error {
	what, found, err := promised(b.o.Dir)
	if err == nil && found && errors.Is(b.checkSuccessorRoom(what), ErrFull) {
		return nil
	}
	return b.keepPromise()
}

// keepEarlier does what is still promised before another erasure, which would take its place. One that covers it may. The
// caller holds reclaiming.
func (b *Buffer) keepEarlier(next Erasure) error {
	what, found, err := promised(b.o.Dir)
	if errors.Is(err, errGarbled) || err == nil && (!found || next.covers(what)) {
		return nil
	}
	if err == nil {
		_, err = b.erase(context.Background(), what, func(Erased) error { return nil })
	}
	if err = b.kept(what, found, err); err != nil {
		return fmt.Errorf("one that was begun before comes first: %w", err)
	}
	return nil
}

// kept notes how a promise has come out.
func (b *Buffer) kept(what Erasure, found bool, err error) error {
	b.owe(err)
	if err != nil {
		return fmt.Errorf("finish erasing: %w", err)
	}
	if found {
		b.mu.Lock()
		b.finished = append(b.finished, what)
		b.mu.Unlock()
		b.o.Log.Warn("an erasure that was begun before is done")
	}
	return nil
}

// owe notes why an erasure is not done.
func (b *Buffer) owe(why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.owing = why
}

// waitsForRoom tells whether an erasure does.
func (b *Buffer) waitsForRoom() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return errors.Is(b.owing, ErrFull)
}

// Finished lists the erasures that were begun before, mostly by the process before, and that are done since Open. It waits for
// nobody.
func (b *Buffer) Finished() []Erasure {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.finished)
}
