package buffer_test

import (
	"bytes"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// answers is what the history says of every series of two days, raw and rolled up.
func answers(t testing.TB, b *buffer.Buffer) (raw map[string]senml.Pack, periods map[string][]buffer.Period) {
	t.Helper()
	raw, periods = map[string]senml.Pack{}, map[string][]buffer.Period{}
	from, to := noon.Add(-24*time.Hour), noon.Add(24*time.Hour)
	for _, s := range b.Known() {
		var err error
		if raw[s.Name], _, err = b.History(t.Context(), s.Name, from, to, 10_000); err != nil {
			t.Fatal(err)
		}
		for _, r := range []buffer.Resolution{buffer.TenMinutes, buffer.Hour, buffer.Day} {
			some, _, err := b.Periods(t.Context(), s.Name, r, from, to, 10_000)
			if err != nil {
				t.Fatal(err)
			}
			periods[s.Name] = append(periods[s.Name], some...)
		}
	}
	return raw, periods
}

// TestReadingWritesNothing asks for the history of packs that are partly in the journal, some of them late, after an
// opening too: the answers are those of when all is in the database, and no file has changed.
func TestReadingWritesNothing(t *testing.T) {
	t.Parallel()
	now := noon.Add(5 * time.Hour)
	dir := t.TempDir()
	o := buffer.Options{Dir: dir}.WithClock(func() time.Time { return now })
	b := open(t, o)
	hours := func(from, to int) {
		for h := from; h < to; h++ {
			put(t, b, minute(noon.Add(time.Duration(h)*time.Hour), 60))
			put(t, b, minute(noon.Add(time.Duration(h)*time.Hour+59*time.Minute+40*time.Second), 40)) // into the next
		}
	}
	hours(0, 3)
	if err := b.RollUp(); err != nil {
		t.Fatal(err)
	}
	hours(2, 5) // the first late, in an hour that was closed
	put(t, b, senml.Pack{record("new", noon, 1)})
	for _, when := range []string{"put", "opened again"} {
		before := takeImage(t, dir)
		raw, periods := answers(t, b)
		if after := takeImage(t, dir); !maps.EqualFunc(before, after, bytes.Equal) {
			t.Errorf("%s: reading has changed a file", when)
		}
		if err := b.Fold(); err != nil {
			t.Fatal(err)
		}
		foldedRaw, foldedPeriods := answers(t, b)
		if diff := cmp.Diff(foldedRaw, raw, cmp.AllowUnexported(senml.Value{})); diff != "" {
			t.Errorf("%s: raw (-folded +in the journal):\n%s", when, diff)
		}
		if diff := cmp.Diff(foldedPeriods, periods, cmp.AllowUnexported(senml.Value{}), cmp.Comparer(sameNumber)); diff != "" {
			t.Errorf("%s: periods (-folded +in the journal):\n%s", when, diff)
		}
		if len(raw) != 7 || len(foldedRaw[record("new", noon, 1).Name]) != 1 {
			t.Errorf("%s: %d series", when, len(raw))
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		b = open(t, o)
		put(t, b, minute(noon.Add(2*time.Hour), 7))
	}
}

// sameNumber takes what is not a number for equal.
func sameNumber(x, y float64) bool { return x == y || x != x && y != y }
