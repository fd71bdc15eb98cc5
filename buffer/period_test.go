package buffer_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

const hold = 25 * time.Minute

func paris(t testing.TB) *time.Location {
	t.Helper()
	location, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return location
}

// classOf is what an agent would say of the series of these tests.
func classOf(name, unit string) buffer.Class {
	c := buffer.Class{Curve: unit == "W" || unit == "Wh"}
	if unit == "Wh" {
		c.Kind = buffer.Index
	}
	return c
}

// step is one resolution as a calendar has it: from a begin to the next.
type step struct {
	resolution buffer.Resolution
	minutes    int
	days       int
	months     int
}

var steps = []step{
	{buffer.TenMinutes, 10, 0, 0}, {buffer.HalfHour, 30, 0, 0}, {buffer.Hour, 60, 0, 0},
	{buffer.Day, 0, 1, 0}, {buffer.Month, 0, 0, 1}, {buffer.Year, 0, 0, 12},
}

// begins lists the periods from before an instant on, until to: minutes from a full hour, others from a new year.
func (s step) begins(from, to time.Time) (all []time.Time) {
	first := time.Date(from.Year(), 1, 1, 0, 0, 0, 0, from.Location())
	at := first
	if s.minutes > 0 {
		at = from.Truncate(time.Hour)
	}
	for n := 1; at.Before(to) || n == 1; n++ {
		all = append(all, at)
		at = first.AddDate(0, n*s.months, n*s.days)
		if s.minutes > 0 {
			at = all[len(all)-1].Add(time.Duration(s.minutes) * time.Minute)
		}
	}
	return append(all, at)
}

// naivePeriods is what Periods must equal: the step function through all records, integrated piece by piece.
func naivePeriods(readings senml.Pack, s step, kind buffer.Kind, from, to, now time.Time) (all []buffer.Period) {
	if len(readings) == 0 {
		return nil
	}
	begins := s.begins(timeOf(readings[0]).In(from.Location()), now.Add(time.Hour))
	for i := range len(begins) - 1 {
		if begins[i].Before(from) || !begins[i].Before(to) {
			continue
		}
		if p, ok := naivePeriod(readings, begins[i], begins[i+1], kind, now); ok {
			all = append(all, p)
		}
	}
	return all
}

func timeOf(r senml.Record) time.Time { return time.UnixMilli(int64(math.Round(r.Time * 1000))) }

func naivePeriod(readings senml.Pack, begin, end time.Time, kind buffer.Kind, now time.Time) (p buffer.Period, ok bool) {
	p = buffer.Period{Begin: begin, End: end, Mean: math.NaN(), Min: math.Inf(1), Max: math.Inf(-1)}
	area, last := 0.0, 0.0
	for i, r := range readings {
		at := timeOf(r)
		until := at.Add(hold)
		if now.Before(until) {
			until = now
		}
		if i+1 < len(readings) && timeOf(readings[i+1]).Before(at.Add(hold)) {
			until = timeOf(readings[i+1])
		}
		inside := !at.Before(begin) && at.Before(end)
		overlap := earlier(until, end).Sub(later(at, begin))
		if !inside && overlap <= 0 {
			continue
		}
		if !ok {
			p.First, p.Since, ok = r.Value, later(at, begin), true
		}
		if inside {
			p.Count++
		}
		if inside && kind == buffer.Text && i > 0 && at.Sub(timeOf(readings[i-1])) <= hold && cut(readings[i-1].Value) != cut(r.Value) {
			p.Changes++
		}
		v, _ := r.Value.Number()
		p.Min, p.Max, p.Last, last = min(p.Min, v), max(p.Max, v), r.Value, v
		if overlap > 0 {
			area += v * overlap.Seconds()
			p.Covered += overlap
		}
	}
	switch {
	case kind != buffer.Quantity:
		p.Min, p.Max = math.NaN(), math.NaN()
	case p.Covered > 0:
		p.Mean = area / p.Covered.Seconds()
	default:
		p.Mean = last
	}
	return p, ok
}

func earlier(x, y time.Time) time.Time {
	if x.Before(y) {
		return x
	}
	return y
}

func later(x, y time.Time) time.Time {
	if x.Before(y) {
		return y
	}
	return x
}

// samePeriod compares periods; means may differ by what rounding does.
var samePeriod = cmp.Options{
	sameValue,
	cmp.Comparer(func(x, y time.Time) bool { return x.Equal(y) }),
	cmp.Comparer(func(x, y float64) bool {
		return x == y || math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) <= 1e-6*max(1, math.Abs(x))
	}),
}

// household drives a buffer with what happens to one: readings, some of them late or twice, time, kills.
type household struct {
	machine
	location *time.Location
	all      []senml.Pack
	index    float64
	shown    atomic.Int64 // the clock as the keeper may read it: it rolls up whenever it likes
}

func (h *household) open() {
	h.shown.Store(h.clock.UnixMilli())
	h.b = open(h.t, buffer.Options{
		Dir: h.dir, MaxAge: 400 * 24 * time.Hour, Location: h.location, Class: classOf, Hold: hold,
		Clock: func() (time.Time, bool) { return time.UnixMilli(h.shown.Load()), true },
	})
}

