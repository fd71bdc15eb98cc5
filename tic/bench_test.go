package tic_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"releve/tic"
	"releve/tic/linky"
)

// BenchmarkDecode measures the decoder beside its references, in the same run: each iteration gives the same bytes to all
// of them in turn, and the ratios are medians over the iterations, so that what else the machine does falls on all alike.
//
// word is the fastest validating loop, byte a byte-at-a-time one; decode makes frames, typed also reads every value by its
// type. The bytes are frames of an emulated household, one after the other, or changing: no line is ever twice the same,
// as no meter does, so that nothing is gained from what was read before. With parity, the references get the same bytes
// without it, because they do not know it.
func BenchmarkDecode(b *testing.B) {
	table := "| bytes | typed/word | decode/word | typed/byte | typed, MB/s | word, MB/s |\n|---|---|---|---|---|---|\n"
	run := func(name string, raw, plain []byte, piece int) {
		b.Run(name, func(b *testing.B) { table += race(b, raw, plain, piece).row(name) })
	}
	for _, mode := range []tic.Mode{tic.Standard, tic.Historic} {
		household, changing := played(b, mode), changed(mode)
		run(mode.String()+"/4096", household, household, 4096)
		run(mode.String()+"/64", household, household, 64)
		run(mode.String()+"/4096/parity", []byte(withParity(string(household))), household, 4096)
		run(mode.String()+"/4096/changing", changing, changing, 4096)
	}
	fmt.Print("\n", table, "\n") // what a benchmark logs is not shown when it has parts
}

// played is some minutes of an emulated household.
func played(tb testing.TB, mode tic.Mode) (raw []byte) {
	tb.Helper()
	m, err := linky.New(linky.Scenario{Mode: mode, Contract: linky.PeakOffPeak})
	if err != nil {
		tb.Fatal(err)
	}
	for range 256 {
		raw = m.Frame(raw)
	}
	return raw
}

// changed is frames in which each digit of each number is another one than in the frame before.
func changed(mode tic.Mode) (raw []byte) {
	rows := map[tic.Mode][]string{tic.Historic: historicRows, tic.Standard: standardRows}[mode]
	for n := range 256 {
		turned := make([]string, len(rows))
		for i, row := range rows {
			turned[i] = turn(row, n)
		}
		raw = append(raw, frame(turned...)...)
	}
	return raw
}

// turn adds n to the last digits of a row, one after the other, if its label is a number or an address; no date is changed
// into one that does not exist.
func turn(row string, n int) string {
	sep := strings.IndexAny(row, "\t ")
	if l, _ := tic.Lookup([]byte(row[:sep])); l.Kind != tic.Digits && l.Kind != tic.Identity || l.High > 0 {
		return row
	}
	raw := []byte(row)
	for i := len(raw) - 1; raw[i] != '\t' && raw[i] != ' '; i-- {
		raw[i] = '0' + (raw[i]-'0'+byte(n))%10
	}
	return string(raw)
}

// race gives raw to the decoder and plain to the references.
func race(b *testing.B, raw, plain []byte, piece int) result {
	b.Helper()
	typed := &typedLoop{}
	typed.Decoder = tic.NewDecoder(tic.Auto, typed.read)
	contestants := []struct {
		feed func([]byte)
		raw  []byte
	}{
		{newWordLoop().feed, plain},
		{(&byteLoop{}).feed, plain},
		{sink{tic.NewDecoder(tic.Auto, func(*tic.Frame) {})}.feed, raw},
		{typed.feed, raw},
	}
	took := make([][]float64, len(contestants))
	for i := range took {
		took[i] = make([]float64, 0, 1<<18) // so that no allocation is counted that is not the decoder's
	}
	b.ReportAllocs()
	for b.Loop() {
		for i, c := range contestants {
			begun := time.Now()
			for rest := c.raw; len(rest) > 0; {
				k := min(piece, len(rest))
				c.feed(rest[:k])
				rest = rest[k:]
			}
			took[i] = append(took[i], time.Since(begun).Seconds())
		}
	}
	if typed.failed > 0 || typed.Counters().Refused() > 0 || typed.Counters().Frames == 0 {
		b.Fatalf("%d values unread, %+v", typed.failed, typed.Counters())
	}
	r := resultOf(len(raw), took)
	b.ReportMetric(r.typedWord, "typed/word")
	b.ReportMetric(r.decodeWord, "decode/word")
	b.ReportMetric(r.typedByte, "typed/byte")
	b.ReportMetric(0, "ns/op") // of all contestants together: says nothing
	return r
}

// result is the medians of the ratios of speeds, and the speed of two contestants when they were fastest, in MB/s.
type result struct{ typedWord, decodeWord, typedByte, typed, word float64 }

// resultOf judges what word, byte, decode and typed took in each iteration, in seconds.
func resultOf(size int, took [][]float64) result {
	ratio := func(over, under int) float64 {
		all := make([]float64, len(took[0]))
		for i := range all {
			all[i] = took[over][i] / took[under][i]
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	speed := func(of int) float64 { return float64(size) / slices.Min(took[of]) / 1e6 }
	return result{ratio(0, 3), ratio(0, 2), ratio(1, 3), speed(3), speed(0)}
}

func (r result) row(name string) string {
	return fmt.Sprintf("| %s | %.2f | %.2f | %.2f | %.0f | %.0f |\n", name, r.typedWord, r.decodeWord, r.typedByte, r.typed, r.word)
}

// sink is a decoder whose groups nobody reads.
type sink struct{ *tic.Decoder }

func (s sink) feed(p []byte) { s.Write(p) } // never errors, by its contract

// typedLoop decodes and reads every value.
type typedLoop struct {
	*tic.Decoder
	failed int
}

func (l *typedLoop) feed(p []byte) { l.Write(p) } // never errors, by its contract

func (l *typedLoop) read(f *tic.Frame) {
	for i := range f.Groups {
		if _, err := f.Groups[i].Reading(); err != nil {
			l.failed++
		}
	}
}
