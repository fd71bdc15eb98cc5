package senml

import (
	"encoding/binary"
	"io"
)

// The major types whose argument is a length, first and last: byte string, text string, array, map (RFC 8949 §3.1).
const (
	majorBytes = 2
	majorText  = 3
	majorMap   = 5
)

// checkLengths refuses CBOR that announces more than follows. The CBOR library does too, but where int has 32
// bits it looks at the lower half of a length only: 9b 0000000100000000, an array of 2**32, would pass for an
// empty one, and every other item be read from the wrong place.
//
// Items of definite length stand one after the other whatever their nesting, so a walk from head to head will do.
// It stops where the library refuses to go on: at an indefinite length, a reserved head, an end within a head.
func checkLengths(data []byte) error {
	for len(data) > 0 {
		major, argument, size := readHead(data)
		if size == 0 {
			return nil
		}
		data = data[size:]
		if major < majorBytes || major > majorMap {
			continue
		}
		if argument > uint64(len(data)) {
			return io.ErrUnexpectedEOF
		}
		if major <= majorText {
			data = data[argument:]
		}
	}
	return nil
}

// readHead reads the head of an item (RFC 8949 §3): 19 03e8 is major type 0, argument 1000, size 3. The size is
// zero when there is no whole head of definite length.
func readHead(data []byte) (major byte, argument uint64, size int) {
	major, info := data[0]>>5, data[0]&0x1f
	size = headSize(info)
	if size == 0 || size > len(data) {
		return major, 0, 0
	}
	if size == 1 {
		return major, uint64(info), 1
	}
	var wide [8]byte
	copy(wide[len(wide)-(size-1):], data[1:size])
	return major, binary.BigEndian.Uint64(wide[:]), size
}

// headSize is the number of bytes of a head, from the lower five bits of the first.
func headSize(info byte) int {
	const oneByte, eightBytes = 24, 27
	switch {
	case info < oneByte:
		return 1
	case info <= eightBytes:
		return 1 + 1<<(info-oneByte)
	default:
		return 0
	}
}
