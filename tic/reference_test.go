package tic_test

import (
	"bytes"
	"encoding/binary"
)

// The references a decoder is measured against. Both only validate: they find the lines, sum them, compare the sum with
// the checksum, and keep nothing. They know clean input: LF first, CR last, no parity.

// counted is what a validating loop found.
type counted struct{ groups, frames int }

// byteLoop validates a byte at a time, as a decoder on a microcontroller does.
type byteLoop struct {
	counted
	sum           uint // of the bytes of the line but the last two
	before, check byte // the last two: separator and checksum
	n             int
}

// feed validates the next bytes.
func (l *byteLoop) feed(p []byte) {
	for _, c := range p {
		switch c {
		case '\n', 0x02:
			l.sum, l.before, l.check, l.n = 0, 0, 0, 0
		case 0x03:
			l.frames++
		case '\r':
			l.end()
		default:
			l.sum += uint(l.before)
			l.before, l.check = l.check, c
			l.n++
		}
	}
}

func (l *byteLoop) end() {
	sum := l.sum
	if l.before == '\t' {
		sum += '\t'
	}
	if l.n > 3 && byte(sum&0x3F)+0x20 == l.check {
		l.groups++
	}
}

// wordLoop is the fastest validating loop we could write: bytes.IndexByte finds CR, and the line is summed eight bytes at
// a time.
type wordLoop struct {
	counted
	carry []byte // the unfinished line
}

func newWordLoop() *wordLoop { return &wordLoop{carry: make([]byte, 0, 256)} }

// feed validates the next bytes.
func (l *wordLoop) feed(p []byte) {
	for {
		end := bytes.IndexByte(p, '\r')
		if end < 0 {
			l.carry = append(l.carry, p...)
			return
		}
		line := p[:end]
		if len(l.carry) > 0 {
			line = append(l.carry, line...)
			l.carry = line[:0]
		}
		l.line(line)
		p = p[end+1:]
	}
}

func (l *wordLoop) line(line []byte) {
	for len(line) > 0 && line[0] < 0x20 {
		if line[0] == 0x03 {
			l.frames++
		}
		line = line[1:]
	}
	n := len(line)
	if n < 4 {
		return
	}
	covered := line[:n-1]
	if line[n-2] == ' ' {
		covered = line[:n-2]
	}
	if byte(sumWords(covered)&0x3F)+0x20 == line[n-1] {
		l.groups++
	}
}

// sumWords adds bytes up, eight at a time in four lanes of 16 bits, which hold 257 words. The last bytes one by one are
// faster than a word that overlaps: their number repeats from frame to frame.
func sumWords(p []byte) uint64 {
	const evenBytes = 0x00FF00FF00FF00FF
	var lanes, rest uint64
	for len(p) >= 8 {
		w := binary.LittleEndian.Uint64(p)
		lanes += w&evenBytes + w>>8&evenBytes
		p = p[8:]
	}
	for _, c := range p {
		rest += uint64(c)
	}
	return lanes*0x0001000100010001>>48 + rest
}
