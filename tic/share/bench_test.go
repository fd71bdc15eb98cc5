package share

import (
	"fmt"
	"log/slog"
	"testing"

	"releve/tic"
)

// BenchmarkWrite hands a frame, in the pieces a serial port gives, to clients that never read: what sharing costs the
// meter at its worst. The reference is decoding the same bytes.
func BenchmarkWrite(b *testing.B) {
	raw := frames(b, 1)
	write := func(b *testing.B, line interface{ Write([]byte) (int, error) }) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		for b.Loop() {
			for i := 0; i < len(raw); i += 96 { // what comes in 100 ms at 9600 Bd
				if _, err := line.Write(raw[i:min(i+96, len(raw))]); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.Run("decode", func(b *testing.B) { write(b, tic.NewDecoder(tic.Auto, func(*tic.Frame) {})) })
	for _, n := range []int{0, 1, maxClients} {
		b.Run(fmt.Sprintf("share/clients=%d", n), func(b *testing.B) {
			s := New("", slog.New(slog.DiscardHandler))
			for range n {
				s.clients[newClient(nil, patience)] = true
			}
			write(b, s)
		})
	}
}
