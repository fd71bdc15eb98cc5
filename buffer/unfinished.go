package buffer

import (
	"errors"

	"github.com/dgraph-io/badger/v4"
)

// writeWhole makes a pack durable that is too large for the journal: first itself, then what tells of it. Badger keeps the
// two in different files, and a power cut could leave what tells of it, such as that undated packs have gone, without it.
// The caller holds the turn.
func (b *Buffer) writeWhole(key, sealed []byte, tell func(txn *badger.Txn) error) error {
	if err := checkRoom(b.o, tidyRoom); err != nil {
		return err
	}
	err := b.catchUp()
	if err == nil {
		err = b.db.Update(func(txn *badger.Txn) error { return txn.Set(key, sealed) })
	}
	if err == nil {
		err = b.sync()
	}
	if err == nil {
		err = b.write(tell)
	}
	if err != nil { // later packs must not make it look as if it were told of
		err = errors.Join(err, b.db.Update(func(txn *badger.Txn) error { return txn.Delete(key) }))
	}
	return err
}

// dropUnfinished takes away packs that nothing tells of: Put had not returned when the power went. Their numbers are the
// next to be used. It must be done whenever the store is opened, so it need not be durable.
func (b *Buffer) dropUnfinished() error {
	var keys [][]byte
	err := b.look(func(txn *badger.Txn) (err error) {
		keys, err = unfinished(txn)
		return err
	})
	if err != nil || len(keys) == 0 {
		return err
	}
	b.o.Log.Info("packs were not written whole before the power went", "packs", len(keys))
	return b.db.Update(func(txn *badger.Txn) error {
		for _, key := range keys {
			if err := txn.Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
}

// unfinished lists the keys of packs whose numbers are not used yet, as far as it is known which are.
func unfinished(txn *badger.Txn) (keys [][]byte, err error) {
	data, err := value(txn, totalsKey())
	if err == nil {
		var t totals
		t, err = decodeTotals(data)
		keys = keysFrom(txn, kindPack, packKey(t.next))
	}
	if err == nil {
		data, err = value(txn, numberKey())
	}
	if err == nil {
		var number uint64
		number, err = decodeNumber(data)
		keys = append(keys, keysFrom(txn, kindUndated, undatedPack{number: number}.key())...)
	}
	if errors.Is(err, badger.ErrKeyNotFound) { // a new store, or one that has had nothing undated
		err = nil
	}
	return keys, err
}

// keysFrom lists the keys of a kind from one on.
func keysFrom(txn *badger.Txn, kind byte, from []byte) (keys [][]byte) {
	it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{kind}})
	defer it.Close()
	for it.Seek(from); it.Valid(); it.Next() {
		keys = append(keys, it.Item().KeyCopy(nil))
	}
	return keys
}
