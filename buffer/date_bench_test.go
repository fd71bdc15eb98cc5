package buffer_test

import (
	"testing"
	"time"

	"releve/buffer"
	"releve/senml"
)

// stamped is a pack of a minute whose times count from a boot.
func stamped(n int) senml.Pack {
	p := minute(noon, 60)
	for i := range p {
		p[i].Time += float64(60*n) - float64(noon.Unix())
	}
	return p
}

// BenchmarkPutUndated keeps packs of a minute that have no date, beside those that have one.
func BenchmarkPutUndated(b *testing.B) {
	for _, row := range []struct {
		name string
		put  func(store *buffer.Buffer, n int) error
	}{
		{"undated", func(store *buffer.Buffer, n int) error { return store.PutUndated("boot", stamped(n)) }},
		{"dated", func(store *buffer.Buffer, n int) error {
			_, err := store.Put(minute(noon.Add(time.Duration(n)*time.Minute), 60))
			return err
		}},
	} {
		b.Run(row.name, func(b *testing.B) {
			store := open(b, buffer.Options{Dir: b.TempDir()})
			for n := 0; b.Loop(); n++ {
				if err := row.put(store, n%10_000); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDate dates an hour of packs of a minute that waited.
func BenchmarkDate(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		store := open(b, buffer.Options{Dir: b.TempDir()})
		for n := range 60 {
			if err := store.PutUndated("boot", stamped(n)); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		if sum, err := store.Date("boot", from(noon)); err != nil || sum.Refused > 0 {
			b.Fatal(sum, err)
		}
	}
}
