package buffer_test

import (
	"encoding/binary"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"

	"releve/senml"
)

// packer turns packs into what is stored and back, for the ways the buffer is compared with.
type packer struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newPacker() (packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10))
	if err != nil {
		return packer{}, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	return packer{enc, dec}, err
}

func (k packer) seal(p senml.Pack) ([]byte, error) {
	cbor, err := senml.EncodeCBOR(p)
	return k.enc.EncodeAll(cbor, nil), err
}

func (k packer) open(data []byte) (senml.Pack, error) {
	cbor, err := k.dec.DecodeAll(data, nil)
	if err != nil {
		return nil, err
	}
	return senml.DecodeCBOR(cbor)
}

// plainLog keeps packs in a file, one behind the other, for BenchmarkSpeed. All it knows of them is where each begins
// and the time of its first record, in memory; whatever is asked is looked for in the packs of that time.
type plainLog struct {
	file  *os.File
	pack  packer
	end   int64
	packs []plainPack
}

type plainPack struct {
	at    int64
	size  int
	first float64
}

func openPlainLog(dir string) (keeping, error) {
	file, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	k := &plainLog{file: file}
	k.pack, err = newPacker()
	return k, err
}

func (k *plainLog) close() error { return k.file.Close() }

func (k *plainLog) put(p senml.Pack) error {
	if err := k.add(p); err != nil {
		return err
	}
	return k.file.Sync()
}

func (k *plainLog) fill(packs iter.Seq[senml.Pack]) error {
	for p := range packs {
		if err := k.add(p); err != nil {
			return err
		}
	}
	return k.file.Sync()
}

func (k *plainLog) add(p senml.Pack) error {
	data, err := k.pack.seal(p)
	if err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	if _, err := k.file.Write(append(head, data...)); err != nil {
		return err
	}
	k.packs = append(k.packs, plainPack{k.end + 4, len(data), p[0].Time})
	k.end += int64(4 + len(data))
	return nil
}

// each reads the packs that begin within a time.
func (k *plainLog) each(from, to float64, take func(p senml.Pack)) error {
	for _, at := range k.packs {
		if at.first < from || at.first >= to {
			continue
		}
		data := make([]byte, at.size)
		if _, err := io.ReadFull(io.NewSectionReader(k.file, at.at, int64(at.size)), data); err != nil {
			return err
		}
		p, err := k.pack.open(data)
		if err != nil {
			return err
		}
		take(p)
	}
	return nil
}

func (k *plainLog) drain(recipients int) (n int, err error) {
	for range recipients {
		if err := k.each(0, 1<<40, func(p senml.Pack) { n += len(p) }); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (k *plainLog) raw(from, to time.Time) (int, error) {
	var found senml.Pack
	err := k.each(float64(from.Unix()), float64(to.Unix()), func(p senml.Pack) {
		for _, r := range p {
			if r.Name == powerSeries {
				found = append(found, r)
			}
		}
	})
	return len(found), err
}

func (k *plainLog) tens(from, to time.Time) (int, error) { return k.means(from, to, 600) }
func (k *plainLog) days(from, to time.Time) (int, error) { return k.means(from, to, 86400) }

func (k *plainLog) means(from, to time.Time, seconds int64) (int, error) {
	type mean struct{ sum, count float64 }
	means := map[int64]mean{}
	err := k.each(float64(from.Unix()), float64(to.Unix()), func(p senml.Pack) {
		for _, r := range p {
			if r.Name == powerSeries {
				v, _ := r.Value.Number()
				m := means[int64(r.Time)/seconds]
				means[int64(r.Time)/seconds] = mean{m.sum + v, m.count + 1}
			}
		}
	})
	return len(means), err
}
