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
	for _, mode := range []tic.Mode{tic.Standard, tic.Historic} {
		household, changing := played(b, mode), changed(mode)
		for _, piece := range []int{4096, 64} {
			b.Run(fmt.Sprintf("%s/%d", mode, piece), func(b *testing.B) { race(b, household, household, piece) })
		}
		b.Run(fmt.Sprintf("%s/4096/changing", mode), func(b *testing.B) { race(b, changing, changing, 4096) })
		b.Run(fmt.Sprintf("%s/4096/parity", mode), func(b *testing.B) { race(b, []byte(withParity(string(household))), household, 4096) })
	}
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

// race gives raw to the decoder and plain to the references, and reports ratios and the speed of two of them.
func race(b *testing.B, raw, plain []byte, piece int) {
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
	report(b, len(raw), took)
}

// report tells the speed of word and typed, and the medians of the ratios of speeds.
func report(b *testing.B, size int, took [][]float64) {
	b.Helper()
	ratio := func(over, under int) float64 {
		all := make([]float64, len(took[0]))
		for i := range all {
			all[i] = took[over][i] / took[under][i]
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	b.ReportMetric(float64(size)/slices.Min(took[0])/1e6, "word-MB/s")
	b.ReportMetric(float64(size)/slices.Min(took[3])/1e6, "typed-MB/s")
	b.ReportMetric(ratio(0, 3), "typed/word")
	b.ReportMetric(ratio(0, 2), "decode/word")
	b.ReportMetric(ratio(1, 3), "typed/byte")
	b.ReportMetric(0, "ns/op") // of all contestants together: says nothing
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
