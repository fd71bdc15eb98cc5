package derived_test

import (
	"math"
	"testing"
	"time"

	"releve/agent/series/derived"
)

var start = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// means plays an index of a power that may change, in watts by second, heard every frame, and returns the periods.
func means(seconds int, frame time.Duration, power func(second int) float64) (periods []derived.Period) {
	var m derived.Mean
	wattHours, second := 1234.5, 0
	for at := time.Duration(0); at <= time.Duration(seconds)*time.Second; at += frame {
		for ; second < int(at/time.Second); second++ {
			wattHours += power(second) / 3600
		}
		if p, ended := m.Index(uint64(wattHours), start.Add(at)); ended {
			periods = append(periods, p)
		}
	}
	return periods
}

// A steady power is found again to within two frames in a period, at any power and any rhythm.
func TestMeanOfSteadyPower(t *testing.T) {
	t.Parallel()
	for _, frame := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second} {
		for _, watts := range []float64{10, 47, 230, 1000, 3650, 9000, 36_000} {
			periods := means(3600, frame, func(int) float64 { return watts })
			if len(periods) < 7 {
				t.Fatalf("%v W: %d periods in an hour", watts, len(periods))
			}
			for i, p := range periods {
				length := p.To.Sub(p.From)
				if bound := watts * (2*frame + 2*time.Second).Seconds() / length.Seconds(); math.Abs(p.Watts-watts) > bound {
					t.Errorf("%v W every %s: period %d of %s is %.1f W", watts, frame, i, length, p.Watts)
				}
				if length < time.Minute {
					t.Errorf("%v W: period %d is of %s", watts, i, length)
				}
				if i > 0 && !p.From.Equal(periods[i-1].To) {
					t.Errorf("%v W: period %d does not follow the one before", watts, i)
				}
			}
		}
	}
}

// What the periods add up to is what the index counted between them: nothing is lost where the power changes.
func TestMeanKeepsEnergy(t *testing.T) {
	t.Parallel()
	power := func(s int) float64 { return 300 + 2500*float64(s/90%2) }
	periods := means(7200, time.Second, power)
	sum := 0.0
	for _, p := range periods {
		sum += p.Watts * p.To.Sub(p.From).Hours()
	}
	truth := 0.0
	for s := int(periods[0].From.Sub(start).Seconds()); s < int(periods[len(periods)-1].To.Sub(start).Seconds()); s++ {
		truth += power(s) / 3600
	}
	if math.Abs(sum-truth) > 2 {
		t.Errorf("periods add up to %.1f Wh, the index counted %.1f", sum, truth)
	}
}

func TestMeanOfNothing(t *testing.T) {
	t.Parallel()
	periods := means(3700, time.Second, func(int) float64 { return 0 })
	if len(periods) != 6 {
		t.Fatalf("%d periods in an hour", len(periods))
	}
	for _, p := range periods {
		if p.Watts != 0 || p.To.Sub(p.From) != 10*time.Minute {
			t.Errorf("period is %+v", p)
		}
	}
}

// After a silence nobody knows when the index grew, and after another meter's nothing is known.
func TestMeanBeginsAnew(t *testing.T) {
	t.Parallel()
	type heard struct {
		at    int
		index uint64
		watts float64 // of the period that ends; -1 for none
	}
	for name, said := range map[string][]heard{
		"silence": {
			{0, 1000, -1}, {1, 1001, -1}, {11, 1002, -1}, {60, 1009, -1}, {61, 1010, -1}, {62, 1011, -1},
			{70, 1012, -1}, {80, 1012, -1}, {90, 1012, -1}, {100, 1012, -1}, {110, 1012, -1}, {120, 1012, -1}, {121, 1020, 600},
		},
		"backwards":          {{0, 1000, -1}, {1, 1001, -1}, {2, 5, -1}, {3, 6, -1}, {11, 7, -1}, {20, 7, -1}, {30, 7, -1}, {40, 7, -1}, {50, 7, -1}, {60, 7, -1}, {63, 16, 600}},
		"the clock set back": {{100, 1000, -1}, {101, 1001, -1}, {50, 1001, -1}, {51, 1002, -1}},
	} {
		var m derived.Mean
		for i, h := range said {
			p, ended := m.Index(h.index, start.Add(time.Duration(h.at)*time.Second))
			if ended != (h.watts >= 0) || ended && p.Watts != h.watts {
				t.Errorf("%s, value %d: %+v, ended %t, want %v W", name, i+1, p, ended, h.watts)
			}
		}
	}
}

func TestAverage(t *testing.T) {
	t.Parallel()
	var a derived.Average
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	for s := range 61 {
		a.Add(float64(100+900*(s/45)), at(s)) // 100 for three quarters of a minute, 1000 after it
	}
	if mean, ok := a.Take(derived.Period{From: at(0), To: at(60)}); !ok || math.Abs(mean-325) > 1e-9 {
		t.Errorf("mean is %v, %t; want 325", mean, ok)
	}
	for s := 61; s <= 70; s++ {
		a.Add(200, at(s))
	}
	if mean, ok := a.Take(derived.Period{From: at(60), To: at(70)}); !ok || math.Abs(mean-280) > 1e-9 { // 1000 held for a second
		t.Errorf("mean is %v, %t; want 280", mean, ok)
	}
	a.Add(200, at(90)) // a silence
	a.Add(200, at(91))
	if mean, ok := a.Take(derived.Period{From: at(70), To: at(91)}); ok {
		t.Errorf("mean of a period with a hole is %v", mean)
	}
	a.Add(200, at(92))
	if mean, ok := a.Take(derived.Period{From: at(80), To: at(92)}); ok {
		t.Errorf("mean of a period that began before is %v", mean)
	}
}

