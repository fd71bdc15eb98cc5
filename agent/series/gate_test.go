package series

import (
	"testing"
	"time"
)

// told is a value and the seconds after which it is said.
type told struct {
	after float64
	value uint64
	want  verdict
}

const kVA6 = 6000

func TestGate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		said []told
	}{
		{"grows", []told{{0, 1000, passed}, {1, 1000, passed}, {1, 1001, passed}, {1, 1003, passed}}},
		{"the first value, whatever it is", []told{{0, 999_999_999, passed}}},
		{"one damaged value", []told{{0, 1000, passed}, {1, 9000, withheld}, {1, 1001, passed}, {1, 1001, passed}}},
		{"zero", []told{{0, 1000, passed}, {1, 0, withheld}, {1, 0, withheld}, {1, 1000, passed}}},
		{"zero from the beginning", []told{{0, 0, passed}, {1, 0, passed}, {1, 1, passed}}},
		{"backwards by one", []told{{0, 1000, passed}, {1, 999, withheld}, {1, 1001, passed}}},
		{"confirmed", []told{
			{0, 1000, passed}, {1, 10, withheld}, {1, 10, withheld}, {1, 11, withheld}, {1, 11, withheld}, {1, 11, confirmed}, {1, 12, passed}, {1, 1000, withheld},
		}},
		{"damaged in many ways is never confirmed", []told{
			{0, 1000, passed}, {1, 500_000, withheld}, {1, 400_000, withheld}, {1, 300_000, withheld}, {1, 200_000, withheld}, {1, 100_000, withheld}, {1, 50_000, withheld}, {1, 1001, passed},
		}},
		{"what disagrees begins anew", []told{
			{0, 1000, passed}, {1, 10, withheld}, {1, 10, withheld}, {1, 10, withheld}, {1, 5, withheld}, {1, 5, withheld}, {1, 5, withheld}, {1, 5, withheld}, {1, 5, confirmed},
		}},
		{"a good value between ends the doubt", []told{
			{0, 1000, passed}, {1, 10, withheld}, {1, 10, withheld}, {1, 10, withheld}, {1, 10, withheld}, {1, 1000, passed}, {1, 10, withheld}, {1, 10, withheld},
		}},
		{"a clock set back tells nothing of how long", []told{{0, 1000, passed}, {-3600, 400_000, passed}, {1, 400_000, passed}, {-3600, 1000, withheld}}},
		{"after a silence of an hour", []told{{0, 1000, passed}, {3600, 8900, passed}, {1, 8900, passed}, {3600, 18_000, withheld}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var g gate
			at := time.Unix(1_700_000_000, 0)
			for i, said := range test.said {
				at = at.Add(time.Duration(said.after * float64(time.Second)))
				if got := g.judge(said.value, at, kVA6); got != said.want {
					t.Errorf("value %d, %d, is %d, want %d", i+1, said.value, got, said.want)
				}
			}
		})
	}
}

// No load that the breaker lets pass is ever withheld: whatever is drawn, in whatever order, until the filter trips.
func TestGateLetsPassWhatTheBreakerDoes(t *testing.T) {
	t.Parallel()
	const b = 0.008
	for name, load := range map[string]func(second int) float64{
		"at its limit for ever":    func(int) float64 { return 1.3 * kVA6 },
		"ten times the contract":   func(int) float64 { return 60_000 },
		"a short circuit":          func(int) float64 { return 1_000_000 },
		"in bursts of thirty":      func(s int) float64 { return float64(s/30%2) * 1.8 * kVA6 },
		"nothing, then everything": func(s int) float64 { return float64(s/600) * 20_000 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, frame := range []int{1, 2, 3, 60} { // seconds between frames
				var g gate
				at := time.Unix(1_700_000_000, 0)
				filter, energy := 0.0, 0.0
				for s := range 3600 {
					x := load(s)
					if filter = b*x*x + (1-b)*filter; filter > 1.3*1.3*kVA6*kVA6+1 {
						break
					}
					energy += x / 3600
					if s%frame == 0 && g.judge(uint64(energy), at.Add(time.Duration(s)*time.Second), kVA6) != passed {
						t.Fatalf("withheld after %d s, %.0f Wh", s, energy)
					}
				}
			}
		})
	}
}

// FuzzGate: what passes without a doubt is never below what passed before, and every value is confirmed in the end.
func FuzzGate(f *testing.F) {
	f.Add(uint64(1000), uint64(0), uint16(1), uint64(7))
	f.Add(uint64(0), uint64(999_999_999), uint16(0), uint64(999_999_998))
	f.Add(uint64(500), uint64(501), uint16(60_000), uint64(1<<63))
	f.Fuzz(func(t *testing.T, first, second uint64, seconds uint16, third uint64) {
		var g gate
		at := time.Unix(1_700_000_000, 0)
		last, known := uint64(0), false
		for _, n := range []uint64{first, second, third, first, third} {
			at = at.Add(time.Duration(seconds) * time.Second)
			verdict := g.judge(n, at, kVA6)
			if verdict == passed && known && n < last {
				t.Errorf("%d passed after %d", n, last)
			}
			if verdict != withheld {
				last, known = n, true
			}
		}
		for i := range confirmations {
			at = at.Add(time.Second)
			if verdict := g.judge(second, at, kVA6); verdict != withheld {
				return
			} else if i == confirmations-1 {
				t.Errorf("%d is still withheld", second)
			}
		}
	})
}

func TestSteady(t *testing.T) {
	t.Parallel()
	var s steady
	for i, step := range []struct {
		word    string
		changed bool
	}{
		{"a", false}, {"b", false}, {"a", false}, {"a", false}, {"a", true}, {"a", false},
		{"b", false}, {"b", false}, {"a", false}, // twice was not enough
		{"b", false}, {"b", false}, {"b", true}, {"b", false},
	} {
		if got := s.hear([]byte(step.word)); got != step.changed {
			t.Errorf("word %d, %q: changed is %t", i+1, step.word, got)
		}
	}
	if s.word != "b" {
		t.Errorf("word is %q", s.word)
	}
}

func TestCondition(t *testing.T) {
	t.Parallel()
	c := condition{kind: OverPower}
	for i, step := range []struct {
		at            int // seconds
		sign, changed bool
		on            bool
	}{
		{0, false, false, false},
		{1, true, true, true},
		{2, true, false, true},
		{3, false, false, true}, // in twenty frames of one there is no sign
		{40, true, false, true},
		{99, false, false, true},
		{100, false, true, false}, // a minute after the last sign
		{101, false, false, false},
		{102, true, true, true},
		{50, false, true, false}, // the clock was set back
	} {
		if got := c.see(step.sign, time.Unix(int64(step.at), 0)); got != step.changed || c.on != step.on {
			t.Errorf("step %d: changed %t, on %t; want %t, %t", i+1, got, c.on, step.changed, step.on)
		}
	}
}
