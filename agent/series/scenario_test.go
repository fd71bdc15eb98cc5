package series_test

import (
	"testing"
	"time"

	"releve/senml"
	"releve/tic"
	"releve/tic/linky"
)

// change is something that happens to an emulated meter after a minute.
func change(do func(m *linky.Meter)) []linky.Change {
	return []linky.Change{{After: time.Minute, Do: do}}
}

func set(c linky.Condition) []linky.Change {
	return change(func(m *linky.Meter) { _ = m.Set(c) })
}

// TestScenarios lets things happen to a meter, and hears of each exactly what a person would want to know.
func TestScenarios(t *testing.T) {
	t.Parallel()
	degraded := linky.Condition{Degraded: true}
	for name, test := range map[string]struct {
		scenario linky.Scenario
		last     time.Duration
		events   []string
	}{
		"nothing":             {linky.Scenario{}, 3 * time.Minute, nil},
		"exchanged, standard": {linky.Scenario{Changes: change((*linky.Meter).Replace)}, 3 * time.Minute, []string{"meter-replaced"}},
		"exchanged, historic": {
			linky.Scenario{Mode: tic.Historic, Contract: linky.Tempo, Changes: change((*linky.Meter).Replace)},
			3 * time.Minute, []string{"meter-replaced"},
		},
		"switched to standard": {
			linky.Scenario{Mode: tic.Historic, Contract: linky.PeakOffPeak, Changes: change(func(m *linky.Meter) { m.Switch(tic.Standard) })},
			3 * time.Minute, []string{"mode-changed standard"},
		},
		"switched to historic": {
			linky.Scenario{Contract: linky.PeakOffPeak, Changes: change(func(m *linky.Meter) { m.Switch(tic.Historic) })},
			3 * time.Minute, []string{"mode-changed historic"},
		},
		"another offer": {
			linky.Scenario{Changes: change(func(m *linky.Meter) { m.Subscribe(linky.Tempo) })}, 3 * time.Minute, []string{"tariff-changed"},
		},
		"asleep": {
			linky.Scenario{Mode: tic.Historic, Model: linky.Electronic, Changes: set(linky.Condition{Output: linky.Standby})},
			3 * time.Minute, []string{"standby"},
		},
		"opened cover": {linky.Scenario{Changes: set(linky.Condition{CoverOpen: true})}, 3 * time.Minute, []string{"cover-open"}},
		"cut off":      {linky.Scenario{Changes: set(linky.Condition{Breaker: 3})}, 3 * time.Minute, []string{"breaker-open open: load shedding"}},
		"overvoltage":  {linky.Scenario{Changes: set(linky.Condition{Overvoltage: true})}, 3 * time.Minute, []string{"overvoltage"}},
		"clock lost": {
			linky.Scenario{Changes: []linky.Change{{After: time.Minute, Do: func(m *linky.Meter) { _ = m.Set(degraded) }}, {After: 2 * time.Minute, Do: func(m *linky.Meter) { _ = m.Set(linky.Condition{}) }}}},
			5 * time.Minute, []string{"clock-degraded", "clock-degraded ended"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := listening()
			test.scenario.Seed = 6
			h.play(t, test.scenario, test.last)
			h.expect(t, test.events...)
			if got := len(h.of(pathEvents)); got != len(test.events) {
				t.Errorf("%d records of events, want %d", got, len(test.events))
			}
			if err := h.pack.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

const pathEvents = "status/event"

// After an exchange the indexes are those of the new meter, from nothing, and never a mixture.
func TestExchangeRestartsIndexes(t *testing.T) {
	t.Parallel()
	for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
		h := newHeard()
		h.play(t, linky.Scenario{Mode: mode, Contract: linky.PeakOffPeak, Seed: 2, Changes: change((*linky.Meter).Replace)}, 3*time.Minute)
		restarts := 0
		values := h.of(drawnPath)
		for i := 1; i < len(values); i++ {
			before, _ := values[i-1].Value.Number()
			now, _ := values[i].Value.Number()
			switch {
			case now < before && now < 1000:
				restarts++
			case now < before || now > before+100:
				t.Errorf("%s: from %v to %v", mode, before, now)
			}
		}
		if restarts != 1 {
			t.Errorf("%s: the index began anew %d times", mode, restarts)
		}
	}
}

// A meter that draws nothing says so: 0 is a value. One that does not say its power has none.
func TestZeroAndAbsent(t *testing.T) {
	t.Parallel()
	cut := newHeard()
	cut.play(t, linky.Scenario{Changes: set(linky.Condition{Breaker: 4})}, 2*time.Minute)
	powers := cut.of("consumption/power/apparent/raw")
	if last := powers[len(powers)-1].Value; last != senml.NumberValue(0) {
		t.Errorf("with an open breaker the power is %v", last)
	}
	plain := listening()
	plain.play(t, linky.Scenario{Mode: tic.Historic, Model: linky.Plain}, 2*time.Minute)
	if got := plain.of("consumption/power/apparent/raw"); len(got) != 0 {
		t.Errorf("a meter without PAPP says %v", got)
	}
	if got := plain.of("derived/consumption/power/apparent"); len(got) == 0 {
		t.Error("its power is not estimated")
	}
	if got := plain.of("derived/production/power/apparent"); len(got) != 0 {
		t.Errorf("its injection is: %v", got)
	}
}
