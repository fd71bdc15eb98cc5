package buffer

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"
)

// strayName is a free name for a table that MANIFEST does not know; Badger gives the number again.
func strayName(path string) string {
	name := path + ".unknown"
	for n := 2; ; n++ {
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return name
		}
		name = fmt.Sprintf("%s.unknown-%d", path, n)
	}
}

// Bounds of what is kept beside the store: torn strays, the newest, and whole ones of which the store lacks something.
const (
	keptTorn  = 4
	keptWhole = 8
	keptBytes = 16 << 20
)

// stray is a table that MANIFEST does not know.
type stray struct {
	path  string
	size  int64
	whole bool
	worth error // why it is kept, nil when it is without worth
}

// sortStrays removes the strays which the store proves to be without worth, or every kill while a table is written would
// leave one for good: those of which it has all, and those that were never whole, but for the newest few, so that somebody
// may look at them. A table is whole before MANIFEST knows it, so nothing has ever been read from a torn one. A whole one
// is never removed when the store lacks anything of it; once there are many, they go to a folder of their own (see
// boundStrays). It returns how many stay.
func (b *Buffer) sortStrays() (int, error) {
	paths, err := straysOf(b.o.Dir)
	if err != nil {
		return 0, fmt.Errorf("look for strays: %w", err)
	}
	var whole, torn []stray
	for _, path := range paths {
		s, err := b.judge(path)
		if err != nil {
			return 0, fmt.Errorf("read stray: %w", err)
		}
		switch {
		case s.worth == nil, !s.whole && len(torn) == keptTorn:
			if err := b.removeStray(s); err != nil {
				return 0, err
			}
			continue
		case s.whole:
			whole = append(whole, s)
		default:
			torn = append(torn, s)
		}
		b.o.Log.Warn("a table beside the store is kept", "table", path, "error", s.worth)
	}
	left, err := b.boundStrays(whole)
	return left + len(torn), err
}

// judge tells what a stray is worth.
func (b *Buffer) judge(path string) (stray, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return stray{}, err
	}
	s := stray{path: path, size: int64(len(data)), worth: checkTable(data)}
	switch {
	case s.worth == nil:
		s.whole, s.worth = true, b.lacks(data)
	case usedLength(data) == 0:
		s.worth = nil
	}
	return s, nil
}

func (b *Buffer) removeStray(s stray) error {
	if err := os.Remove(s.path); err != nil {
		return fmt.Errorf("remove stray: %w", err)
	}
	b.o.Log.Info("a table of which the store has all, or that was never whole, is removed", "table", filepath.Base(s.path))
	b.unreport(s)
	return nil
}

// unreport takes back that a stray is kept beside the store.
func (b *Buffer) unreport(s stray) {
	b.aside = slices.DeleteFunc(b.aside, func(report string) bool { return strings.HasSuffix(report, " "+s.path) })
}

// boundStrays keeps whole strays from gathering beside the store, where each is read at every opening: when they are too
// many or too large, all of them move to one folder with the date in its name, which is told in Stats. Nothing is removed.
func (b *Buffer) boundStrays(whole []stray) (left int, err error) {
	size := int64(0)
	for _, s := range whole {
		size += s.size
	}
	if len(whole) <= keptWhole && size <= keptBytes || b.o.KeepDamaged {
		return len(whole), nil
	}
	folder := asideName(b.o.Dir, b.o.now())
	if err := os.Mkdir(folder, 0o700); err != nil {
		return 0, fmt.Errorf("set tables aside: %w", err)
	}
	for _, s := range whole {
		if err := os.Rename(s.path, filepath.Join(folder, filepath.Base(s.path))); err != nil {
			return 0, fmt.Errorf("set tables aside: %w", err)
		}
		b.unreport(s)
	}
	report := fmt.Sprintf("%d tables that MANIFEST does not know have something which the store lacks; kept in %s", len(whole), folder)
	b.o.Log.Warn("tables beside the store are set aside", "report", report)
	b.aside = append(b.aside, report)
	return 0, nil
}

// straysOf lists the strays of a folder, the newest first.
func straysOf(dir string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.sst.unknown*"))
	written := map[string]time.Time{}
	for _, path := range paths {
		info, failed := os.Stat(path)
		if failed != nil {
			return nil, failed
		}
		written[path] = info.ModTime()
	}
	slices.SortFunc(paths, func(x, y string) int {
		return cmp.Or(written[y].Compare(written[x]), cmp.Compare(y, x))
	})
	return paths, err
}

// lacks tells with an error that the store lacks something of a whole table: for each key it must have the same, or a later
// commit that took its place, which for what is written once is a deletion. It may have nothing of a key that says nothing
// by itself, or that the table deletes: a kill after tables have become one leaves the old ones, with what went then.
func (b *Buffer) lacks(data []byte) error {
	return b.look(func(txn *badger.Txn) error {
		t, err := table.OpenInMemoryTable(data, 0, &table.Options{})
		if err != nil {
			return fmt.Errorf("read stray: %w", err)
		}
		said := t.NewIterator(0)
		defer said.Close()
		known := txn.NewIterator(badger.IteratorOptions{AllVersions: true})
		defer known.Close()
		known.Rewind()
		for said.Rewind(); said.Valid(); said.Next() {
			key := y.ParseKey(said.Key())
			if !mayLack(key, said.Value()) && !proves(known, said.Key(), said.Value()) {
				return fmt.Errorf("the store lacks its %s of commit %d", keyName(key), y.ParseTs(said.Key()))
			}
		}
		return nil
	})
}

// Badger's marks of a deletion, and of a value that is a place in the value log: file(4) length(4) offset(4), in the order
// of the machine, which is little-endian wherever this program runs.
const (
	metaDeleted = 1
	metaPlace   = 2
)

// mayLack tells whether it is no loss that a key is not there.
func mayLack(key []byte, said y.ValueStruct) bool {
	isMark := key[0] == kindFlush || key[0] == kindOpen || key[0] == kindUnmade
	return isMark || said.Meta&metaDeleted != 0
}

// proves tells whether an entry of a table is known. The iterator goes on from where it is: keys are asked for in order.
func proves(known *badger.Iterator, entry []byte, said y.ValueStruct) bool {
	key, commit := y.ParseKey(entry), y.ParseTs(entry)
	for steps := 0; known.Valid() && bytes.Compare(known.Item().Key(), key) < 0; steps++ {
		if steps == seekAfter {
			known.Seek(key)
			break
		}
		known.Next()
	}
	if !known.Valid() || !bytes.Equal(known.Item().Key(), key) {
		return false
	}
	item := known.Item()
	once := key[0] == kindPack || key[0] == kindTime || key[0] == kindUndated
	switch {
	case item.Version() < commit:
		return false
	case item.Version() > commit && (item.IsDeletedOrExpired() || !once):
		return true
	}
	return says(item, said)
}

// says tells whether an item is what a table has under its key.
func says(item *badger.Item, said y.ValueStruct) bool {
	if said.Meta&metaPlace != 0 {
		return len(said.Value) == 12 && item.EstimatedSize() == int64(binary.LittleEndian.Uint32(said.Value[4:]))
	}
	value, err := item.ValueCopy(nil)
	return err == nil && bytes.Equal(value, said.Value)
}

// seekAfter is how many steps cost as much as finding a key.
const seekAfter = 16
