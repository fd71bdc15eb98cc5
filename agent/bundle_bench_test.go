package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"releve/agent/config"
	"releve/buffer"
)

// watchedHeap counts what is written and looks now and then how much memory is held meanwhile.
type watchedHeap struct{ bytes, looked, most int64 }

func (w *watchedHeap) Write(p []byte) (int, error) {
	w.bytes += int64(len(p))
	if w.bytes-w.looked > 64<<10 {
		w.looked = w.bytes
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		w.most = max(w.most, int64(m.HeapInuse))
	}
	return len(p), nil
}

// BenchmarkExport exports everything of a meter in standard mode at full rate. EXPORT_DAYS sets how many days are kept as
// they were read, 1 if it is not set; the heap must not grow with them.
func BenchmarkExport(b *testing.B) {
	days := 1
	_, _ = fmt.Sscan(os.Getenv("EXPORT_DAYS"), &days)
	state := b.TempDir()
	m := newTalk(b, state, talkStart)
	m.until(m.meter.Now().AddDate(0, 0, days), time.Minute, func() {})
	now := m.meter.Now()
	m.close()
	c := config.Config{Agent: config.Agent{State: state, Location: time.UTC}}
	c.Buffer.MaxBytes, c.Buffer.MaxAge = 4<<30, 366*24*time.Hour
	store, err := buffer.Open(storeOptions(c, nil))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	var w watchedHeap
	var before runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		w = watchedHeap{}
		if err := (portability{buffer: store, cfg: c, now: now}).write(context.Background(), &w); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(w.bytes)/1e6/float64(days), "MB/day")
	b.ReportMetric(float64(before.HeapInuse)/1e6, "MB-heap-before")
	b.ReportMetric(float64(w.most)/1e6, "MB-heap-most")
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(days), "s/day")
}
