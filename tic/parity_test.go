package tic_test

import (
	"strings"
	"testing"

	"releve/tic"
)

// flip returns s with one bit of one byte the other way round.
func flip(s string, at int, bit byte) string {
	raw := []byte(s)
	raw[at] ^= bit
	return string(raw)
}

func TestParity(t *testing.T) {
	t.Parallel()
	const row = "PAPP 00440"
	good := withParity(frame(row))
	at := strings.Index(frame(row), "00440")
	learnt := strings.Repeat(good, 4)
	four := []shown{}
	for range 4 {
		four = append(four, whole("historic", 0, "PAPP|00440"))
	}
	check(t, []wire{
		{name: "carried", raw: good, want: four[:1]},
		{name: "stripped", raw: frame(row), want: four[:1]},
		{name: "one bit wrong", raw: flip(good, at, 0x01), count: counts{"parity": 1}},
		{name: "parity bit wrong", raw: flip(good, at, 0x80), count: counts{"parity": 1}},
		{name: "bit 6 wrong, which the checksum cannot see", raw: flip(good, at, 0x40), count: counts{"parity": 1}},
		{name: "a stray parity bit on a stripped line", raw: flip(frame(row), at, 0x80), count: counts{"parity": 1}},
		{name: "learnt, then a line without", raw: learnt + frame(row), want: four, count: counts{"parity": 1}},
		{name: "damaged CR and LF are still found", raw: flip(flip(good, 1, 0x80), len(good)-2, 0x80), want: four[:1]},
	})
}

// A driver that is set to 7E1 by another program strips the parity from then on.
func TestParityIsUnlearnt(t *testing.T) {
	t.Parallel()
	raw := strings.Repeat(withParity(frame("PAPP 00440")), 5) + strings.Repeat(frame("PAPP 00440"), 20) +
		strings.Repeat(withParity(frame("PAPP 00440")), 5) + frame("PAPP 00440")
	_, counters := decode(tic.Auto, raw, 64)
	if got, want := counters.Groups, uint64(5+20-8+5); got != want {
		t.Errorf("%d groups accepted, want %d", got, want)
	}
	if counters.Stripped != 1 {
		t.Errorf("stripping was found out %d times, want once", counters.Stripped)
	}
	if got, want := counters.Rejected[tic.BadParity], uint64(8+1); got != want {
		t.Errorf("%d lines refused for their parity, want %d: eight to unlearn, one after learning again", got, want)
	}
}

// A group all of whose characters have an even number of bits looks the same either way.
func TestParityAcceptsAnEvenGroup(t *testing.T) {
	t.Parallel()
	even := group("PAPP\t05")
	if withParity(even[1:len(even)-1]) != even[1:len(even)-1] {
		t.Fatalf("%q needs parity bits", even)
	}
	_, counters := decode(tic.Auto, strings.Repeat(withParity(frame("VTIC\t02")), 5)+even, 64)
	if got := counters.Groups; got != 6 {
		t.Errorf("%d groups accepted, want 6: %v", got, refusals(counters))
	}
}
