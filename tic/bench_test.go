package tic_test

import (
	"bytes"
	"testing"

	"releve/tic"
)

func BenchmarkDecodeHistoric(b *testing.B)     { benchmarkDecode(b, historicRows, 64) }
func BenchmarkDecodeStandard(b *testing.B)     { benchmarkDecode(b, standardRows, 64) }
func BenchmarkDecodeHistoric4096(b *testing.B) { benchmarkDecode(b, historicRows, 4096) }
func BenchmarkDecodeStandard4096(b *testing.B) { benchmarkDecode(b, standardRows, 4096) }

func BenchmarkDecodeHistoricParity(b *testing.B) {
	benchmarkBytes(b, []byte(withParity(frame(historicRows...))), 64)
}

func BenchmarkDecodeStandardParity(b *testing.B) {
	benchmarkBytes(b, []byte(withParity(frame(standardRows...))), 64)
}

// The naive decoder allocates as most published ones do; the ratio to it is what the care above buys.
func BenchmarkNaiveHistoric(b *testing.B) { benchmarkNaive(b, historicRows) }
func BenchmarkNaiveStandard(b *testing.B) { benchmarkNaive(b, standardRows) }

func benchmarkDecode(b *testing.B, rows []string, piece int) {
	b.Helper()
	benchmarkBytes(b, []byte(frame(rows...)), piece)
}

// benchmarkBytes decodes a long run of frames, so that pieces fall everywhere in them.
func benchmarkBytes(b *testing.B, one []byte, piece int) {
	b.Helper()
	const frames = 512
	raw := bytes.Repeat(one, frames)
	seen := 0
	d := tic.NewDecoder(tic.Auto, func(f *tic.Frame) { seen += len(f.Groups) })
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for rest := raw; len(rest) > 0; {
			k := min(piece, len(rest))
			d.Write(rest[:k]) // never errors, by its contract
			rest = rest[k:]
		}
		n++
	}
	if d.Counters().Frames != uint64(n*frames) || seen == 0 {
		b.Fatalf("decoded %d frames, want %d", d.Counters().Frames, n*frames)
	}
}

func benchmarkNaive(b *testing.B, rows []string) {
	b.Helper()
	const frames = 64
	raw := bytes.Repeat([]byte(frame(rows...)), frames)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if got := len(naive(raw)); got != frames {
			b.Fatalf("decoded %d frames, want %d", got, frames)
		}
	}
}

// naive is the decoder one writes first: split, split, sum. It knows clean input only, and is also the reference the
// real one is compared with.
func naive(raw []byte) [][]string {
	var frames [][]string
	for _, f := range bytes.Split(raw, []byte{0x03}) {
		_, body, found := bytes.Cut(f, []byte{0x02})
		if !found {
			continue
		}
		frames = append(frames, naiveGroups(body))
	}
	return frames
}

func naiveGroups(body []byte) []string {
	var groups []string
	for _, line := range bytes.Split(body, []byte{'\r'}) {
		line = bytes.TrimPrefix(line, []byte{'\n'})
		if len(line) < 4 {
			continue
		}
		covered, sep := line[:len(line)-1], "\t"
		if !bytes.Contains(line, []byte{'\t'}) {
			covered, sep = line[:len(line)-2], " "
		}
		sum := 0
		for _, c := range covered {
			sum += int(c)
		}
		if byte(sum&0x3F)+0x20 != line[len(line)-1] {
			continue
		}
		label, rest, _ := bytes.Cut(line[:len(line)-2], []byte(sep))
		groups = append(groups, string(label)+"|"+string(bytes.ReplaceAll(rest, []byte("\t"), []byte("|"))))
	}
	return groups
}
