package buffer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dgraph-io/badger/v4"
)

// A successor is a store that takes the place of the one there is. Badger keeps what was deleted in its files for weeks, and
// in some for good: what is to be erased must not be copied, and the files that have it must go. Each name of its folder,
// within the store's, says how far it has come; it gets the next once all before is durable, so a power cut at any write
// leaves one of them, and succeed goes on from there.
const (
	nextPart = "NEXT.part" // it is being written; removed when that was cut short
	nextFull = "NEXT"      // it is whole: the files of the old store go
	nextOnly = "NEXT.only" // they have gone: its files take their place
)

// buildSuccessor writes a store without what is to be erased, beside this one. The caller holds the turn.
func (b *Buffer) buildSuccessor(ctx context.Context, what Erasure) (Erased, error) {
	if err := b.catchUp(); err != nil {
		return Erased{}, err
	}
	if err := b.checkSuccessorRoom(what); err != nil {
		return Erased{}, err
	}
	dir := filepath.Join(b.o.Dir, nextPart)
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
		return Erased{}, fmt.Errorf("make the store without them: %w", err)
	}
	sum, err := b.fill(ctx, dir, what)
	if err == nil {
		err = syncTree(dir)
	}
	if err != nil {
		return Erased{}, fmt.Errorf("make the store without them: %w", err)
	}
	b.o.watch("built")
	return sum, nil
}

// checkSuccessorRoom refuses when there is no room for what is left.
func (b *Buffer) checkSuccessorRoom(what Erasure) error {
	need := uint64(openRoom)
	if !what.All() {
		b.mu.Lock()
		need += uint64(b.bytes + b.blocks + b.undatedBytes)
		b.mu.Unlock()
	}
	return checkRoom(b.o, need)
}

// fill copies what is left into a new database.
func (b *Buffer) fill(ctx context.Context, dir string, what Erasure) (sum Erased, err error) {
	db, err := badger.Open(tuned(dir, b.o.Log))
	if err != nil {
		return Erased{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	f := filler{db: db}
	e := newEraser(b, what, f.set)
	if err := e.run(ctx); err != nil {
		return Erased{}, err
	}
	return e.erased(), f.flush()
}

// filler writes changes some at a time.
type filler struct {
	db      *badger.DB
	changes []change
	size    int
}

// fillStep bounds a transaction in bytes, so that Badger takes it; a larger value lies in the value log.
const fillStep = 128 << 10

// set takes a key and its value, which must not be changed any more.
func (f *filler) set(key, value []byte) error {
	f.changes = append(f.changes, change{key, append([]byte{}, value...)})
	if f.size += len(key) + len(value); f.size < fillStep && len(f.changes) < changeStep {
		return nil
	}
	return f.flush()
}

func (f *filler) flush() error {
	err := guarded(func() error {
		return f.db.Update(func(txn *badger.Txn) error { return setChanges(txn, f.changes) })
	})
	f.changes, f.size = f.changes[:0], 0
	return err
}

// succeed puts the store that was built in the place of this one, and goes on with it. The caller holds the turn and
// reclaiming.
func (b *Buffer) succeed() error {
	b.reading.Lock()
	defer b.reading.Unlock()
	dir := b.o.Dir
	if err := os.Rename(filepath.Join(dir, nextPart), filepath.Join(dir, nextFull)); err != nil {
		return err
	}
	if err := errors.Join(syncPath(dir), b.db.Close(), b.journal.Close(), succeed(dir, b.o.watch)); err != nil {
		return err
	}
	next, err := openStore(b.o, b.lock)
	if err != nil {
		return err
	}
	b.adopt(next)
	return errors.Join(dropAside(dir), fulfil(dir))
}

// adopt takes over what another has opened. The cursors are those that are in use.
func (b *Buffer) adopt(next *Buffer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.db, b.journal, b.shelf = next.db, next.journal, nil
	next.undatedGone = b.undatedGone
	b.state, b.aside, b.strays, b.damage = next.state, nil, 0, ""
	b.newest, b.gone = map[string]Seq{}, 0
	clear(b.bad)
	for name, c := range b.cursors {
		if stored := next.cursors[name]; stored != nil {
			c.written = stored.written
		}
	}
	b.erasures++
	b.wakeAll()
}

// succeed goes on with a successor from where the process before, or this one, has left it.
func succeed(dir string, watch func(string)) error {
	err := os.RemoveAll(filepath.Join(dir, nextPart))
	if _, missing := os.Stat(filepath.Join(dir, nextFull)); missing == nil && err == nil {
		err = clearOut(dir, watch)
	}
	if _, missing := os.Stat(filepath.Join(dir, nextOnly)); missing == nil && err == nil {
		err = moveIn(dir, watch)
	}
	if err != nil {
		return fmt.Errorf("put the store without what was erased in its place: %w", err)
	}
	return nil
}

// clearOut removes the old store.
func clearOut(dir string, watch func(string)) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if slices.Contains([]string{nextFull, lockFile, sequenceFile, eraseFile}, e.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
		watch("removed")
	}
	if err := syncPath(dir); err != nil {
		return err
	}
	return errors.Join(os.Rename(filepath.Join(dir, nextFull), filepath.Join(dir, nextOnly)), syncPath(dir))
}

// moveIn puts the files of the successor in their place.
func moveIn(dir string, watch func(string)) error {
	from := filepath.Join(dir, nextOnly)
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(from, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			return err
		}
		watch("moved in")
	}
	return errors.Join(syncPath(dir), os.Remove(from), syncPath(dir))
}

// asideOf lists the folders of what was set aside of a store.
func asideOf(dir string) []string {
	entries, _ := os.ReadDir(filepath.Dir(dir)) // of what cannot be read, the opening has told
	var paths []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), filepath.Base(dir)+".damaged-") {
			paths = append(paths, filepath.Join(filepath.Dir(dir), e.Name()))
		}
	}
	return paths
}

// dropAside removes what was set aside: nothing in it can be told from what is to be erased.
func dropAside(dir string) error {
	for _, path := range asideOf(dir) {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return syncPath(filepath.Dir(dir))
}

// syncTree makes durable all files of a folder, and it.
func syncTree(dir string) error {
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncPath(path)
	})
	if err == nil {
		err = syncPath(filepath.Dir(dir))
	}
	return err
}

// syncPath makes a file or a folder durable.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