func TestPowerFactor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		watts, voltAmperes, want float64
		ok                       bool
	}{
		{900, 1000, 0.9, true},
		{1000, 1000, 1, true},
		{1010, 1000, 1, true}, // of two measures a frame apart
		{1500, 1000, 0, false},
		{50, 99, 0, false},
		{0, 500, 0, true},
		{0, 0, 0, false},
		{10, 0, 0, false},
	} {
		if got, ok := derived.PowerFactor(test.watts, test.voltAmperes); got != test.want || ok != test.ok {
			t.Errorf("%v W of %v VA: %v, %t", test.watts, test.voltAmperes, got, ok)
		}
	}
}

func TestInjected(t *testing.T) {
	t.Parallel()
	one := func(amperes, volts, drawn float64) derived.Phase {
		return derived.Phase{Amperes: amperes, Volts: volts, Drawn: drawn}
	}
	for _, test := range []struct {
		phases []derived.Phase
		want   float64
	}{
		{[]derived.Phase{one(9, 236, 0)}, 2124},
		{[]derived.Phase{one(0, 236, 0)}, 0},
		{[]derived.Phase{one(10, 230, 0), one(2, 230, 460), one(1, 230, 230)}, 1610},
		{[]derived.Phase{one(1, 230, 0), one(4, 230, 920)}, 0},
	} {
		if got := derived.Injected(test.phases); got != test.want {
			t.Errorf("%v: %v VA, want %v", test.phases, got, test.want)
		}
	}
	if got := derived.Apparent([]derived.Phase{one(3, 230, 0), one(1, 240, 0)}); got != 930 {
		t.Errorf("apparent is %v", got)
	}
	for _, test := range []struct {
		drawn, amperes float64
		before, want   bool
	}{{0, 3, false, true}, {0, 1, false, false}, {0, 1, true, true}, {0, 0, true, false}, {10, 3, false, false}, {10, 3, true, false}} {
		if got := derived.Injects(test.drawn, []derived.Phase{one(0, 230, 0), one(test.amperes, 230, 0)}, test.before); got != test.want {
			t.Errorf("%v VA, %v A, before %t: injects is %t", test.drawn, test.amperes, test.before, got)
		}
	}
}

// The filter of the meter itself, second by second, is the truth that the estimate is held against.
func TestBreaker(t *testing.T) {
	t.Parallel()
	const breaking, b = 6000.0, 0.008
	for _, load := range []float64{7801, 8000, 9000, 12_000, 18_000} {
		var f derived.Breaker
		f.Step(1000, start)
		f.Step(load, start.Add(time.Second))
		left, trips := f.Left(breaking)
		y, seconds := 1000.0*1000, 0
		for limit := 1.3 * 1.3 * breaking * breaking; y < limit; seconds++ {
			y = b*load*load + (1-b)*y
		}
		if got := left.Seconds(); !trips || got > float64(seconds) || got < float64(seconds)-1 {
			t.Errorf("%v VA: %v left, %t; the meter trips after %d s", load, left, trips, seconds)
		}
	}
	var f derived.Breaker
	f.Step(7800, start)
	if left, trips := f.Left(breaking); trips {
		t.Errorf("at its limit for ever: %s left", left)
	}
	if got := f.Load(breaking); math.Abs(got-1) > 1e-12 {
		t.Errorf("load is %v, want 1", got)
	}
}

// Rhythm changes nothing: two seconds at once are two seconds one by one, and an overrun is forgotten as the filter does.
func TestBreakerRhythm(t *testing.T) {
	t.Parallel()
	var often, seldom derived.Breaker
	for s := range 601 {
		load := 2000.0
		if s < 30 {
			load = 10_000
		}
		often.Step(load, start.Add(time.Duration(s)*time.Second))
		if s%3 == 0 {
			seldom.Step(load, start.Add(time.Duration(s)*time.Second))
		}
	}
	if x, y := often.Load(6000), seldom.Load(6000); math.Abs(x-y) > 1e-9 {
		t.Errorf("heard every second %v, every third %v", x, y)
	}
	if got, want := often.Load(6000), 2000/(1.3*6000); math.Abs(got-want) > 0.03 {
		t.Errorf("ten minutes later the load is %v, want %v", got, want)
	}
	often.Step(9000, start.Add(time.Hour)) // after a silence: as if it had always been there
	if got, want := often.Load(6000), 9000/(1.3*6000); math.Abs(got-want) > 1e-12 {
		t.Errorf("after a silence the load is %v, want %v", got, want)
	}
	if left, trips := often.Left(6000); !trips || left != 0 {
		t.Errorf("beyond its limit: %s left, %t", left, trips)
	}
}
