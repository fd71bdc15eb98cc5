package tic

import (
	"encoding/binary"
	"math/bits"
)

// Checksum returns the control character of a line: (sum AND 3Fh) + 20h over the bytes given, so a space to an
// underscore. The caller gives what the rule of the mode covers (02E and 54E): label SP value in
// historic mode, without the last SP; label HT [horodate HT] value HT in standard mode, with the last HT.
func Checksum(line []byte) byte {
	var sum uint
	for _, c := range line {
		sum += uint(c)
	}
	return guard(sum)
}

// guard folds a sum of bytes into the printable character that guards it.
func guard(sum uint) byte {
	return byte(sum&0x3F) + 0x20
}

// guarded reports whether a line ends with its checksum. The rule is tied to the separator, because trying both would
// double the lines accepted by chance. sum is that of all its bytes without parity bits.
func guarded(line []byte, sum uint64, mode Mode) bool {
	check := line[len(line)-1] & 0x7F
	sum -= uint64(check)
	if mode == Historic {
		sum -= sp
	}
	return guard(uint(sum)) == check
}

// Eight bytes of the line are looked at together, as the lanes of one 64-bit word.
const (
	lanes     = 0x0101010101010101 // 1 in each byte
	sevenBits = 0x7F * lanes       // what is left of each byte without its parity bit
	topBits   = 0x80 * lanes
	evenLanes = 0x00FF00FF00FF00FF // every other byte, which leaves room to add up
)

// census is what one pass over a line counts.
type census struct {
	sum  uint64 // of all bytes, without their parity bits
	high uint64 // a top bit is set when a byte has its parity bit set
}

// take counts a line of at most maxLine bytes.
func take(line []byte) census {
	n := len(line)
	if n < 8 {
		w := short(line)
		return total(w, pairs(w&sevenBits))
	}
	w := binary.LittleEndian.Uint64(line[n-8:]) >> (8 * uint(8-n&7)) // the bytes after the last whole word, if any
	high, sum := w, pairs(w&sevenBits)
	for len(line) >= 8 {
		w = binary.LittleEndian.Uint64(line)
		high |= w
		sum += pairs(w & sevenBits)
		line = line[8:]
	}
	return total(high, sum)
}

// total adds the four sums of pairs up.
func total(high, sum uint64) census {
	const all = 0x0001000100010001
	return census{sum: sum * all >> 48, high: high & topBits}
}

// strip copies a line without its parity bits, and returns the copy.
func strip(to, line []byte) []byte {
	n := len(line)
	to = to[:n]
	if n < 8 {
		for i, c := range line {
			to[i] = c & 0x7F
		}
		return to
	}
	last := binary.LittleEndian.Uint64(line[n-8:]) & sevenBits
	for i := 0; i+8 <= n; i += 8 {
		binary.LittleEndian.PutUint64(to[i:], binary.LittleEndian.Uint64(line[i:])&sevenBits)
	}
	binary.LittleEndian.PutUint64(to[n-8:], last)
	return to
}

// pairs adds neighbouring bytes, which leaves four 16-bit sums: room for maxLine/8 words × 2 bytes × 127.
func pairs(w uint64) uint64 {
	return w&evenLanes + w>>8&evenLanes
}

// short loads fewer than eight bytes as a word; the missing ones are zero, which adds nothing and has even parity.
func short(line []byte) uint64 {
	var w uint64
	for i := len(line) - 1; i >= 0; i-- {
		w = w<<8 | uint64(line[i])
	}
	return w
}

// controls marks the top bit of each byte of w that is a control character once its parity bit is ignored.
func controls(w uint64) uint64 {
	return ^(w&sevenBits + 0x60*lanes) & topBits
}

// firstSpace returns the place of the first SP, or the length of the line.
func firstSpace(line []byte) int {
	i := 0
	for ; i+8 <= len(line); i += 8 {
		w := binary.LittleEndian.Uint64(line[i:])&sevenBits ^ sp*lanes // an SP becomes 0
		if marks := (w - lanes) & ^w & topBits; marks != 0 {
			return i + bits.TrailingZeros64(marks)>>3 // the lowest mark is true, those above it may not be
		}
	}
	for i < len(line) && line[i]&0x7F != sp {
		i++
	}
	return i
}
