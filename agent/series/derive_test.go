package series_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"releve/agent/series"
	"releve/senml"
	"releve/tic"
	"releve/tic/linky"
)

// listening returns a recorder that also computes.
func listening() *heard {
	h := newHeard()
	h.Derived = true
	return h
}

// meanOf is the mean of period means between two instants, and how much of the time they cover.
func meanOf(periods senml.Pack, from, to float64) (mean, covered float64) {
	for i := range periods {
		end := to
		if i+1 < len(periods) {
			end = periods[i+1].Time
		}
		lap := min(end, to) - max(periods[i].Time, from)
		if n, ok := periods[i].Value.Number(); ok && lap > 0 {
			mean += n * lap
			covered += lap
		}
	}
	return mean / covered, covered / (to - from)
}

// TestDerivedPowerIsTheLoadCurve: the meter's own load curve is the mean active power of each half hour, exactly. What is
// computed from the index agrees to 2 %.
func TestDerivedPowerIsTheLoadCurve(t *testing.T) {
	t.Parallel()
	for _, mode := range []tic.Mode{tic.Standard, tic.Historic} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			h, truth := listening(), newHeard()
			s := linky.Scenario{Seed: 4, CurvePeriod: 10 * time.Minute, Mode: mode}
			h.play(t, s, 2*time.Hour)
			s.Mode = tic.Standard // the same home, seen by a meter that says its load curve
			truth.play(t, s, 2*time.Hour)
			periods, curve := h.of("derived/consumption/power/active/mean"), truth.of("consumption/power/active/mean")
			compared := 0
			for _, point := range curve {
				want, _ := point.Value.Number()
				got, covered := meanOf(periods[:len(periods)-1], point.Time, point.Time+600)
				if covered < 0.99 {
					continue
				}
				compared++
				if math.Abs(got-want) > 5+want*0.02 {
					t.Errorf("at %v the mean is %.0f W, the load curve says %v W", point.Time, got, want)
				}
			}
			if compared < 8 {
				t.Errorf("%d points of %d were compared", compared, len(curve))
			}
		})
	}
}

// TestDerivedPowerFactor holds power factors against the meter's load curve over the apparent power it said meanwhile.
func TestDerivedPowerFactor(t *testing.T) {
	t.Parallel()
	h := listening()
	h.play(t, linky.Scenario{Seed: 4, CurvePeriod: 10 * time.Minute}, time.Hour)
	factors, apparent := h.of("derived/consumption/power/factor"), h.of(series.PathPower)
	if len(factors) < 30 {
		t.Fatalf("%d power factors in an hour", len(factors))
	}
	compared := 0
	for _, point := range h.of("consumption/power/active/mean") {
		active, _ := point.Value.Number()
		got, covered := meanOf(factors[:len(factors)-1], point.Time, point.Time+600)
		drawn, heard := meanOf(apparent[:len(apparent)-1], point.Time, point.Time+600)
		if covered < 0.99 || heard < 0.99 {
			continue
		}
		compared++
		if want := active / drawn; math.Abs(got-want) > 0.03 {
			t.Errorf("at %v the power factor is %.3f, by the load curve %.3f", point.Time, got, want)
		}
	}
	if compared < 4 {
		t.Errorf("%d points were compared", compared)
	}
}

// without returns a copy of the frame that lacks some labels, as a meter without a producer's contract has it.
func without(f *tic.Frame, labels ...string) *tic.Frame {
	less := *f
	less.Groups = slices.DeleteFunc(slices.Clone(f.Groups), func(g tic.Group) bool { return slices.Contains(labels, string(g.Label)) })
	return &less
}

// TestInjectionEstimate takes the producer's labels from a producer's meter, and holds the estimate against them. Whole
// amperes allow half of one on each phase.
func TestInjectionEstimate(t *testing.T) {
	t.Parallel()
	for _, phases := range []int{1, 3} {
		h := listening()
		injecting := 0
		frames(t, linky.Scenario{Producer: true, Phases: phases, Seed: 5, Start: time.Date(2026, 6, 20, 3, 0, 0, 0, time.UTC)}, 12*12, func(f *tic.Frame) {
			h.at = h.at.Add(5 * time.Minute)
			h.Record(without(f, "SINSTI", "EAIT"), h.at)
			var truth float64
			for _, g := range f.Groups {
				if string(g.Label) == "SINSTI" {
					n, _ := g.Uint()
					truth = float64(n)
				}
			}
			if truth > 0 {
				injecting++
			}
			estimate, _ := h.Latest(series.PathInjectedEstimate)
			got, ok := estimate.Value.Number()
			if !ok || math.Abs(got-truth) > 0.5*240*float64(phases)+5 {
				t.Errorf("%d phases: estimate is %v VA, the meter says %v", phases, got, truth)
			}
		})
		if injecting < 20 {
			t.Errorf("%d phases: injected in %d frames only", phases, injecting)
		}
	}
}

