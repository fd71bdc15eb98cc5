package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
)

// Read returns what Entries would of the journal of a folder. It makes none where there is none.
func Read(dir string) (bodies [][]byte, err error) {
	j := Journal{path: filepath.Join(dir, File)}
	if bodies, _, err = j.Entries(); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return bodies, err
}

// Entries reads what is durable, in order, and remembers the generation. Damage hides no entry but those it is in: hole
// tells where it begins, when there is an entry behind it.
func (j *Journal) Entries() (bodies [][]byte, hole int, err error) {
	data, err := os.ReadFile(j.path)
	if err != nil {
		return nil, 0, fmt.Errorf("read journal: %w", err)
	}
	var known bool
	if j.generation, j.unit, known = readHead(data); !known {
		j.generation, j.unit = newestGeneration(data), blockSize
	}
	end := j.unit
	for at := j.unit; at < len(data); {
		body, generation, ok := readEntry(data[at:])
		if !ok || generation != j.generation {
			at += j.unit
			continue
		}
		if at > end && hole == 0 {
			hole = end
		}
		bodies = append(bodies, body)
		at += j.whole(fixedSize + len(body) + sumSize)
		end = at
	}
	return bodies, hole, nil
}

// readHead reads the generation and the size of a block.
func readHead(data []byte) (generation uint32, unit int, ok bool) {
	const size = fixedSize + sumSize
	if len(data) < size || string(data[:2]) != "RJ" || data[2] != version ||
		crc32.Checksum(data[:fixedSize], castagnoli) != binary.BigEndian.Uint32(data[fixedSize:]) {
		return 0, 0, false
	}
	unit = int(binary.BigEndian.Uint32(data[8:]))
	return binary.BigEndian.Uint32(data[4:]), unit, unit == blockSize || unit == pageSize
}

// newestGeneration is for a journal whose head is damaged.
func newestGeneration(data []byte) (newest uint32) {
	for at := 0; at < len(data); at += blockSize {
		if _, generation, ok := readEntry(data[at:]); ok {
			newest = max(newest, generation)
		}
	}
	return newest
}

// readEntry reads the entry that data begins with.
func readEntry(data []byte) (body []byte, generation uint32, ok bool) {
	if len(data) < fixedSize+sumSize || string(data[:2]) != "RE" || data[2] != version {
		return nil, 0, false
	}
	size := binary.BigEndian.Uint32(data[8:])
	if uint64(size) > uint64(len(data)-fixedSize-sumSize) {
		return nil, 0, false
	}
	end := fixedSize + int(size)
	if crc32.Checksum(data[:end], castagnoli) != binary.BigEndian.Uint32(data[end:]) {
		return nil, 0, false
	}
	return data[fixedSize:end], binary.BigEndian.Uint32(data[4:]), true
}
