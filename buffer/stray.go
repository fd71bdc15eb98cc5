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

// keptTorn is how many torn strays are kept, the newest.
const keptTorn = 4

// sortStrays removes the strays which the store proves to be without worth, or every kill while a table is written would
// leave one for good: those of which it has all, and those that were never whole, but for the newest few, so that somebody
// may look at them. A table is whole before MANIFEST knows it, so nothing has ever been read from a torn one. A whole one
// stays for good when the store lacks anything of it. It returns how many stay.
func (b *Buffer) sortStrays() (int, error) {
	paths, err := straysOf(b.o.Dir)
	if err != nil {
		return 0, fmt.Errorf("look for strays: %w", err)
	}
	kept, torn := 0, 0
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return 0, fmt.Errorf("read stray: %w", err)
		}
		err = checkTable(data)
		whole := err == nil
		if whole {
			err = b.lacks(data)
		}
		if err != nil && (whole || usedLength(data) > 0 && torn < keptTorn) {
			kept++
			if !whole {
				torn++
			}
			b.o.Log.Warn("a table beside the store is kept", "table", path, "error", err)
			continue
		}
		if err := os.Remove(path); err != nil {
			return 0, fmt.Errorf("remove stray: %w", err)
		}
		b.o.Log.Info("a table of which the store has all, or that was never whole, is removed", "table", filepath.Base(path))
		b.aside = slices.DeleteFunc(b.aside, func(report string) bool { return strings.HasSuffix(report, " "+path) })
	}
	return kept, nil
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
