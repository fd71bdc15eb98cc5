package buffer_test

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"releve/senml"
)

// bolt keeps packs in bbolt, for BenchmarkSpeed: each compressed under its number, the places of recipients, every
// reading under its series and time, and the means of ten minutes and of days, as sum and count, under series and time.
// It does without what the buffer does for late and repeated readings, for gaps and against damage.
type bolt struct {
	db   *bbolt.DB
	ids  map[string]uint32
	pack packer
	next uint64
}

var boltBuckets = []string{"packs", "places", "readings", "tens", "days"}

func openBolt(dir string) (keeping, error) {
	db, err := bbolt.Open(filepath.Join(dir, "bolt"), 0o600, nil)
	if err != nil {
		return nil, err
	}
	k := &bolt{db: db, ids: map[string]uint32{}}
	if k.pack, err = newPacker(); err != nil {
		return nil, err
	}
	return k, db.Update(func(tx *bbolt.Tx) error {
		for _, name := range boltBuckets {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (k *bolt) close() error { return k.db.Close() }

func (k *bolt) put(p senml.Pack) error {
	return k.db.Update(func(tx *bbolt.Tx) error { return k.add(tx, p, func(string) bool { return true }) })
}

// fill indexes the power only: with all series it would take too long to wait for, and be no different to read.
func (k *bolt) fill(packs iter.Seq[senml.Pack]) error {
	k.db.NoSync = true
	next, stop := iter.Pull(packs)
	defer stop()
	for p, ok := next(); ok; {
		err := k.db.Update(func(tx *bbolt.Tx) error {
			for n := 0; ok && n < 1440; n++ {
				if err := k.add(tx, p, func(name string) bool { return name == powerSeries }); err != nil {
					return err
				}
				p, ok = next()
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	k.db.NoSync = false
	return k.db.Sync()
}

// add adds a pack, and the readings of the series that are indexed.
func (k *bolt) add(tx *bbolt.Tx, p senml.Pack, indexed func(name string) bool) error {
	data, err := k.pack.seal(p)
	if err != nil {
		return err
	}
	k.next++
	if err := tx.Bucket([]byte("packs")).Put(binary.BigEndian.AppendUint64(nil, k.next), data); err != nil {
		return err
	}
	for _, r := range p {
		if !indexed(r.Name) {
			continue
		}
		v, _ := r.Value.Number()
		key := k.key(r.Name, int64(math.Round(r.Time*1000)))
		if err := tx.Bucket([]byte("readings")).Put(key, binary.BigEndian.AppendUint64(nil, math.Float64bits(v))); err != nil {
			return err
		}
		for name, seconds := range map[string]int64{"tens": 600, "days": 86400} {
			if err := sum(tx.Bucket([]byte(name)), k.key(r.Name, int64(r.Time)/seconds), v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *bolt) key(name string, at int64) []byte {
	id, ok := k.ids[name]
	if !ok {
		id = uint32(len(k.ids))
		k.ids[name] = id
	}
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, id), uint64(at))
}

func sum(bucket *bbolt.Bucket, key []byte, v float64) error {
	count := uint64(1)
	if had := bucket.Get(key); had != nil {
		v += math.Float64frombits(binary.BigEndian.Uint64(had))
		count += binary.BigEndian.Uint64(had[8:])
	}
	return bucket.Put(key, binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, math.Float64bits(v)), count))
}

func (k *bolt) drain(recipients int) (n int, err error) {
	for i := range recipients {
		for at := uint64(1); at <= k.next; {
			err := k.db.View(func(tx *bbolt.Tx) error {
				c := tx.Bucket([]byte("packs")).Cursor()
				key, data := c.Seek(binary.BigEndian.AppendUint64(nil, at))
				for more := 16; key != nil && more > 0; more-- {
					p, err := k.pack.open(data)
					if err != nil {
						return err
					}
					n += len(p)
					at = binary.BigEndian.Uint64(key) + 1
					key, data = c.Next()
				}
				return nil
			})
			if err != nil {
				return n, err
			}
		}
		err := k.db.Update(func(tx *bbolt.Tx) error { // once: the buffer does not sync each acknowledgement either
			return tx.Bucket([]byte("places")).Put(fmt.Append(nil, i), binary.BigEndian.AppendUint64(nil, k.next))
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// scan reads a range of a bucket as records.
func (k *bolt) scan(bucket string, from, to int64, value func(data []byte) float64) (p senml.Pack, err error) {
	err = k.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte(bucket)).Cursor()
		end := string(k.key(powerSeries, to))
		for key, data := c.Seek(k.key(powerSeries, from)); key != nil && string(key) < end; key, data = c.Next() {
			at := float64(binary.BigEndian.Uint64(key[4:]))
			p = append(p, senml.Record{Name: powerSeries, Unit: "VA", Value: senml.NumberValue(value(data)), Time: at})
		}
		return nil
	})
	return p, err
}

func (k *bolt) raw(from, to time.Time) (int, error) {
	p, err := k.scan("readings", from.UnixMilli(), to.UnixMilli(), func(data []byte) float64 {
		return math.Float64frombits(binary.BigEndian.Uint64(data))
	})
	return len(p), err
}

func meanOf(data []byte) float64 {
	return math.Float64frombits(binary.BigEndian.Uint64(data)) / float64(binary.BigEndian.Uint64(data[8:]))
}

func (k *bolt) tens(from, to time.Time) (int, error) {
	p, err := k.scan("tens", from.Unix()/600, to.Unix()/600, meanOf)
	return len(p), err
}

func (k *bolt) days(from, to time.Time) (int, error) {
	p, err := k.scan("days", from.Unix()/86400, to.Unix()/86400, meanOf)
	return len(p), err
}