// say puts what a meter has said in the minutes before some instant.
func (h *household) say(at time.Time) {
	var p senml.Pack
	at = at.Add(-time.Duration(h.random.IntN(600)) * time.Second)
	for at.Before(h.clock) && len(p) < 40 {
		h.index += float64(h.random.IntN(50))
		tariff := record("tariff", at, 0)
		tariff.Unit, tariff.Value = "", senml.TextValue([]string{"HC", "HP", "HEURE  PLEINE  DE LA COULEUR BLANCHE"}[h.random.IntN(3)])
		index := record("index", at, h.index)
		index.Unit = "Wh"
		p = append(p, record("power", at, float64(h.random.IntN(4000))/8), index)
		if h.random.IntN(3) == 0 {
			p = append(p, tariff, record("volt", at, 230+float64(h.random.IntN(30))/10))
		}
		at = at.Add(time.Duration(h.random.IntN(1+h.random.IntN(1000_000))) * time.Millisecond)
	}
	if len(p) > 0 {
		put(h.t, h.b, p)
		h.all = append(h.all, p)
	}
}

// again puts a part of what was put before.
func (h *household) again() {
	if len(h.all) == 0 {
		return
	}
	p := h.all[h.random.IntN(len(h.all))]
	put(h.t, h.b, p[:1+h.random.IntN(len(p))])
}

// kill goes on with a copy of the files as they lie.
func (h *household) kill() {
	copied := snapshot(h.t, h.dir)
	if err := h.b.Close(); err != nil {
		h.t.Error(err)
	}
	h.dir = copied
	h.open()
}

func (h *household) step() {
	switch n := h.random.IntN(100); {
	case n < 45:
		h.say(h.clock)
	case n < 55:
		h.say(h.clock.Add(-time.Duration(h.random.IntN(48*60)) * time.Minute))
	case n < 65:
		h.again()
	case n < 90:
		h.clock = h.clock.Add(time.Duration(h.random.IntN(70)) * time.Minute)
		h.shown.Store(h.clock.UnixMilli())
	case n < 96:
		if err := h.b.RollUp(); err != nil {
			h.t.Error(err)
		}
	case n < 98:
		h.kill()
	default:
		if err := h.b.Close(); err != nil {
			h.t.Error(err)
		}
		h.open()
	}
}

// readings is what a series has said, in order, each once.
func (h *household) readings(name string) senml.Pack {
	found, _ := naive(h.all).history(name, time.Unix(0, 0), h.clock.Add(time.Hour), 1<<30)
	return found
}

func (h *household) compare() {
	for _, series := range []struct {
		name string
		kind buffer.Kind
	}{{"power", buffer.Quantity}, {"index", buffer.Index}, {"tariff", buffer.Text}, {"volt", buffer.Quantity}} {
		name := record(series.name, noon, 0).Name
		readings := h.readings(name)
		s := steps[h.random.IntN(len(steps))]
		from := h.clock.Add(-time.Duration(h.random.IntN(6*24*60)) * time.Minute).In(h.location)
		to := from.Add(time.Duration(h.random.IntN(4*24*60)) * time.Minute)
		if h.random.IntN(2) == 0 {
			from, to = time.Date(2026, 1, 1, 0, 0, 0, 0, h.location), h.clock.Add(time.Hour)
		}
		got, more, err := h.b.Periods(h.t.Context(), name, s.resolution, from, to, 100_000)
		if err != nil || more {
			h.t.Fatal(err, more)
		}
		want := naivePeriods(readings, s, series.kind, from, to, h.clock)
		for i := range want {
			want[i].First, want[i].Last = cut(want[i].First), cut(want[i].Last)
		}
		if diff := cmp.Diff(want, got, samePeriod); diff != "" {
			h.t.Fatalf("%s, %+v from %s to %s, now %s (-want +got):\n%s", series.name, s, from, to, h.clock, diff)
		}
	}
}

// cut is what a roll-up keeps of a text.
func cut(v senml.Value) senml.Value {
	if text, ok := v.Text(); ok && len(text) > 32 {
		return senml.TextValue(text[:32])
	}
	return v
}

// TestPeriods wants roll-ups to be what all records say, whatever their order: late ones, repetitions and gaps,
// over both changes of the clocks, rolled up at any moment, with kills between.
func TestPeriods(t *testing.T) {
	t.Parallel()
	rounds := 150
	if testing.Short() {
		rounds = 50
	}
	for _, begin := range []string{"2026-03-28T20:00:00Z", "2026-10-24T20:00:00Z", "2026-12-31T08:00:00Z"} {
		for seed := range uint64(2) {
			t.Run(fmt.Sprint(begin[:10], " ", seed), func(t *testing.T) {
				t.Parallel()
				clock, err := time.Parse(time.RFC3339, begin)
				if err != nil {
					t.Fatal(err)
				}
				h := &household{location: paris(t)}
				h.machine = machine{t: t, random: rand.New(rand.NewPCG(seed, 3)), clock: clock, dir: t.TempDir()}
				h.open()
				for range rounds {
					h.step()
					h.compare()
				}
			})
		}
	}
}