// A meter that counts what is injected needs no estimate, and one that is not asked to compute has none of anything.
func TestNothingDerived(t *testing.T) {
	t.Parallel()
	counted := listening()
	counted.play(t, linky.Scenario{Producer: true, Start: time.Date(2026, 6, 20, 11, 0, 0, 0, time.UTC)}, 10*time.Minute)
	if got := counted.of(series.PathInjectedEstimate); len(got) != 0 {
		t.Errorf("estimates beside a measure: %v", got)
	}
	if got := counted.of("derived/production/power/active/mean"); len(got) < 5 {
		t.Errorf("active power injected: %v", got)
	}
	plain := newHeard()
	plain.play(t, linky.Scenario{}, 10*time.Minute)
	for _, r := range plain.pack {
		if strings.HasPrefix(r.Name, "linky/derived") {
			t.Errorf("computed although it was not asked for: %v", r)
		}
	}
}

// A jump that the meter insists on, as when another register takes over, is an event and no power.
func TestDerivedPowerOverAJump(t *testing.T) {
	t.Parallel()
	h := listening()
	for second := range 400 {
		index := 1000 + second/4 // 900 W
		if second > 200 {
			index += 500_000
		}
		h.hear(standard("PCOUP 06", fmt.Sprintf("EAST %09d", index)))
	}
	h.expect(t, "index-withheld "+drawnPath, "index-confirmed "+drawnPath)
	means := h.of("derived/consumption/power/active/mean")
	if len(means) < 5 {
		t.Errorf("%d means", len(means))
	}
	for _, r := range means {
		if n, _ := r.Value.Number(); n < 880 || n > 920 {
			t.Errorf("mean is %v", r)
		}
	}
}

// Another meter may have fewer phases.
func TestMeterReplacedByOneOfASinglePhase(t *testing.T) {
	t.Parallel()
	h := listening()
	h.play(t, linky.Scenario{Phases: 3, Seed: 2}, 30*time.Second)
	h.play(t, linky.Scenario{Phases: 1, Seed: 3, Start: h.at.Add(time.Hour)}, 30*time.Second)
	if _, ok := h.Latest("current/3"); ok {
		t.Error("the third phase of the old meter is still there")
	}
	if got := h.Contracted(); got != 6000 {
		t.Errorf("subscribed are %v VA", got)
	}
	estimate, _ := h.Latest(series.PathInjectedEstimate)
	if h.at.Sub(estimate.Said) > 5*time.Second {
		t.Errorf("the last estimate is of %s, the last frame of %s", estimate.Said, h.at)
	}
}

// What is computed in a frame, path by path. PAPP 0 is published as 0, whatever flows.
func TestDerivedOfAFrame(t *testing.T) {
	t.Parallel()
	incomplete := historic("IINST 003")
	incomplete.Complete = false
	for name, test := range map[string]struct {
		frame *tic.Frame
		want  string
	}{
		"an old meter says no apparent power": {historic("IINST 003"), "current/1=3A derived/consumption/power/apparent=690VA"},
		"an old meter of three phases":        {historic("IINST1 003", "IINST2 001", "IINST3 000"), "current/1=3A current/2=1A current/3=0A derived/consumption/power/apparent=920VA"},
		"the power may be in what was lost":   {incomplete, "current/1=3A"},
		"drawn":                               {historic("IINST 003", "PAPP 00690"), "current/1=3A consumption/power/apparent/raw=690VA status/power/implausible=false derived/injecting=false derived/production/power/apparent=0VA"},
		"perhaps injected":                    {historic("IINST 003", "PAPP 00000"), "current/1=3A consumption/power/apparent/raw=0VA status/power/implausible=false derived/injecting=true derived/production/power/apparent=690VA"},
		"too little to tell":                  {historic("IINST 001", "PAPP 00000"), "current/1=1A consumption/power/apparent/raw=0VA status/power/implausible=false derived/injecting=false derived/production/power/apparent=0VA"},
		"the load of the breaker":             {standard("PCOUP 06", "SINSTS 07800"), "contract/power/breaking=6kVA consumption/power/apparent/raw=7800VA derived/breaker/load=100/100"},
		"the breaker is beyond its limit":     {standard("PCOUP 06", "SINSTS 09000"), "contract/power/breaking=6kVA consumption/power/apparent/raw=9000VA derived/breaker/load=115/100 derived/breaker/left=0s"},
	} {
		h := listening()
		if got := h.hear(test.frame); got != test.want {
			t.Errorf("%s:\n got %q\nwant %q", name, got, test.want)
		}
	}
	h := listening()
	h.hear(standard("PCOUP 06", "SINSTS 01000"))
	if got, want := h.hear(standard("PCOUP 06", "SINSTS 12000")), "consumption/power/apparent/raw=12000VA derived/breaker/left=67s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
