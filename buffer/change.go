package buffer

import (
	"errors"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

// change is a key to set, or to delete where there is no value.
type change struct{ key, value []byte }

// changeStep bounds a transaction of changes, so that Badger takes it.
const changeStep = 1000

// writeChanges makes changes, in order, in as many transactions as it takes. They become durable with the next fold:
// all of them can be made again from what is durable. The caller holds the turn.
func (b *Buffer) writeChanges(changes []change) error {
	if err := checkRoom(b.o, tidyRoom); err != nil {
		return err
	}
	for part := range slices.Chunk(changes, changeStep) {
		err := guarded(func() error {
			return b.db.Update(func(txn *badger.Txn) error { return setChanges(txn, part) })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func setChanges(txn *badger.Txn, changes []change) error {
	for _, c := range changes {
		var err error
		if c.value == nil {
			err = txn.Delete(c.key)
		} else {
			err = txn.Set(c.key, c.value)
		}
		if errors.Is(err, badger.ErrKeyNotFound) {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}
