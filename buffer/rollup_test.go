package buffer_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// rolled is a buffer in Paris whose clock a test sets.
type rolled struct {
	*testing.T
	clock time.Time
	o     buffer.Options
	b     *buffer.Buffer
}

func newRolled(t *testing.T, at time.Time) *rolled {
	t.Helper()
	r := &rolled{T: t, clock: at}
	r.o = buffer.Options{Dir: t.TempDir(), MaxAge: 2 * 366 * 24 * time.Hour, Location: paris(t), Class: classOf, Hold: hold}
	r.o = r.o.WithClock(func() time.Time { return r.clock })
	r.b = open(t, r.o)
	return r
}

func (r *rolled) reopen() {
	r.Helper()
	if err := r.b.Close(); err != nil {
		r.Fatal(err)
	}
	r.b = open(r, r.o)
}

// say puts a reading of a series every ten minutes from an instant on, n of them.
func (r *rolled) say(name, unit string, from time.Time, n int, value func(i int) float64) {
	r.Helper()
	var p senml.Pack
	for i := range n {
		one := record(name, from.Add(time.Duration(i)*10*time.Minute), value(i))
		one.Unit = unit
		p = append(p, one)
	}
	put(r, r.b, p)
}

// rollUp lets what was put rest and rolls it up.
func (r *rolled) rollUp() {
	r.Helper()
	r.clock = r.clock.Add(3 * time.Minute)
	if err := r.b.RollUp(); err != nil {
		r.Fatal(err)
	}
}

func (r *rolled) periods(name string, resolution buffer.Resolution, from, to time.Time) []buffer.Period {
	r.Helper()
	got, more, err := r.b.Periods(r.Context(), record(name, noon, 0).Name, resolution, from, to, 1<<20)
	if err != nil || more {
		r.Fatal(more, err)
	}
	return got
}

func same(v float64) func(int) float64 { return func(int) float64 { return v } }

// TestDaysOfBothClockChanges counts what a day of 23 and one of 25 hours have.
func TestDaysOfBothClockChanges(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		day                    time.Time
		hours, halves, tens, n int
	}{
		{time.Date(2026, 3, 29, 0, 0, 0, 0, paris(t)), 23, 46, 138, 138},
		{time.Date(2026, 3, 30, 0, 0, 0, 0, paris(t)), 24, 48, 144, 144},
		{time.Date(2026, 10, 25, 0, 0, 0, 0, paris(t)), 25, 50, 150, 150},
	} {
		next := row.day.AddDate(0, 0, 1)
		r := newRolled(t, next.AddDate(0, 0, 2))
		r.say("index", "Wh", row.day.Add(-time.Hour), 200, func(i int) float64 { return 1000 + 5*float64(i) })
		for range 3 { // from packs, from cells, from days
			days := r.periods("index", buffer.Day, row.day, next)
			if len(days) != 1 {
				t.Fatalf("%s is %d days", row.day, len(days))
			}
			d := days[0]
			first, _ := d.First.Number()
			last, _ := d.Last.Number()
			if !d.Begin.Equal(row.day) || !d.End.Equal(next) || d.Count != row.n || first != 1030 || last != 1030+5*float64(row.n-1) ||
				d.Covered != time.Duration(row.hours)*time.Hour || !d.Since.Equal(row.day) {
				t.Errorf("%s: %+v", row.day, d)
			}
			got := []int{
				len(r.periods("index", buffer.Hour, row.day, next)), len(r.periods("index", buffer.HalfHour, row.day, next)),
				len(r.periods("index", buffer.TenMinutes, row.day, next)),
			}
			if diff := cmp.Diff([]int{row.hours, row.halves, row.tens}, got); diff != "" {
				t.Errorf("%s: hours, halves, tens (-want +got):\n%s", row.day, diff)
			}
			r.rollUp()
			r.reopen()
		}
	}
}

