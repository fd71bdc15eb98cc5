package buffer_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// sayDays puts a pack for each of some days: two series, a reading every ten minutes.
func (r *rolled) sayDays(from time.Time, days int) {
	r.Helper()
	for n := range days {
		var p senml.Pack
		for at := from.AddDate(0, 0, n); at.Before(from.AddDate(0, 0, n+1)); at = at.Add(10 * time.Minute) {
			p = append(p, record("drawn", at, float64(at.Unix()%977)), record("power", at, float64(at.Unix()%613)))
		}
		put(r, r.b, p)
	}
}

// TestUnrolledMonth asks of a month that was brought in and that nobody has rolled up: a pack is decoded once for a question,
// days are kept for the questions after it, and the answers are those of the roll-ups, also after something has come late.
func TestUnrolledMonth(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 10, 1, 0, 0, 0, 0, paris(t))
	end, late := begin.AddDate(0, 1, 0), begin.AddDate(0, 0, 10).Add(12*time.Hour+5*time.Minute)
	const days = 31
	r := newRolled(t, end.AddDate(0, 0, 2))
	var decoded atomic.Int64
	r.o = r.o.WithPacks(func() { decoded.Add(1) })
	r.sayDays(begin, days)
	r.reopen()                            // it forgets what it had decoded
	first := map[string][]buffer.Period{} // by series, in days
	for _, row := range []struct {
		name       string
		resolution buffer.Resolution
		packs      int64
	}{
		{"drawn", buffer.Day, days},
		{"power", buffer.Day, 0},
		{"drawn", buffer.Month, 0},
		{"drawn", buffer.Day, 0},
		{"drawn", buffer.TenMinutes, days},
	} {
		decoded.Store(0)
		answer := r.periods(row.name, row.resolution, begin, end)
		if row.resolution == buffer.Day {
			first[row.name] = answer
		}
		if got := decoded.Load(); got > row.packs {
			t.Errorf("%s in periods of %d: %d packs were decoded, want at most %d", row.name, row.resolution, got, row.packs)
		}
	}
	put(t, r.b, senml.Pack{record("drawn", late, 5000)})
	decoded.Store(0)
	before := r.periods("drawn", buffer.Day, begin, end)
	if got := decoded.Load(); got > 2 {
		t.Errorf("after one that came late: %d packs were decoded, want 2 at most", got)
	}
	if diff := cmp.Diff(first["drawn"][10], before[10], samePeriod); diff == "" {
		t.Error("what came late changed nothing")
	}
	decoded.Store(0)
	r.rollUp()
	if got := decoded.Load(); got > days+2 {
		t.Errorf("rolled up: %d packs were decoded, want %d at most", got, days+2)
	}
	if diff := cmp.Diff(r.periods("drawn", buffer.Day, begin, end), before, samePeriod); diff != "" {
		t.Errorf("drawn, rolled up and before:\n%s", diff)
	}
	if diff := cmp.Diff(r.periods("power", buffer.Day, begin, end), first["power"], samePeriod); diff != "" {
		t.Errorf("power, rolled up and before:\n%s", diff)
	}
}
