package buffer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4/fb"
)

var (
	errTable    = errors.New("checksum does not match")
	errUnfilled = errors.New("it names no block: the table was made and not filled")
)

// checkTables reads tables of Badger whole and verifies every checksum. Badger itself panics on some damaged
// tables, ends the process on others, and quietly loses keys when it compacts one. Tables hold no packs, only
// pointers and index, some 5 MB a month, so reading them is cheap.
func checkTables(paths []string) error {
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read table: %w", err)
		}
		if err := checkTable(data); err != nil {
			return &damage{fmt.Errorf("table %s: %w", filepath.Base(path), err)}
		}
	}
	return nil
}

// checkTable verifies one table.
//
// Format: blocks, index, index length(4), checksum, checksum length(4); a block is again data, checksum,
// checksum length(4). Numbers are big-endian, the index is a flatbuffer, a checksum is a protobuf.
func checkTable(data []byte) error {
	rest, err := checked(data, true)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	if len(rest) == 0 { // zeros to the end have a right checksum
		return fmt.Errorf("index: %w", errUnfilled)
	}
	return guarded(func() error { return checkBlocks(data, fb.GetRootAsTableIndex(rest, 0)) })
}

// checkBlocks verifies every block the index names. Badger ends the process on an index that names none.
func checkBlocks(data []byte, index *fb.TableIndex) error {
	if index.OffsetsLength() == 0 {
		return fmt.Errorf("index: %w", errUnfilled)
	}
	var at fb.BlockOffset
	for i := range index.OffsetsLength() {
		if !index.Offsets(&at, i) {
			return fmt.Errorf("block %d is not in the index", i)
		}
		from, to := uint64(at.Offset()), uint64(at.Offset())+uint64(at.Len())
		if to > uint64(len(data)) {
			return fmt.Errorf("block %d ends at %d of %d", i, to, len(data))
		}
		if _, err := checked(data[from:to], false); err != nil {
			return fmt.Errorf("block %d: %w", i, err)
		}
	}
	return nil
}

// checked cuts the checksum from the end of data and verifies it. With sized set the part it covers is not all
// that is left but as long as four bytes before the checksum say.
func checked(data []byte, sized bool) ([]byte, error) {
	data, size, ok := cutLength(data)
	if !ok {
		return nil, errTable
	}
	sum := data[len(data)-size:]
	data = data[:len(data)-size]
	if sized {
		if data, size, ok = cutLength(data); !ok {
			return nil, errTable
		}
		data = data[len(data)-size:]
	}
	want, ok := readSum(sum)
	if !ok || uint64(crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))) != want {
		return nil, errTable
	}
	return data, nil
}

// cutLength cuts four bytes from the end of data: a length that is not more than what is left.
func cutLength(data []byte) (rest []byte, length int, ok bool) {
	if len(data) < 4 {
		return nil, 0, false
	}
	rest = data[:len(data)-4]
	n := binary.BigEndian.Uint32(data[len(data)-4:])
	return rest, int(n), uint64(n) <= uint64(len(rest))
}

// readSum reads Badger's pb.Checksum: field 2 is the sum, field 1 the algorithm, absent for CRC-32C.
func readSum(message []byte) (uint64, bool) {
	if len(message) == 0 { // all fields have their default
		return 0, true
	}
	const fieldSum = 2 << 3 // a varint
	sum, n := binary.Uvarint(message[1:])
	return sum, message[0] == fieldSum && n == len(message)-1
}