// TestMeanIsOverTime: a value that was in force for longer counts for more, however often it was read.
func TestMeanIsOverTime(t *testing.T) {
	t.Parallel()
	r := newRolled(t, noon.Add(time.Hour))
	at := func(seconds int, v float64) senml.Record {
		return record("power", noon.Add(time.Duration(seconds)*time.Second), v)
	}
	put(t, r.b, senml.Pack{at(0, 100), at(540, 1000), at(541, 1010), at(542, 1000), at(600, 100)})
	got := r.periods("power", buffer.TenMinutes, noon, noon.Add(10*time.Minute))
	want := []buffer.Period{{
		Begin: noon, End: noon.Add(10 * time.Minute), Since: noon, Count: 4, Covered: 10 * time.Minute,
		Mean: (540*100 + 59*1000 + 1010.) / 600, Min: 100, Max: 1010,
		First: senml.NumberValue(100), Last: senml.NumberValue(1000),
	}}
	if diff := cmp.Diff(want, got, samePeriod); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestThinning lets values of ten minutes go when they are too old, those of a curve earlier; days stay, and stay as
// they are when readings of them come late.
func TestThinning(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 10, 0, 0, 0, 0, paris(t))
	r := newRolled(t, begin.AddDate(0, 0, 2))
	for n := range 2 {
		r.say("power", "W", begin.AddDate(0, 0, n), 144, same(float64(100*(n+1))))
		r.say("volt", "V", begin.AddDate(0, 0, n), 144, same(230))
	}
	r.rollUp()
	count := func() (all [4]int) {
		end := begin.AddDate(0, 0, 2)
		for i, name := range []string{"power", "volt"} {
			all[i] = len(r.periods(name, buffer.TenMinutes, begin, end))
			all[i+2] = len(r.periods(name, buffer.Day, begin, end))
		}
		return all
	}
	pass := func(to time.Time) { // a day on which something is said, and it is over
		r.clock = to
		r.say("volt", "V", to.Add(-time.Minute), 1, same(230))
		r.clock = to.AddDate(0, 0, 2)
		r.rollUp()
	}
	steps := []struct {
		name string
		to   time.Time
		want [4]int
	}{
		{"at once", begin.AddDate(0, 0, 2), [4]int{288, 288, 2, 2}},
		{"a year less a day", begin.AddDate(0, 0, 363), [4]int{288, 288, 2, 2}},
		{"a year", begin.AddDate(0, 0, 365), [4]int{144, 288, 2, 2}},
		{"a year and a day", begin.AddDate(0, 0, 366), [4]int{0, 288, 2, 2}},
		{"three years", begin.AddDate(0, 0, 3*366+3), [4]int{0, 0, 2, 2}},
	}
	for _, s := range steps {
		if s.name != "at once" {
			pass(s.to)
		}
		if got := count(); got != s.want {
			t.Errorf("after %s: %v, want tens and days of power and volt %v", s.name, got, s.want)
		}
	}
	r.say("power", "W", begin.Add(time.Hour), 3, same(9000))
	r.clock = r.clock.Add(time.Hour)
	r.rollUp()
	if d := r.periods("power", buffer.Day, begin, begin.AddDate(0, 0, 1)); len(d) != 1 || d[0].Mean != 100 || d[0].Count != 144 {
		t.Errorf("a day of three years ago has changed: %+v", d)
	}
	r.say("other", "W", begin.Add(time.Hour), 3, same(9000))
	r.clock = r.clock.Add(time.Hour)
	r.rollUp()
	if d := r.periods("other", buffer.Day, begin, begin.AddDate(0, 0, 1)); len(d) != 1 || d[0].Mean != 9000 || d[0].Count != 3 {
		t.Errorf("a day of three years ago that was not known is %+v", d)
	}
	if got := len(r.periods("other", buffer.TenMinutes, begin, begin.AddDate(0, 0, 1))); got != 0 {
		t.Errorf("%d values of ten minutes of three years ago are kept", got)
	}
}

// TestRollUpsOutlivePacks trims all packs: what was rolled up stays, also when readings of the same hour come again.
func TestRollUpsOutlivePacks(t *testing.T) {
	t.Parallel()
	for _, rolledUp := range []bool{true, false} {
		r := newRolled(t, noon.Add(2*time.Hour))
		r.say("power", "W", noon, 12, func(i int) float64 { return float64(100 * i) })
		want := r.periods("power", buffer.TenMinutes, noon, noon.Add(2*time.Hour))
		if rolledUp {
			r.clock = r.clock.Add(time.Hour)
			r.rollUp()
		}
		r.clock = r.clock.AddDate(3, 0, 0) // not yet three times 366 days
		if err := r.b.Trim(); err != nil || r.b.Stats().Packs != 0 {
			t.Fatal(err)
		}
		if p, _, err := r.b.History(t.Context(), record("power", noon, 0).Name, noon, r.clock, 9); len(p) != 0 || err != nil {
			t.Errorf("%d readings are left, %v", len(p), err)
		}
		r.o.KeepCurve = 3 * 366 * 24 * time.Hour
		r.reopen()
		for range 2 {
			got := r.periods("power", buffer.TenMinutes, noon, noon.Add(2*time.Hour))
			if diff := cmp.Diff(want, got, samePeriod); diff != "" {
				t.Errorf("rolled up before %v (-want +got):\n%s", rolledUp, diff)
			}
			r.say("power", "W", noon, 1, same(9000))
			r.clock = r.clock.Add(time.Hour)
			r.rollUp()
		}
	}
}

// TestStoreWithoutRollUps opens what a version without them has left.
func TestStoreWithoutRollUps(t *testing.T) {
	t.Parallel()
	r := newRolled(t, noon.AddDate(0, 0, 3))
	r.say("power", "W", noon, 288, func(i int) float64 { return float64(i) })
	want := r.periods("power", buffer.Day, noon.AddDate(0, 0, -1), r.clock)
	r.rollUp()
	if err := r.b.ForgetRollUps(); err != nil {
		t.Fatal(err)
	}
	r.reopen()
	for range 2 {
		got := r.periods("power", buffer.Day, noon.AddDate(0, 0, -1), r.clock)
		if diff := cmp.Diff(want, got, samePeriod); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		r.rollUp()
	}
	if hours, days := r.b.Open(); hours+days != 0 {
		t.Errorf("%d hours and %d days are still to be rolled up", hours, days)
	}
}

