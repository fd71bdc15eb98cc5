package buffer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

func Example() {
	dir, err := os.MkdirTemp("", "buffer")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	b, err := buffer.Open(buffer.Options{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	c, err := b.Cursor("lorient", buffer.Now())
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := b.Put(senml.Pack{{Name: "power", Unit: "W", Value: senml.NumberValue(420), Time: 1772366400}}); err != nil {
		fmt.Println(err)
		return
	}
	items, err := c.Next(context.Background(), 10)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, item := range items {
		fmt.Println(item.Pack[0].Name, item.Pack[0].Value, item.Pack[0].Unit)
		if err := c.Ack(item.Seq); err != nil {
			fmt.Println(err)
		}
	}
	// Output: power 420 W
}

func TestClosed(t *testing.T) {
	t.Parallel()
	b := open(t, buffer.Options{Dir: t.TempDir()})
	c := cursor(t, b, "c", buffer.Now())
	seq := put(t, b, minute(noon, 1))
	for range 2 { // closing again does nothing
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		name string
		do   func() error
		want string
	}{
		{"put", func() error { _, err := b.Put(minute(noon, 1)); return err }, "put pack: buffer is closed"},
		{"cursor", func() error { _, err := b.Cursor("d", buffer.Now()); return err }, `open cursor "d": buffer is closed`},
		{"remove", func() error { return b.RemoveCursor("c") }, `remove cursor "c": buffer is closed`},
		{"next", func() error { _, err := c.Next(t.Context(), 1); return err }, `read cursor "c": buffer is closed`},
		{"ack", func() error { return c.Ack(1) }, `acknowledge 1 for "c": buffer is closed`},
		{"history", func() error {
			_, _, err := b.History(t.Context(), record("power", noon, 0).Name, noon, noon.Add(time.Hour), 1)
			return err
		}, `read history of "urn:dev:org:60060-demo_power": buffer is closed`},
	} {
		err := row.do()
		if errorText(err) != row.want || !errors.Is(err, buffer.ErrClosed) {
			t.Errorf("%s: error is %v, want %s", row.name, err, row.want)
		}
	}
	if s := b.Stats(); s.Last != seq || s.Packs != 1 {
		t.Errorf("stats after closing: %+v", s)
	}
}

func TestHistoryEndsWithItsContext(t *testing.T) {
	t.Parallel()
	b := open(t, buffer.Options{Dir: t.TempDir()})
	put(t, b, minute(noon, 1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := b.History(ctx, record("power", noon, 0).Name, noon, noon.Add(time.Hour), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
	c := cursor(t, b, "c", buffer.Beginning())
	if _, err := c.Next(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
}

// TestUpkeepDisturbsNobody gives space back all the time while packs come, go and are read. Recipients get
// every pack that has not expired, in order, and no reader meets a file that has just been freed.
func TestUpkeepDisturbsNobody(t *testing.T) {
	t.Parallel()
	const packs = 400
	b := open(t, buffer.Options{Dir: t.TempDir(), MaxBytes: 1 << 20})
	c := cursor(t, b, "c", buffer.Now())
	done := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		defer close(done)
		random := rand.NewChaCha8([32]byte{1})
		for i := range packs {
			if _, err := b.Put(noise(random, noon.Add(time.Duration(i)*time.Minute), 20_000)); err != nil {
				t.Error(err)
			}
		}
	})
	until := func(deed func() error) {
		for {
			select {
			case <-done:
				return
			default:
			}
			if err := deed(); err != nil {
				t.Error(err)
				return
			}
		}
	}
	all.Go(func() { until(b.Reclaim) })
	all.Go(func() {
		until(func() error {
			_, _, err := b.History(t.Context(), "urn:dev:org:60060-demo_noise", noon, noon.AddDate(0, 0, 1), 9)
			return err
		})
	})
	all.Go(func() { takeAll(t, b, c, packs) })
	all.Wait()
	if s := b.Stats(); s.Corrupt != 0 || s.Bytes > 1<<20 {
		t.Errorf("stats: %+v, want nothing corrupt and at most a MiB", s)
	}
}

// takeAll takes until n packs have been taken or have expired.
func takeAll(t *testing.T, b *buffer.Buffer, c *buffer.Cursor, n int) {
	var last buffer.Seq
	for taken := uint64(0); taken+b.Cursors()[0].Expired < uint64(n); {
		items, err := c.Next(t.Context(), 3)
		if err != nil {
			t.Error(err)
			return
		}
		for _, item := range items {
			if item.Seq <= last {
				t.Errorf("pack %d comes after %d", item.Seq, last)
			}
			last = item.Seq
		}
		taken += uint64(len(items))
		if err := c.Ack(last); err != nil {
			t.Error(err)
		}
	}
}

// TestLateAcknowledgement wants what the keeper has written, without Put and without Close, to survive a kill.
func TestLateAcknowledgement(t *testing.T) {
	t.Parallel()
	m := &machine{t: t, clock: noon, dir: t.TempDir()}
	m.open()
	c := cursor(t, m.b, "c", buffer.Now())
	seq := put(t, m.b, minute(noon, 1))
	ack(t, c, seq)
	for _, row := range []struct {
		name  string
		write bool
		want  buffer.Seq
	}{{"in memory", false, seq - 1}, {"written", true, seq}} {
		if row.write {
			if err := m.b.WriteCursors(); err != nil {
				t.Fatal(err)
			}
		}
		killed := open(t, buffer.Options{Dir: snapshot(t, m.dir)})
		if diff := cmp.Diff(row.want, killed.Cursors()[0].Acked); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

// TestSeriesByTime wants the latest record by time, not by arrival, also after reopening, and a series to go
// from the list with its last pack.
func TestSeriesByTime(t *testing.T) {
	t.Parallel()
	clock := noon.Add(2 * time.Minute)
	o := buffer.Options{Dir: t.TempDir(), MaxAge: time.Hour}.WithClock(func() time.Time { return clock })
	b := open(t, o)
	power := func(after time.Duration, value float64) senml.Record { return record("power", noon.Add(after), value) }
	first := put(t, b, senml.Pack{power(0, 1), power(2*time.Minute, 3), power(time.Minute, 2), record("gone", noon, 9)})
	clock = clock.Add(50 * time.Minute)
	put(t, b, senml.Pack{power(-time.Hour, 0), power(90*time.Second, 2.5)})
	state := func(r senml.Record, seq buffer.Seq) buffer.SeriesState {
		return buffer.SeriesState{Name: r.Name, Last: r, Seq: seq}
	}
	steps := []struct {
		name string
		do   func()
		want []buffer.SeriesState
	}{
		{"an older record came later", func() {},
			[]buffer.SeriesState{state(record("gone", noon, 9), first), state(power(2*time.Minute, 3), first)}},
		{"reopened", func() {
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			b = open(t, o)
		}, []buffer.SeriesState{state(record("gone", noon, 9), first), state(power(2*time.Minute, 3), first)}},
		{"the same time again", func() { put(t, b, senml.Pack{power(2*time.Minute, 3.5)}) },
			[]buffer.SeriesState{state(record("gone", noon, 9), first), state(power(2*time.Minute, 3.5), first+2)}},
		{"the first pack is too old", func() {
			clock = clock.Add(20 * time.Minute)
			if err := b.Trim(); err != nil {
				t.Fatal(err)
			}
		}, []buffer.SeriesState{state(power(2*time.Minute, 3.5), first+2)}},
	}
	for _, step := range steps {
		step.do()
		if diff := cmp.Diff(step.want, b.Series(), sameValue); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
}
