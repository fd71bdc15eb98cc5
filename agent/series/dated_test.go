package series_test

import (
	"testing"
	"time"

	"releve/agent/series"
	"releve/senml"
	"releve/tic"
	"releve/tic/linky"
)

// TestDated holds what the meter dates against when it belongs: the moment of a maximum, the beginning of a mean, by the
// letter of the horodate and never by the rules of a zone. Times are relative to 12:00:00.25 UTC.
func TestDated(t *testing.T) {
	t.Parallel()
	const (
		mean = "consumption/power/active/mean="
		most = "consumption/power/apparent/max="
	)
	type step struct {
		frame *tic.Frame
		want  string
	}
	for _, test := range []struct {
		name  string
		steps []step
	}{
		{"a point once, and the one before too", []step{
			{standard("CCASN@H260115130000 00500", "CCASN-1@H260115123000 00400"), mean + "400W@-3601.25 " + mean + "500W@-1801.25"},
			{standard("CCASN@H260115130000 00500", "CCASN-1@H260115123000 00400"), ""},
			{standard("CCASN@H260115133000 00600", "CCASN-1@H260115130000 00500"), mean + "600W@-3.25"},
		}},
		{"the step is the meter's", []step{
			{standard("CCASN@H260115130000 00500", "CCASN-1@H260115125000 00400"), mean + "400W@-1201.25 " + mean + "500W@-601.25"},
		}},
		{"without a step nobody knows when a point began", []step{
			{standard("CCASN@H260115130000 00500"), ""},
			{standard("CCASN@H260115130000 00500", "CCASN-1@H260115070000 00400"), ""},
			{standard("CCASN@H260115130000 00500", "CCASN-1@H260115123000 00400"), mean + "400W@-3603.25 " + mean + "500W@-1803.25"},
			{standard("CCASN@H260115133000 00600"), mean + "600W@-4.25"},
		}},
		{"a maximum of today and of yesterday", []step{
			{standard("SMAXSN@H260115093000 04000", "SMAXSN-1@H260114193000 05000"), most + "5000VA@-63001.25 " + most + "4000VA@-12601.25"},
			{standard("SMAXSN@H260115130001 04100", "SMAXSN-1@H260114193000 05000"), most + "4100VA@-1.25"},
			{standard("SMAXSN@H260115130001 04100", "SMAXSN-1@H260115093000 04000"), ""},
		}},
		{"a mean voltage is of ten minutes", []step{
			{standard("UMOY1@H260115130000 231"), "voltage/1/mean=231V@-601.25"},
			{standard("UMOY1@H260115131000 231"), "voltage/1/mean=231V@-2.25"},
		}},
		{"summer by its letter", []step{{standard("UMOY1@E260115140000 231"), "voltage/1/mean=231V@-601.25"}}},
		{"a degraded clock is put right by what it shows now", []step{
			{standard("DATE@h000101002000 ", "UMOY1@h000101001000 231"), "voltage/1/mean=231V@-1200.25"},
		}},
		{"a degraded clock that is not shown", []step{{standard("UMOY1@h260115130000 231"), "voltage/1/mean=231V@-601.25"}}},
		{"without a season, or a date", []step{
			{standard("UMOY1@ 260115130000 231", "SMAXSN@H261315130000 00100", "CCASN 00100", "CCASN-1 00100"), ""},
		}},
		{"the start of a mobile peak is local time", []step{
			{standard("DPM1@ 260116060000 00", "FPM1@ 260117060000 00"), "tariff/peak/1/start=2026-01-16T06:00:00 tariff/peak/1/end=2026-01-17T06:00:00"},
			{standard("DPM1@ 260116060000 00", "FPM1@ 260117060000 00"), ""},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHeard()
			for i, s := range test.steps {
				if got := h.hear(s.frame); got != s.want {
					t.Errorf("frame %d: %q, want %q", i+1, got, s.want)
				}
			}
		})
	}
}

// Overseas the clocks are the place's own.
func TestDatedOverseas(t *testing.T) {
	t.Parallel()
	h := newHeard()
	h.Clock = tic.Clock{Winter: 4 * time.Hour, Summer: 4 * time.Hour}
	if got, want := h.hear(standard("UMOY1@E260115161000 231")), "voltage/1/mean=231V@-1.25"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Over the night in October that has an hour twice, points of the load curve stay one step apart.
func TestDatedOverTheChangeOfTime(t *testing.T) {
	t.Parallel()
	h := newHeard()
	h.play(t, linky.Scenario{Start: time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC), CurvePeriod: 10 * time.Minute, Seed: 2}, 4*time.Hour)
	points := h.of("consumption/power/active/mean")
	if len(points) != 25 { // the one before the start, the one of the start, and four hours of them, less the last that is not over
		t.Errorf("%d points", len(points))
	}
	for i := 1; i < len(points); i++ {
		if step := points[i].Time - points[i-1].Time; step != 600 {
			t.Errorf("point %d is %v s after the one before", i, step)
		}
	}
}

