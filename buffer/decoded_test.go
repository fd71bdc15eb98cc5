package buffer_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// mixed is pack n of an open hour: a plain series, one whose unit changes, one of texts, and one that is said twice.
func mixed(n int) senml.Pack {
	at := noon.Add(time.Duration(n) * time.Second)
	unit, text := record("unit", at, float64(n)), record("text", at, 0)
	if n%3 == 2 {
		unit.Unit = "VA"
	}
	text.Value = senml.TextValue([]string{"HP", "HC"}[n/2%2])
	return senml.Pack{record("plain", at, float64(n)), unit, text, record("twice", noon, 1)}
}

// mixedSeries is what the history must have of the packs, by name.
func mixedSeries(packs ...int) map[string]senml.Pack {
	want := map[string]senml.Pack{}
	for i, n := range packs {
		for _, r := range mixed(n) {
			if i == 0 || r.Time != float64(noon.Unix()) {
				want[r.Name] = append(want[r.Name], r)
			}
		}
	}
	return want
}

func wantSeries(t *testing.T, when string, b *buffer.Buffer, want map[string]senml.Pack) {
	t.Helper()
	for name, records := range want {
		got, _, err := b.History(t.Context(), name, noon, noon.Add(time.Hour), 1000)
		if diff := cmp.Diff(records, got, cmp.AllowUnexported(senml.Value{})); diff != "" || err != nil {
			t.Errorf("%s: %s: %v (-want +got):\n%s", when, name, err, diff)
		}
	}
}

// TestOpenHourIsDecodedOnce takes packs away behind the buffer's back: what it has decoded it does not read again, neither
// what it was given nor what it has read after it was opened, and all is let go when the hour is closed.
func TestOpenHourIsDecodedOnce(t *testing.T) {
	t.Parallel()
	now := noon.Add(time.Minute)
	o := buffer.Options{Dir: t.TempDir()}.WithClock(func() time.Time { return now })
	b := open(t, o)
	var all []buffer.Seq
	for n := range 4 {
		all = append(all, put(t, b, mixed(n)))
	}
	wantSeries(t, "put", b, mixedSeries(0, 1, 2, 3))
	drop := func(seq buffer.Seq) {
		t.Helper()
		if err := b.DropKey(buffer.PackKey(seq)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Fold(); err != nil {
		t.Fatal(err)
	}
	drop(all[1])
	wantSeries(t, "kept", b, mixedSeries(0, 1, 2, 3))
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, o)
	put(t, b, mixed(4))
	wantSeries(t, "read again", b, mixedSeries(0, 2, 3, 4))
	drop(all[0])
	wantSeries(t, "learned", b, mixedSeries(0, 2, 3, 4))
	put(t, b, mixed(5))
	now = noon.Add(2 * time.Hour)
	if err := b.RollUp(); err != nil {
		t.Fatal(err)
	}
	if size := b.Decoded(); size != 0 {
		t.Errorf("%d bytes are kept of a closed hour", size)
	}
	wantSeries(t, "rolled up", b, mixedSeries(0, 2, 3, 4, 5))
	put(t, b, mixed(6))
	wantSeries(t, "opened again", b, mixedSeries(0, 2, 3, 4, 5, 6))
}

// TestOpenHoursAreDecodedSoon opens a store and decodes what is open before anybody asks. Then nothing is read from packs.
func TestOpenHoursAreDecodedSoon(t *testing.T) {
	t.Parallel()
	o := buffer.Options{Dir: t.TempDir()}.WithClock(func() time.Time { return noon.Add(time.Minute) })
	b := open(t, o)
	var all []buffer.Seq
	for n := range 4 {
		all = append(all, put(t, b, mixed(n)))
	}
	size := b.Decoded()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, o)
	put(t, b, mixed(4))
	if err := b.DecodeOpen(); err != nil {
		t.Fatal(err)
	}
	if got := b.Decoded(); got < size {
		t.Errorf("%d bytes are decoded, %d were", got, size)
	}
	for _, seq := range all {
		if err := b.DropKey(buffer.PackKey(seq)); err != nil {
			t.Fatal(err)
		}
	}
	wantSeries(t, "decoded", b, mixedSeries(0, 1, 2, 3, 4))
}

// TestDecodedIsBounded puts more than is kept, what is not kept at all, and what nobody knows to be stored.
func TestDecodedIsBounded(t *testing.T) {
	t.Parallel()
	const hours, records, bound = 31, 10_000, 4 << 20
	b := open(t, buffer.Options{Dir: t.TempDir()}.WithClock(func() time.Time { return noon.Add(48 * time.Hour) }))
	for h := range hours {
		var p senml.Pack
		for i := range records {
			p = append(p, record("power", noon.Add(time.Duration(h)*time.Hour+time.Duration(i)*time.Millisecond), float64(i)))
		}
		put(t, b, p)
		if size := b.Decoded(); size == 0 || size > bound {
			t.Fatalf("after %d hours %d bytes are kept, want up to %d", h+1, size, bound)
		}
	}
	name := record("power", noon, 0).Name
	for _, h := range []int{0, hours - 1} {
		from := noon.Add(time.Duration(h) * time.Hour)
		got, _, err := b.History(t.Context(), name, from, from.Add(time.Hour), 1<<20)
		if len(got) != records || err != nil {
			t.Errorf("hour %d: %d records, %v", h, len(got), err)
		}
	}
	b.SkipNumber()
	if size := b.Decoded(); size != 0 {
		t.Errorf("%d bytes are kept although a pack may be missing", size)
	}
	picture := record("picture", noon, 0)
	picture.Value = senml.DataValue([]byte("\x89PNG"))
	put(t, b, senml.Pack{picture})
	if size := b.Decoded(); size != 0 {
		t.Errorf("%d bytes are kept of a picture", size)
	}
	if got, _, err := b.History(t.Context(), picture.Name, noon, noon.Add(time.Hour), 9); len(got) != 1 || err != nil {
		t.Errorf("history %v, %v, want the picture", got, err)
	}
}

// TestHistoryWhilePutting reads an hour that is put to, rolled up and forgotten all the time: each answer has what was put
// before it was asked, and no gap.
func TestHistoryWhilePutting(t *testing.T) {
	t.Parallel()
	const packs = 300
	b := open(t, buffer.Options{Dir: t.TempDir()}.WithClock(func() time.Time { return noon.Add(2 * time.Hour) }))
	name := record("plain", noon, 0).Name
	var stored atomic.Int64
	var readers sync.WaitGroup
	put(t, b, mixed(0))
	for range 2 {
		readers.Go(func() {
			for known := int64(0); known < packs; {
				known = stored.Load()
				got, _, err := b.History(t.Context(), name, noon, noon.Add(time.Hour), 1000)
				if err != nil || len(got) <= int(known) {
					t.Errorf("%d records of %d: %v", len(got), known+1, err)
					return
				}
				for i, r := range got {
					if v, _ := r.Value.Number(); int(v) != i {
						t.Errorf("record %d of %d is of pack %v", i, len(got), v)
						return
					}
				}
			}
		})
	}
	for n := 1; n <= packs; n++ {
		put(t, b, mixed(n))
		stored.Store(int64(n))
		switch {
		case n%50 == 0:
			if err := b.Settle(); err != nil {
				t.Error(err)
			}
		case n%20 == 0:
			b.SkipNumber()
		}
	}
	readers.Wait()
	all := make([]int, packs+1)
	for i := range all {
		all[i] = i
	}
	wantSeries(t, "in the end", b, mixedSeries(slices.Clip(all)...))
}