// TestOtherZone makes the days anew when the household has moved.
func TestOtherZone(t *testing.T) {
	t.Parallel()
	r := newRolled(t, noon.AddDate(0, 0, 4))
	r.say("power", "W", noon, 288, func(i int) float64 { return float64(i) })
	r.rollUp()
	tahiti, err := time.LoadLocation("Pacific/Tahiti")
	if err != nil {
		t.Fatal(err)
	}
	r.o.Location = tahiti
	r.reopen()
	for range 2 {
		var got []string
		for _, p := range r.periods("power", buffer.Day, noon.AddDate(0, 0, -1), r.clock) {
			got = append(got, p.Begin.Format("01-02T15:04Z07:00 ")+p.First.String()+" "+p.Last.String())
		}
		want := []string{"03-01T00:00-10:00 0 131", "03-02T00:00-10:00 132 275", "03-03T00:00-10:00 276 287"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		r.rollUp()
	}
}

// TestDamagedBlock reads the packs when a block is damaged.
func TestDamagedBlock(t *testing.T) {
	t.Parallel()
	r := newRolled(t, noon.Add(2*time.Hour))
	random := rand.New(rand.NewPCG(1, 1))
	var said senml.Pack
	for i := range 100 { // too much to stay in a table
		said = append(said, record("power", noon.Add(time.Duration(i)*time.Second), random.Float64()))
	}
	put(t, r.b, said)
	want := r.periods("power", buffer.Hour, noon, noon.Add(time.Hour))
	r.rollUp()
	if err := r.b.Close(); err != nil {
		t.Fatal(err)
	}
	log := newest(t, r.o.Dir, ".vlog")
	flip(t, log, find(t, log, "RB\x01", 0)+22)
	r.b = open(t, r.o)
	p, _, err := r.b.History(t.Context(), record("power", noon, 0).Name, noon, noon.Add(time.Hour), 999)
	if diff := cmp.Diff(said, p, sameValue); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff(want, r.periods("power", buffer.Hour, noon, noon.Add(time.Hour)), samePeriod); diff != "" {
		t.Errorf("hour (-want +got):\n%s", diff)
	}
}

func TestPeriodsBounds(t *testing.T) {
	t.Parallel()
	r := newRolled(t, noon.Add(3*time.Hour))
	r.say("power", "W", noon, 12, func(i int) float64 { return float64(i) })
	name := record("power", noon, 0).Name
	for _, row := range []struct {
		name       string
		series     string
		resolution buffer.Resolution
		from, to   time.Time
		limit      int
		want       int
		more       bool
		err        string
	}{
		{"all", name, buffer.TenMinutes, noon, noon.Add(2 * time.Hour), 99, 12, false, ""},
		{"what the last is in force in", name, buffer.TenMinutes, noon, noon.Add(9 * time.Hour), 99, 14, false, ""},
		{"begins after from", name, buffer.Hour, noon.Add(time.Millisecond), noon.Add(2 * time.Hour), 99, 1, false, ""},
		{"begins before to", name, buffer.Hour, noon, noon.Add(time.Hour + time.Millisecond), 99, 2, false, ""},
		{"limit", name, buffer.TenMinutes, noon, noon.Add(2 * time.Hour), 5, 5, true, ""},
		{"exactly the limit", name, buffer.TenMinutes, noon, noon.Add(2 * time.Hour), 12, 12, false, ""},
		{"no limit is nothing", name, buffer.TenMinutes, noon, noon.Add(2 * time.Hour), 0, 0, false, ""},
		{"turned round", name, buffer.TenMinutes, noon, noon, 9, 0, false, ""},
		{"unknown series", name + "x", buffer.Day, noon, noon.Add(time.Hour), 9, 0, false, ""},
		{"the widest range there is", name, buffer.Year, time.Time{}, time.Unix(1<<40, 0), 9, 1, false, ""},
		{"the same in tens", name, buffer.TenMinutes, time.Time{}, time.Unix(1<<40, 0), 99, 14, false, ""},
		{"no resolution", name, 0, noon, noon.Add(time.Hour), 9, 0, false, `roll up "` + name + `": resolution 0 is unknown`},
	} {
		got, more, err := r.b.Periods(t.Context(), row.series, row.resolution, row.from, row.to, row.limit)
		if len(got) != row.want || more != row.more || errorText(err) != row.err {
			t.Errorf("%s: %d periods, more %v, %v, want %d, %v, %s", row.name, len(got), more, err, row.want, row.more, row.err)
		}
	}
}
