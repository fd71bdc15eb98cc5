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
	del  uint64 // a top bit is set when a byte is DEL (7Fh), the one bad character above the controls
}

// copyClean copies a line of at most maxLine bytes without its parity bits into to, which is as long, and counts it.
func copyClean(to, line []byte) census {
	n := len(line)
	to = to[:n]
	var last uint64 // the bytes after the last whole word
	if n < 8 {
		last = short(line)
		for i, b := range line {
			to[i] = b & 0x7F
		}
	} else {
		w := binary.LittleEndian.Uint64(line[n-8:])
		binary.LittleEndian.PutUint64(to[n-8:], w&sevenBits)
		last = w >> (8 * uint(8-n&7)) // none when n is a multiple of 8: Go shifts by 64 to zero
	}
	high, seven := last, last&sevenBits
	del, sum := seven+lanes, pairs(seven)
	for i := 0; i+8 <= n; i += 8 {
		w := binary.LittleEndian.Uint64(line[i:])
		high |= w
		w &= sevenBits
		del |= w + lanes
		sum += pairs(w)
		binary.LittleEndian.PutUint64(to[i:], w)
	}
	sum += sum >> 32
	sum += sum >> 16
	return census{sum: sum & 0xFFFF, high: high & topBits, del: del & topBits}
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
			return i + firstLane(marks) // the lowest mark is true, those above it may not be
		}
	}
	for i < len(line) && line[i]&0x7F != sp {
		i++
	}
	return i
}

// firstLane returns which byte of the word the lowest mark stands for.
func firstLane(marks uint64) int {
	return bits.TrailingZeros64(marks) >> 3
}
