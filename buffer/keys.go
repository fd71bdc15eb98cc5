package buffer

import (
	"encoding/binary"
	"math"
	"time"
)

// The kinds of key, their first byte (see the package comment).
const (
	kindBlock   = 'b'
	kindCursor  = 'c'
	kindDay     = 'd'
	kindHour    = 'h'
	kindTotals  = 'm'
	kindNumber  = 'n'
	kindOpen    = 'o'
	kindPack    = 'p'
	kindTens    = 'r'
	kindSeries  = 's'
	kindTime    = 't'
	kindUndated = 'u'
	kindUnmade  = 'w'
	kindFlush   = 'x'
	kindZone    = 'z'
)

// hour is a Unix time divided by 3600, rounded down.
type hour uint32

// hourOf tells the hour of a Unix time in seconds which checkRecord has accepted.
func hourOf(seconds float64) hour { return hour(math.Floor(seconds / 3600)) }

// start is the Unix time of the hour's first instant, in seconds.
func (h hour) start() float64 { return float64(h) * 3600 }

// milli is the same in milliseconds.
func (h hour) milli() int64 { return int64(h) * msPerHour }

// time is the same as a time.
func (h hour) time() time.Time { return time.UnixMilli(h.milli()) }

func totalsKey() []byte            { return []byte{kindTotals} }
func numberKey() []byte            { return []byte{kindNumber} }
func flushKey() []byte             { return []byte{kindFlush} }
func cursorKey(name string) []byte { return append([]byte{kindCursor}, name...) }
func seriesKey(name string) []byte { return append([]byte{kindSeries}, name...) }

func packKey(seq Seq) []byte {
	return binary.BigEndian.AppendUint64([]byte{kindPack}, uint64(seq))
}

func hourKey(h hour) []byte {
	return binary.BigEndian.AppendUint32([]byte{kindHour}, uint32(h))
}

func timePrefix(h hour) []byte {
	return binary.BigEndian.AppendUint32([]byte{kindTime}, uint32(h))
}

func timeKey(h hour, seq Seq) []byte {
	return binary.BigEndian.AppendUint64(timePrefix(h), uint64(seq))
}

// packSeq reads a key made by packKey.
func packSeq(key []byte) (Seq, bool) {
	if len(key) != 9 || key[0] != kindPack {
		return 0, false
	}
	return Seq(binary.BigEndian.Uint64(key[1:])), true
}

// keyHour reads a key made by hourKey.
func keyHour(key []byte) (hour, bool) {
	if len(key) != 5 || key[0] != kindHour {
		return 0, false
	}
	return hour(binary.BigEndian.Uint32(key[1:])), true
}

// timeSeq reads a key made by timeKey.
func timeSeq(key []byte) (hour, Seq, bool) {
	if len(key) != 13 || key[0] != kindTime {
		return 0, 0, false
	}
	return hour(binary.BigEndian.Uint32(key[1:])), Seq(binary.BigEndian.Uint64(key[5:])), true
}
