package buffer_test

import (
	"context"
	"testing"
	"time"

	"releve/buffer"
	"releve/senml"
)

const day = 1440 // packs of a minute

// filled is a buffer with a day of packs of a minute.
func filled(b *testing.B) (*buffer.Buffer, []buffer.Seq) {
	b.Helper()
	store := open(b, buffer.Options{Dir: b.TempDir()})
	var all []buffer.Seq
	for i := range day {
		p := minute(noon.Add(time.Duration(i)*time.Minute), 60)
		if i%60 == 0 {
			p = append(p, record("rare", noon.Add(time.Duration(i)*time.Minute), 1))
		}
		all = append(all, put(b, store, p))
	}
	s := store.Stats()
	b.ReportMetric(float64(s.DiskBytes)/day, "disk-B/pack")
	return store, all
}

// BenchmarkPut puts durable packs of a minute: 124 records.
func BenchmarkPut(b *testing.B) {
	store := open(b, buffer.Options{Dir: b.TempDir()})
	p := minute(noon, 60)
	b.ReportAllocs()
	for b.Loop() {
		put(b, store, p)
	}
}

// BenchmarkNext drains a day, 16 packs at a time.
func BenchmarkNext(b *testing.B) {
	store, all := filled(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c := cursor(b, store, time.Duration(i).String(), buffer.Beginning())
		for acked := all[0] - 1; acked < all[day-1]; {
			items, err := c.Next(b.Context(), 16)
			if err != nil {
				b.Fatal(err)
			}
			acked = items[len(items)-1].Seq
			ack(b, c, acked)
		}
	}
}

// BenchmarkHistory compares History with a scan of all packs, which is what it would be without an index.
func BenchmarkHistory(b *testing.B) {
	store, _ := filled(b)
	rare, power := record("rare", noon, 0).Name, record("power", noon, 0).Name
	for _, row := range []struct {
		name, series string
		length       time.Duration
		want         int
	}{
		{"rare series, a day", rare, 24 * time.Hour, 24},
		{"full rate, five minutes", power, 5 * time.Minute, 300},
		{"full rate, an hour", power, time.Hour, 3600},
		{"full rate, a day", power, 24 * time.Hour, 86400},
	} {
		from := noon
		to := noon.Add(row.length)
		b.Run(row.name+"/history", func(b *testing.B) {
			for b.Loop() {
				got, _, err := store.History(b.Context(), row.series, from, to, 1<<20)
				if len(got) != row.want || err != nil {
					b.Fatal(len(got), err)
				}
			}
		})
		b.Run(row.name+"/scan", func(b *testing.B) {
			for b.Loop() {
				if got := scan(b, store, row.series, from, to); got != row.want {
					b.Fatal(got)
				}
			}
		})
	}
}

// scan counts the records of a series by reading every pack.
func scan(b *testing.B, store *buffer.Buffer, series string, from, to time.Time) int {
	c := cursor(b, store, "scan", buffer.Beginning())
	defer store.RemoveCursor("scan")
	var found senml.Pack
	for last := store.Stats().Last; ; {
		items, err := c.Next(context.Background(), 64)
		if err != nil {
			b.Fatal(err)
		}
		for _, item := range items {
			for _, r := range item.Pack {
				if r.Name == series && r.Time >= float64(from.Unix()) && r.Time < float64(to.Unix()) {
					found = append(found, r)
				}
			}
		}
		acked := items[len(items)-1].Seq
		if acked == last {
			return len(found)
		}
		ack(b, c, acked)
	}
}

// BenchmarkOpen opens a store with a day of packs after a clean close.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	store, err := buffer.Open(buffer.Options{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	for i := range day {
		put(b, store, minute(noon.Add(time.Duration(i)*time.Minute), 60))
	}
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		store, err := buffer.Open(buffer.Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
