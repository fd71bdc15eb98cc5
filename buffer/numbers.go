package buffer

import (
	"encoding/binary"
	"math"
	"slices"
)

// scale is how numbers are stored: as integers, of the unit or of a tenth, a hundredth or a thousandth of it, or,
// where one of them is no such number, as the eight bytes of a float.
type scale byte

const (
	maxDecimals       = 3
	rawFloats   scale = 0xFF
)

// factor is what a number is multiplied by to become an integer.
func (s scale) factor() float64 { return [...]float64{1, 10, 100, 1000}[s] }

// scaleOf chooses the smallest scale at which every number is an integer and comes back as the same float.
func scaleOf(numbers []float64) scale {
	for s := range scale(maxDecimals + 1) {
		if !slices.ContainsFunc(numbers, func(v float64) bool { return !s.holds(v) }) {
			return s
		}
	}
	return rawFloats
}

// maxInteger is where floats stop to hold every integer.
const maxInteger = 1 << 53

func (s scale) holds(v float64) bool {
	n := math.Round(v * s.factor())
	return math.Abs(n) < maxInteger && math.Float64bits(float64(int64(n))/s.factor()) == math.Float64bits(v) // not -0
}

func (s scale) isKnown() bool { return s <= maxDecimals || s == rawFloats }

// append writes a number: an integer as what it is more than the one before, or than another it is near.
func (s scale) append(dst []byte, v, before float64) []byte {
	if s == rawFloats {
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(v))
	}
	return binary.AppendVarint(dst, s.integer(v)-s.integer(before))
}

func (s scale) integer(v float64) int64 { return int64(math.Round(v * s.factor())) }

// read reads what append has written.
func (s scale) read(b *scanner, before float64) float64 {
	if s == rawFloats {
		return b.float()
	}
	return float64(b.varint()+s.integer(before)) / s.factor()
}
