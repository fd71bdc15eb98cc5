package senml_test

import (
	"testing"

	"releve/senml"
)

func BenchmarkEncode(b *testing.B) {
	p := instants(5).Compact()
	for _, format := range formats() {
		b.Run(format.String(), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(encodedSize(b, format, p)))
			for b.Loop() {
				if _, err := senml.Encode(format, p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, format := range formats() {
		data, err := senml.Encode(format, instants(5).Compact())
		if err != nil {
			b.Fatal(err)
		}
		b.Run(format.String(), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := senml.Decode(format, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompact(b *testing.B) {
	p := instants(5)
	b.ReportAllocs()
	for b.Loop() {
		p.Compact()
	}
}

func BenchmarkResolve(b *testing.B) {
	p := instants(5).Compact()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Resolve(now()); err != nil {
			b.Fatal(err)
		}
	}
}
