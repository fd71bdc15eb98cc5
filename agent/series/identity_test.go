package series_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"releve/agent/series"
	"releve/senml"
	"releve/tic"
	"releve/tic/linky"
)

// swap plays one meter and then another at the same place.
func swap(t *testing.T, h *heard, before, after linky.Scenario) {
	t.Helper()
	h.play(t, before, time.Minute)
	after.Start = h.at.Add(2 * time.Hour)
	h.play(t, after, time.Minute)
}

// TestMeterReplaced: another address with other indexes, higher or lower, is one event, and no index is doubted.
func TestMeterReplaced(t *testing.T) {
	t.Parallel()
	for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
		for _, seeds := range [][2]uint64{{3, 4}, {4, 3}, {7, 1}, {1, 7}} {
			t.Run(fmt.Sprint(mode, seeds), func(t *testing.T) {
				t.Parallel()
				h := newHeard()
				swap(t, h, linky.Scenario{Mode: mode, Seed: seeds[0], Contract: linky.PeakOffPeak}, linky.Scenario{Mode: mode, Seed: seeds[1], Contract: linky.PeakOffPeak})
				events := []string{"meter-replaced"}
				if mode == tic.Standard {
					events = append(events, "delivery-point-changed") // another seed is another home
				}
				slices.Sort(h.events)
				slices.Sort(events)
				h.expect(t, events...)
				values := h.of(drawnPath)
				if first, last := values[0], values[len(values)-1]; last.Time-first.Time < 7000 {
					t.Errorf("indexes end %v s after they began", last.Time-first.Time)
				}
			})
		}
	}
}

// The meter is replaced while nothing listens: what is kept of its address tells.
func TestMeterReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	kept := ""
	met := func(address []byte, sure bool) bool {
		another := kept != "" && kept != string(address)
		if sure {
			kept = string(address)
		}
		return another
	}
	s := linky.Scenario{Seed: 7}
	before := newHeard()
	before.Met = met
	before.play(t, s, time.Minute)
	before.expect(t)

	again := newHeard() // a restart, with the same meter
	again.Met = met
	last, _ := before.Latest(drawnPath)
	again.Resume(drawnPath, senml.Record{Value: last.Value, Time: float64(last.Said.Unix())})
	s.Start = before.at
	again.play(t, s, 2*time.Second)
	again.expect(t)
	if len(again.of(drawnPath)) == 0 {
		t.Error("a known meter's index has to wait")
	}

	for _, seed := range []uint64{1, 2, 4, 5, 6} {
		after := newHeard()
		after.Met = met
		after.Resume(drawnPath, senml.Record{Value: senml.NumberValue(999_000_000), Time: float64(before.at.Unix())})
		after.play(t, linky.Scenario{Seed: seed, Start: before.at.Add(time.Hour)}, time.Minute)
		after.expect(t, "meter-replaced")
		if len(after.of(drawnPath)) == 0 {
			t.Error("no index of the new meter")
		}
	}
}

// A damaged address is no other meter; it only lets indexes wait until the next frame.
func TestDamagedAddress(t *testing.T) {
	t.Parallel()
	h := newHeard()
	for range 5 {
		h.hear(standard("ADSC 031761000001", "EAST 000001000"))
	}
	if got := h.hear(standard("ADSC 031761000002", "EAST 000001001", "URMS1 230")); got != "voltage/1=230V" {
		t.Errorf("with a damaged address: %q", got)
	}
	if got := h.hear(standard("ADSC 031761000001", "EAST 000001001")); got != drawnPath+"=1001Wh" {
		t.Errorf("after it: %q", got)
	}
	h.expect(t)
}

// The distributor switches a meter from historic to standard mode: one event, and every series goes on.
func TestModeChanged(t *testing.T) {
	t.Parallel()
	h := newHeard()
	s := linky.Scenario{Mode: tic.Historic, Seed: 3}
	h.play(t, s, time.Minute)
	s.Mode, s.Start = tic.Standard, h.at.Add(20*time.Second)
	h.play(t, s, time.Minute)
	h.expect(t, "mode-changed standard")
	for _, path := range []string{drawnPath, drawnPath + "/provider/1"} {
		values := h.of(path)
		for i := 1; i < len(values); i++ {
			before, _ := values[i-1].Value.Number()
			if now, _ := values[i].Value.Number(); now < before {
				t.Errorf("%s goes from %v to %v", path, before, now)
			}
		}
	}
	events := h.of(series.PathEvent)
	if len(events) != 1 || events[0].Value != senml.TextValue("mode-changed standard") {
		t.Errorf("records of events are %v", events)
	}
}

// A frame of some groups is enough to tell the mode. A line or two are not: more frames have to agree.
func TestModeChangedAtOnce(t *testing.T) {
	t.Parallel()
	h := newHeard()
	h.hear(historic("OPTARIF BASE", "ISOUSC 30", "BASE 000001000", "PTEC TH..", "IINST 002"))
	h.hear(standard("VTIC 02", "EAST 000001000", "IRMS1 002", "URMS1 230", "SINSTS 00460"))
	h.expect(t, "mode-changed standard")
	for range 2 {
		h.hear(historic("IINST 002", "PAPP 00460"))
	}
	h.expect(t)
	h.hear(historic("IINST 002", "PAPP 00460"))
	h.expect(t, "mode-changed historic")
}

// A meter that goes to another mode and back says again what the other mode called otherwise.
func TestModeThereAndBack(t *testing.T) {
	t.Parallel()
	h := newHeard()
	for i, step := range []struct {
		frame *tic.Frame
		want  string
	}{
		{historic("PTEC HC..", "PAPP 00500"), "tariff/label=HC.. tariff/index=1 consumption/power/apparent/raw=500VA"},
		{standard("LTARF HEURE CREUSE", "SINSTS 00501"), "tariff/label=HEURE CREUSE consumption/power/apparent/raw=501VA"},
		{historic("PTEC HC..", "PAPP 00500"), "tariff/label=HC.. consumption/power/apparent/raw=500VA"},
		{historic("PTEC HC..", "PAPP 00500"), ""},
	} {
		if got := h.hear(step.frame); got != step.want {
			t.Errorf("frame %d: %q, want %q", i+1, got, step.want)
		}
	}
}

// Of another meter also an index that is the same by chance goes through the gate.
func TestMeterReplacedAtTheSameIndex(t *testing.T) {
	t.Parallel()
	h := newHeard()
	for _, address := range []string{"031761000001", "031761000002"} {
		for range 4 {
			h.hear(standard("ADSC "+address, "EAST 000000000"))
		}
	}
	h.expect(t, "meter-replaced")
	if got := h.hear(standard("ADSC 031761000002", "EAST 900000000")); got != "status/event=index-withheld "+drawnPath {
		t.Errorf("a wrong value of the new meter: %q", got)
	}
}

// A change of the tariff is one event, when the meter insists.
func TestTariffChanged(t *testing.T) {
	t.Parallel()
	h := newHeard()
	for _, option := range []string{"BASE", "BASE", "BASE", "HC..", "BASE", "HC..", "HC..", "HC..", "HC.."} {
		h.hear(historic("OPTARIF " + option))
	}
	h.expect(t, "tariff-changed")
}
