package linky

import "releve/tic"

// Characters of the line, Enedis-NOI-CPT_54E §5.3.
const (
	startOfText       = 0x02
	endOfText         = 0x03
	endOfTransmission = 0x04
	tab               = '\t'
	lineFeed          = '\n'
	carriageReturn    = '\r'
	space             = ' '
)

// lines writes groups one after the other. Historic mode and standard mode differ by the separator,
// and by whether the last separator counts in the checksum.
//
//	Format:  LF label SP value SP checksum CR                  historic
//	         LF label HT [horodate HT] value HT checksum CR    standard
//	Example: "\nSINSTS\t00394\tV\r"
type lines struct {
	out       []byte
	separator byte
	degraded  bool // the meter is not sure of its clock
	start     int  // of the label being written
}

// open starts a group.
func (l *lines) open(label string) {
	l.out = append(l.out, lineFeed)
	l.start = len(l.out)
	l.out = append(l.out, label...)
	l.out = append(l.out, l.separator)
}

// shut ends a group: Enedis-NOI-CPT_54E §5.3.6 counts the last HT, §6 leaves the last SP out.
func (l *lines) shut() {
	end := len(l.out)
	l.out = append(l.out, l.separator)
	if l.separator == tab {
		end++
	}
	l.out = append(l.out, tic.Checksum(l.out[l.start:end]), carriageReturn)
}

// text writes a group whose value is already as wide as the tables want it.
func (l *lines) text(label, value string) {
	l.open(label)
	l.out = append(l.out, value...)
	l.shut()
}

// number writes a group with a zero-padded decimal value.
func (l *lines) number(label string, width int, value int64) {
	l.open(label)
	l.out = appendPadded(l.out, width, value)
	l.shut()
}

// dated writes a group with a horodate and a zero-padded decimal value, or nothing for a value that never was.
func (l *lines) dated(label string, width int, d dated) {
	if d.at == 0 {
		return
	}
	l.open(label)
	l.out = append(appendHorodate(l.out, d.at, l.degraded), tab)
	l.out = appendPadded(l.out, width, d.value)
	l.shut()
}

// appendPadded appends value on exactly width digits. Like a real register it rolls over at 10^width.
func appendPadded(dst []byte, width int, value int64) []byte {
	for range width {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; i >= len(dst)-width; i-- {
		dst[i] = byte('0' + value%10)
		value /= 10
	}
	return dst
}

// padded writes a group with a text, filled up with spaces.
func (l *lines) padded(label string, width int, value string) {
	l.open(label)
	l.out = append(l.out, value...)
	for range width - len(value) {
		l.out = append(l.out, space)
	}
	l.shut()
}

// appendHex appends value on exactly width upper-case hexadecimal digits.
func appendHex(dst []byte, width int, value uint32) []byte {
	for shift := 4 * (width - 1); shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789ABCDEF"[value>>shift&0xF])
	}
	return dst
}
