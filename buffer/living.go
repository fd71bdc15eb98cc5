package buffer

import (
	"errors"

	"github.com/dgraph-io/badger/v4"

	"releve/buffer/journal"
)

// lively is the part of a value log from which on Badger does not free it for what lives in it: twice what freeLog asks for.
const lively = 25

var errLively = errors.New("much lives in it")

// secureLiving enters into the journal what lives in value logs that Badger may free. It moves that and keeps where it is
// now in another file: a power cut may leave the place without the value, and the old place is forgotten. With
// room for them wanting it returns badger.ErrNoRewrite: soon they have gone. The caller holds the turn, and folds the journal
// in the end if there are any.
func (b *Buffer) secureLiving() (secured bool, err error) {
	f, err := listFiles(b.o.Dir)
	if err != nil {
		return false, err
	}
	var all []note
	for _, path := range f.values[:max(len(f.values)-1, 0)] { // Badger writes to the last
		notes, err := b.livingIn(path)
		if err != nil {
			return false, err
		}
		all = append(all, notes...)
	}
	if len(all) == 0 {
		return false, nil
	}
	if err := b.fold(); err != nil {
		return false, err
	}
	for _, n := range all {
		err := b.journal.Add(n.encode())
		if errors.Is(err, journal.ErrFull) {
			err = badger.ErrNoRewrite
		}
		if err != nil {
			return true, err
		}
		b.o.watch("entered")
	}
	return true, nil
}

// livingIn lists what lives in a value log in which little does: packs, blocks, and of the index what is long.
func (b *Buffer) livingIn(path string) (notes []note, err error) {
	size, err := fileLength(path)
	if err != nil {
		return nil, err
	}
	lives := int64(0)
	err = b.look(func(txn *badger.Txn) error {
		_, err := eachValue(path, func(key []byte, version uint64) error {
			item, err := txn.Get(key)
			if errors.Is(err, badger.ErrKeyNotFound) || err == nil && item.Version() != version {
				return nil
			}
			if err != nil {
				return err
			}
			if lives += item.ValueSize(); lives > size/lively {
				return errLively
			}
			sealed, err := item.ValueCopy(nil)
			if len(sealed) > 0 { // nothing is read of what is damaged
				notes = append(notes, noteOf(item.KeyCopy(nil), sealed))
			}
			return err
		})
		return err
	})
	if errors.Is(err, errLively) {
		return nil, nil
	}
	return notes, err
}

// noteOf is the entry of the journal which a stored pack once was, or that of another value.
func noteOf(key, sealed []byte) note {
	if _, isPack := packSeq(key); isPack {
		return note{sealed: sealed}
	}
	return note{key: key, sealed: sealed}
}
