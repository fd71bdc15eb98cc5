package buffer

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

// tens is the cells of ten minutes of one series in one hour; those without a reading are empty.
type tens [tensPerHour]cell

const (
	tensPerHour = 6
	msPerTen    = msPerHour / tensPerHour
)

// rollUp makes the cells of a settled column.
func (c *column) rollUp(h hour, kind Kind, hold int64) tens {
	var all tens
	note := func(kind Kind, x reading) {
		ten := &all[(x.at-h.milli())/msPerTen]
		*ten = ten.join(cellOf(kind, x), hold)
	}
	for _, s := range c.samples {
		note(kind, reading{at: h.milli() + int64(s.at), v: s.v})
	}
	for i := range c.records {
		x, own, ok := readingOf(&c.records[i])
		if own != Text {
			own = kind
		}
		if ok {
			note(own, x)
		}
	}
	return all
}

// count is how many readings they were made of.
func (t tens) count() (n uint64) {
	for _, c := range t {
		n += c.count
	}
	return n
}

// chunks encodes the cells of an hour as values shorter than what Badger moves to the value log, where something
// that stays for years would keep the packs around it from being freed. Each is under its first cell.
//
// Format:  kind, scale, then for each cell: uvarint cells left out since the last, cell
// Example: 00 00 00 02 e807 d00f 00 a008 02 00 02 00 is a quantity with the example of cell in its first ten minutes
func (t *tens) chunks(h hour) map[int][]byte {
	all := map[int][]byte{}
	for first := 0; first < tensPerHour; {
		end, data := t.chunk(h, first)
		if data != nil {
			all[first] = data
		}
		first = end
	}
	return all
}

// chunk encodes as many cells from first on as there is room for, and says which is the next.
func (t *tens) chunk(h hour, first int) (end int, data []byte) {
	if t[first].count == 0 {
		return first + 1, nil
	}
	end = first + 1
	data = t.encode(h, first, end)
	for more := end + 1; more <= tensPerHour; more++ {
		if t[more-1].count == 0 {
			continue
		}
		if t[more-1].kind != t[first].kind {
			break
		}
		longer := t.encode(h, first, more)
		if len(longer) >= inlineValue {
			break
		}
		end, data = more, longer
	}
	return end, data
}

func (t *tens) encode(h hour, first, end int) []byte {
	s := scaleFor(t[first:end]...)
	dst := []byte{byte(t[first].kind), byte(s)}
	next := first
	for i := first; i < end; i++ {
		if t[i].count > 0 {
			dst = binary.AppendUvarint(dst, uint64(i-next))
			dst = t[i].encode(dst, h.milli()+int64(i)*msPerTen, s)
			next = i + 1
		}
	}
	return dst
}

// decodeChunk reads a chunk into the cells of its hour.
func (t *tens) decodeChunk(h hour, first int, data []byte) error {
	b := &scanner{data: data}
	kind, s := decodeHead(b)
	for i := uint64(first); len(b.data) > 0; i++ {
		if i += b.uvarint(tensPerHour); i >= tensPerHour {
			return errMalformed
		}
		start := h.milli() + int64(i)*msPerTen
		t[i] = decodeCell(b, kind, start, s)
		if t[i].last >= start+msPerTen {
			return errMalformed
		}
	}
	return b.err
}

// The key of a chunk: hours in groups of 256, so that compaction meets only the latest group, and within it one
// series after the other, so that a month of one series lies in four places.
const tensBucket = 256

func tensPrefix(bucket uint32, id uint32) []byte {
	key := append([]byte{kindTens}, byte(bucket>>16), byte(bucket>>8), byte(bucket))
	return binary.BigEndian.AppendUint32(key, id)
}

func tensKey(h hour, id uint32, first int) []byte {
	return append(tensPrefix(uint32(h)/tensBucket, id), byte(h), byte(first))
}

// tensAt reads a key made by tensKey.
func tensAt(key []byte) (h hour, id uint32, first int, ok bool) {
	if len(key) != 10 || key[0] != kindTens {
		return 0, 0, 0, false
	}
	bucket := uint32(key[1])<<16 | uint32(key[2])<<8 | uint32(key[3])
	return hour(bucket*tensBucket + uint32(key[8])), binary.BigEndian.Uint32(key[4:]), int(key[9]), true
}

// spell is the cells of one hour.
type spell struct {
	hour hour
	tens
}

// storedTens reads the cells of a series that are stored for the hours from ≤ hour < end.
func storedTens(txn *badger.Txn, id uint32, from, end hour) ([]spell, error) {
	var all []spell
	for bucket := uint32(from) / tensBucket; hour(bucket*tensBucket) < end; bucket++ {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: tensPrefix(bucket, id)})
		for it.Seek(tensKey(max(from, hour(bucket*tensBucket)), id, 0)); it.Valid(); it.Next() {
			h, _, first, ok := tensAt(it.Item().Key())
			if !ok || h >= end {
				break
			}
			if len(all) == 0 || all[len(all)-1].hour != h {
				all = append(all, spell{hour: h})
			}
			err := it.Item().Value(func(data []byte) error { return all[len(all)-1].decodeChunk(h, first, data) })
			if err != nil {
				it.Close()
				return nil, fmt.Errorf("roll-ups of hour %d: %w", h, err)
			}
		}
		it.Close()
	}
	return all, nil
}

// replace sets or replaces the cells of an hour in a list ordered by hour.
func replace(all []spell, s spell) []spell {
	at, found := slices.BinarySearchFunc(all, s.hour, func(x spell, h hour) int { return cmp.Compare(x.hour, h) })
	if found {
		all[at] = s
		return all
	}
	return slices.Insert(all, at, s)
}
