package buffer

import (
	"encoding/binary"
	"errors"
	"math"
)

// scanner reads stored bytes from front to end. Its first error sticks; after it everything reads as zero.
type scanner struct {
	data []byte
	err  error
}

var errMalformed = errors.New("it ends too early or holds an impossible number")

func (s *scanner) fail() uint64 {
	s.data, s.err = nil, errMalformed
	return 0
}

// uvarint reads a number of at most most.
func (s *scanner) uvarint(most uint64) uint64 {
	n, size := binary.Uvarint(s.data)
	if size <= 0 || n > most {
		return s.fail()
	}
	s.data = s.data[size:]
	return n
}

func (s *scanner) varint() int64 {
	n, size := binary.Varint(s.data)
	if size <= 0 {
		s.fail()
		return 0
	}
	s.data = s.data[size:]
	return n
}

func (s *scanner) byte() byte {
	if len(s.data) == 0 {
		return byte(s.fail())
	}
	n := s.data[0]
	s.data = s.data[1:]
	return n
}

// take reads n bytes, as they lie there.
func (s *scanner) take(n uint64) []byte {
	if n > uint64(len(s.data)) {
		s.fail()
		return nil
	}
	part := s.data[:n]
	s.data = s.data[n:]
	return part
}

func (s *scanner) text() string { return string(s.take(s.uvarint(math.MaxInt32))) }

func (s *scanner) float() float64 {
	part := s.take(8)
	if part == nil {
		return 0
	}
	v := math.Float64frombits(binary.BigEndian.Uint64(part))
	if math.IsNaN(v) || math.IsInf(v, 0) { // Put takes none
		return float64(s.fail())
	}
	return v
}

// end returns the error, or that there is something left.
func (s *scanner) end() error {
	if s.err == nil && len(s.data) > 0 {
		s.fail()
	}
	return s.err
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}
