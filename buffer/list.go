package buffer

import (
	"context"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"

	"releve/senml"
)

// PackInfo is what List tells of a pack.
type PackInfo struct {
	Seq Seq
	// Put is when it was put, to the millisecond.
	Put time.Time
	// Bytes is its size as stored.
	Bytes int64
	// Records and the times of the first and the last of them; zero when Err is set.
	Records     int
	First, Last time.Time
	// Err tells why the pack cannot be read, or is nil.
	Err error
}

// List calls tell for every pack with a number of from or more, in order, until it returns an error. It holds one
// pack in memory at a time.
func (b *Buffer) List(ctx context.Context, from Seq, tell func(PackInfo) error) error {
	err := b.view(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{kindPack}})
		defer it.Close()
		for it.Seek(packKey(from)); it.Valid(); it.Next() {
			if err := ctx.Err(); err != nil {
				return err
			}
			seq, _ := packSeq(it.Item().Key())
			if err := tell(b.info(txn, seq)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list packs: %w", err)
	}
	return nil
}

// info reads one pack.
func (b *Buffer) info(txn *badger.Txn, seq Seq) PackInfo {
	i := PackInfo{Seq: seq}
	i.Err = guarded(func() error {
		e, err := b.openPack(txn, seq)
		if err != nil {
			return err
		}
		p, err := e.pack()
		if err != nil {
			return err
		}
		i.Put, i.Records = e.put, len(p)
		i.First, i.Last = extent(p)
		return nil
	})
	i.Bytes, _, _ = b.measure(txn, seq)
	return i
}

// extent is the earliest and the latest time of a pack.
func extent(p senml.Pack) (first, last time.Time) {
	from, to := p[0].Time, p[0].Time
	for i := range p {
		from, to = min(from, p[i].Time), max(to, p[i].Time)
	}
	return time.UnixMilli(int64(from * 1000)), time.UnixMilli(int64(to * 1000))
}
