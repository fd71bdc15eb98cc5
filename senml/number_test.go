package senml

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

// Every number reads back as itself, is no longer than the shortest form with exponent needs be, and has
// none at ordinary sizes.
func TestFormatNumber(t *testing.T) {
	t.Parallel()
	for exponent := -308; exponent <= 307; exponent++ {
		for _, mantissa := range []float64{1, -1, 1.5, 9.999999999999998, 1.7976931348623157 / 2} {
			n := mantissa * math.Pow10(exponent)
			s := formatNumber(n)
			back, err := strconv.ParseFloat(s, 64)
			if err != nil || back != n {
				t.Fatalf("%v is written %s, which reads as %v, %v", n, s, back, err)
			}
			plain := math.Abs(n) >= 1e-7 && math.Abs(n) < 1e21
			if strings.Contains(s, "e") == plain {
				t.Errorf("%v is written %s", n, s)
			}
		}
	}
}

func TestCBORNumber(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		number float64
		want   any
	}{
		{0, int64(0)},
		{math.Copysign(0, -1), int64(0)},
		{1, int64(1)},
		{-1e15, int64(-1e15)},
		{0.5, 0.5},
		{1 << 53, int64(1 << 53)},
		{1 << 54, float64(1 << 54)},
		{-(1 << 53), int64(-(1 << 53))},
		{-1e300, -1e300},
	} {
		if got := cborNumber(test.number); got != test.want {
			t.Errorf("%v is carried as %T %v, want %T %v", test.number, got, got, test.want, test.want)
		}
	}
}

func TestOffsetTo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		base, time float64
		offset     float64
		exact      bool
	}{
		{1700000000, 1700000000, 0, true},
		{1700000000, 1700000060, 60, true},
		{1700000000.25, 1699999999.25, -1, true},
		{1700000000.25, 1700000000.501, 0.251, true},
		{1700000000.1, 1700000000.200001, 0.100001, true},
		{1700000000, 1700000000.0000002, 1.0 / (1 << 22), true},
		{1 << 53, FirstAbsolute + 1.0/(1<<24), FirstAbsolute - 1<<53, false},
	} {
		offset, exact := offsetTo(test.base, test.time)
		if offset != test.offset || exact != test.exact {
			t.Errorf("from %v to %v: %v, exact %t; want %v, %t", test.base, test.time, offset, exact, test.offset, test.exact)
		}
	}
}

func TestReadHead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		data     []byte
		major    byte
		argument uint64
		size     int
	}{
		{"in the byte", []byte{0x17}, 0, 23, 1},
		{"one byte", []byte{0x38, 0xff}, 1, 255, 2},
		{"two bytes", []byte{0x59, 0x01, 0x02}, 2, 0x102, 3},
		{"four bytes", []byte{0x9a, 1, 2, 3, 4}, 4, 0x1020304, 5},
		{"eight bytes", []byte{0xbb, 1, 2, 3, 4, 5, 6, 7, 8}, 5, 0x102030405060708, 9},
		{"cut short", []byte{0xbb, 1, 2, 3, 4, 5, 6, 7}, 5, 0, 0},
		{"reserved", []byte{0x1c}, 0, 0, 0},
		{"indefinite", []byte{0x9f}, 4, 0, 0},
	} {
		major, argument, size := readHead(test.data)
		if major != test.major || argument != test.argument || size != test.size {
			t.Errorf("%s: %d, %d, %d; want %d, %d, %d", test.name, major, argument, size, test.major, test.argument, test.size)
		}
	}
}