// A full set repeats states, and no point that has a time of its own.
func TestFullSetRepeatsNoPoint(t *testing.T) {
	t.Parallel()
	h := newHeard()
	f := standard("URMS1 230", "UMOY1@H260115130000 231")
	h.hear(f)
	h.at = h.at.Add(rhythm)
	if got := h.hear(f); got != "voltage/1=230V" {
		t.Errorf("full set is %q", got)
	}
}

// statesOf are the fields of STGE and of the other registers that are not numbers.
func TestStates(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		frame *tic.Frame
		want  map[string]senml.Value
	}{
		{standard("STGE 463A0800"), map[string]senml.Value{
			"status/contact": senml.TextValue("closed"), "status/breaker": senml.TextValue("closed"), "status/cover": senml.TextValue("closed"),
			"status/overvoltage": senml.BoolValue(false), "status/over-power": senml.BoolValue(false), "status/producer": senml.BoolValue(false),
			series.PathInjecting: senml.BoolValue(false), "status/clock/degraded": senml.BoolValue(false), "status/mode": senml.TextValue("standard"),
			"status/euridis": senml.TextValue("secured"), "status/plc": senml.TextValue("New/Lock"), "status/plc/synchronised": senml.BoolValue(false),
			"tariff/index/distributor": senml.NumberValue(1), "tariff/colour/today": senml.TextValue("white"), "tariff/colour/tomorrow": senml.TextValue("blue"),
			"tariff/peak/notice": senml.NumberValue(0), "tariff/peak/current": senml.NumberValue(1),
		}},
		{standard("STGE 463A08"), map[string]senml.Value{}},
		{standard("RELAIS 005"), map[string]senml.Value{
			"status/relay/1": senml.BoolValue(true), "status/relay/2": senml.BoolValue(false), "status/relay/3": senml.BoolValue(true), "status/relay/4": senml.BoolValue(false),
			"status/relay/5": senml.BoolValue(false), "status/relay/6": senml.BoolValue(false), "status/relay/7": senml.BoolValue(false), "status/relay/8": senml.BoolValue(false),
		}},
		{standard("PJOURF+1 0000C001 06308002 2230C001 NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE"), map[string]senml.Value{
			"tariff/profile/tomorrow": senml.TextValue("0000C001 06308002 2230C001"),
		}},
		{historic("PTEC HPJR", "OPTARIF BBR(", "DEMAIN BLAN", "HHPHC A", "MOTDETAT 000000", "PPOT 04"), map[string]senml.Value{
			series.PathTariff: senml.TextValue("HPJR"), series.PathTariffIndex: senml.NumberValue(6), "tariff/colour/today": senml.TextValue("red"),
			"tariff/option": senml.TextValue("BBR("), "tariff/colour/tomorrow": senml.TextValue("white"), "tariff/timetable": senml.TextValue("A"),
			"status/word": senml.TextValue("000000"), "status/phase/1/missing": senml.BoolValue(false), "status/phase/2/missing": senml.BoolValue(true),
			"status/phase/3/missing": senml.BoolValue(false),
		}},
		{historic("PTEC TH..", "PEJP 30", "GAZ 0012345"), map[string]senml.Value{
			series.PathTariff: senml.TextValue("TH.."), series.PathTariffIndex: senml.NumberValue(1), "tariff/peak/warning": senml.NumberValue(30),
			"gas/volume/index": senml.NumberValue(123.45),
		}},
		{historic("PTEC PM..", "OPTARIF ????", "DEMAIN VERT", "PPOT FF"), map[string]senml.Value{
			series.PathTariff: senml.TextValue("PM.."), series.PathTariffIndex: senml.NumberValue(2),
		}},
	} {
		h := newHeard()
		h.hear(test.frame)
		got := map[string]senml.Value{}
		for _, l := range h.All() {
			got[l.Series.Path] = l.Value
		}
		for path, want := range test.want {
			if got[path] != want {
				t.Errorf("%s is %v, want %v", path, got[path], want)
			}
			delete(got, path)
		}
		for path, value := range got {
			t.Errorf("%s is %v, want none", path, value)
		}
	}
}
