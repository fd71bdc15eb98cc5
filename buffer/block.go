package buffer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"

	"releve/senml"
)

// block is what the series of one hour have said, once the hour is over, so that a day of one series need not be
// picked out of thousands of packs. It is never more than the packs say but for those of them that were trimmed,
// and can be made again from them.
//
// Format, big-endian:
//
//	offset  size  field
//	0       2     magic "RB"
//	2       1     version, 1
//	3       1     1: the payload is zstd; 0: it is stored as it is
//	4       4     hour
//	8       8     number of the last pack it knows of
//	16      4     length of the payload before compression
//	20      …     payload
//	end-4   4     CRC-32C of everything before
//
// Payload: the axis: uvarint times, then each in ms since the one before (uvarint); then for each series, by id:
// uvarint ids left out since the last, uvarint length of its column, column.
//
// Example: 52420101 00077d90 0006200000000007 00000040 begins the block of 2026-01-01T00 UTC
type block struct {
	hour    hour
	seq     Seq
	columns map[uint32]*column
	grown   bool            // it has more than what is stored
	stored  map[uint32]bool // what of the series that were asked for is stored
	unread  bool            // what is stored cannot be read
}

const (
	blockVersion = 1
	blockFixed   = 20
	// blockTarget is about the length at which a block is cut in parts, between series.
	blockTarget = 512 << 10
	// maxColumn leaves a series which says more than that in an hour to its packs.
	maxColumn = maxCBOR / 2
)

// errBlock is under the error of every block that cannot be read back.
var errBlock = errors.New("block of the history is damaged")

// parts encodes the block, in order of the series' ids, as one payload or several. Each is under the first id it
// holds, so that the part of a series is the last whose first id is not above its own.
func (k *block) parts() map[uint32][]byte {
	ids := slices.Sorted(maps.Keys(k.columns))
	all := map[uint32][]byte{}
	for start := 0; start < len(ids); {
		end, size := start, 0
		for end < len(ids) && (size < blockTarget || end == start) {
			size += k.columns[ids[end]].size() * bytesPerReading
			end++
		}
		all[ids[start]] = k.payload(ids[start:end])
		start = end
	}
	return all
}

// bytesPerReading is about what a reading takes in a payload.
const bytesPerReading = 4

// payload encodes some series of the block. One that is too large, or of more records than a pack may have, is left out.
func (k *block) payload(ids []uint32) []byte {
	axis := k.axis(ids)
	out := binary.AppendUvarint(nil, uint64(len(axis)))
	before := int32(0)
	for _, at := range axis {
		out = binary.AppendUvarint(out, uint64(at-before))
		before = at
	}
	next := uint32(0)
	for _, id := range ids {
		data, err := k.columns[id].encode(nil, axis)
		if err != nil || len(data) > maxColumn || len(out)+len(data) > maxCBOR {
			continue
		}
		out = binary.AppendUvarint(out, uint64(id-next))
		out = appendText(out, string(data))
		next = id + 1
	}
	return out
}

// fits tells whether a column is not too large for a block.
func (c *column) fits() bool {
	alone := block{columns: map[uint32]*column{0: c}}
	data, err := c.encode(nil, alone.axis([]uint32{0}))
	return err == nil && len(data) <= maxColumn
}

// axis lists the times at which one of the plain columns has a reading: a frame of the meter gives all series the
// same time, so it is written once.
func (k *block) axis(ids []uint32) []int32 {
	var all []int32
	for _, id := range ids {
		for _, s := range k.columns[id].samples {
			all = append(all, s.at)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// sealBlock writes a payload with what surrounds it on disk.
func (c *codec) sealBlock(h hour, seq Seq, payload []byte) []byte {
	coding, small := c.compress(payload)
	out := append(make([]byte, 0, blockFixed+len(small)+envelopeSum), 'R', 'B', blockVersion, coding)
	out = binary.BigEndian.AppendUint32(out, uint32(h))
	out = binary.BigEndian.AppendUint64(out, uint64(seq))
	out = binary.BigEndian.AppendUint32(out, uint32(len(payload)))
	out = append(out, small...)
	return binary.BigEndian.AppendUint32(out, crc32.Checksum(out, c.poly))
}

// openBlock checks a part of a block and reads the columns that want names; nil wants all of them.
func (c *codec) openBlock(data []byte, want func(id uint32) bool) (*block, error) {
	body := len(data) - envelopeSum
	switch {
	case body < blockFixed:
		return nil, fmt.Errorf("%w: %d bytes are too few", errBlock, len(data))
	case data[0] != 'R' || data[1] != 'B' || data[2] != blockVersion:
		return nil, fmt.Errorf("%w: it begins with %x", errBlock, data[:3])
	case crc32.Checksum(data[:body], c.poly) != binary.BigEndian.Uint32(data[body:]):
		return nil, fmt.Errorf("%w: checksum does not match", errBlock)
	}
	payload, err := c.inflate(data[3], data[blockFixed:body], binary.BigEndian.Uint32(data[16:]))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBlock, err)
	}
	k := &block{hour: hour(binary.BigEndian.Uint32(data[4:])), seq: Seq(binary.BigEndian.Uint64(data[8:]))}
	if k.columns, err = decodeColumns(payload, k.hour, want); err != nil {
		return nil, fmt.Errorf("%w: %w", errBlock, err)
	}
	return k, nil
}

// decodeColumns reads a payload.
func decodeColumns(payload []byte, h hour, want func(id uint32) bool) (map[uint32]*column, error) {
	b := &scanner{data: payload}
	axis := make([]int32, b.uvarint(min(uint64(len(payload)), msPerHour)))
	at := uint64(0)
	for i := range axis {
		if at += b.uvarint(msPerHour); at >= msPerHour {
			return nil, errMalformed
		}
		axis[i] = int32(at)
	}
	columns := map[uint32]*column{}
	for next := uint64(0); len(b.data) > 0; next++ {
		next += b.uvarint(maxIDs)
		data := b.take(b.uvarint(maxColumn))
		if b.err != nil || next >= maxIDs {
			return nil, errMalformed
		}
		if want != nil && !want(uint32(next)) {
			continue
		}
		c, err := decodeColumn(data, axis)
		if err == nil && slices.ContainsFunc(c.records, func(r senml.Record) bool { return !isWithin(h, r.Time) }) {
			err = errMalformed
		}
		if err != nil {
			return nil, err
		}
		columns[uint32(next)] = c
	}
	return columns, b.err
}

func isWithin(h hour, seconds float64) bool { return seconds >= h.start() && seconds < (h+1).start() }
