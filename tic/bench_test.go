package tic_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"releve/tic"
)

// BenchmarkDecode measures the decoder beside its references, in the same run: each iteration gives the same bytes to all
// of them in turn, and the ratios are medians over the iterations, so that what else the machine does falls on all alike.
//
// word is the fastest validating loop, byte a byte-at-a-time one; typed decodes and reads every value by its type.
func BenchmarkDecode(b *testing.B) {
	for _, mode := range []struct {
		name string
		rows []string
	}{{"standard", standardRows}, {"historic", historicRows}} {
		for _, piece := range []int{4096, 64} {
			raw := bytes.Repeat([]byte(frame(mode.rows...)), 256)
			b.Run(fmt.Sprintf("%s/%d", mode.name, piece), func(b *testing.B) { race(b, raw, piece) })
			parity := []byte(withParity(string(raw)))
			b.Run(fmt.Sprintf("%s-parity/%d", mode.name, piece), func(b *testing.B) { race(b, parity, piece) })
		}
	}
}

// race runs the contestants and reports MB/s and ratios.
func race(b *testing.B, raw []byte, piece int) {
	b.Helper()
	words, typed := newWordLoop(), &typedLoop{}
	typed.Decoder = tic.NewDecoder(tic.Auto, typed.read)
	contestants := []func([]byte){
		words.feed, (&byteLoop{}).feed, sink{tic.NewDecoder(tic.Auto, func(*tic.Frame) {})}.feed, typed.feed,
	}
	took := make([][]float64, len(contestants))
	b.ReportAllocs()
	for b.Loop() {
		for i, feed := range contestants {
			begun := time.Now()
			for rest := raw; len(rest) > 0; {
				k := min(piece, len(rest))
				feed(rest[:k])
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

// report tells the speed of word and typed, and the medians of word/typed, byte/typed and word/decode.
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
	reading tic.Reading
	failed  int
}

func (l *typedLoop) feed(p []byte) { l.Write(p) } // never errors, by its contract

func (l *typedLoop) read(f *tic.Frame) {
	for i := range f.Groups {
		if f.Groups[i].Read(&l.reading) != nil {
			l.failed++
		}
	}
}
