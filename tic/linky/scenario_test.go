package linky_test

import (
	"bytes"
	"testing"
	"time"

	"releve/tic"
	"releve/tic/linky"
)

func TestScenarioErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		scenario linky.Scenario
		err      string
	}{
		{"mode", linky.Scenario{Mode: 9}, "check scenario: a meter talks in historic or standard mode, not in mode 9"},
		{"contract", linky.Scenario{Contract: 6}, "check scenario: there is no contract 6: choose Base, PeakOffPeak, Tempo, EJP, Weekend or Custom"},
		{"two phases", linky.Scenario{Phases: 2}, "check scenario: a meter has 1 or 3 phases, not 2"},
		{"negative phases", linky.Scenario{Phases: -1}, "check scenario: a meter has 1 or 3 phases, not -1"},
		{"last century", linky.Scenario{Start: time.Date(1999, 5, 1, 0, 0, 0, 0, time.UTC)},
			"check scenario: the meter's clock cannot start in 1999: choose an instant in the years 2001 to 2098"},
		{"next century", linky.Scenario{Start: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)},
			"check scenario: the meter's clock cannot start in 2099: choose an instant in the years 2001 to 2098"},
		{"too much on one phase", linky.Scenario{SubscribedKVA: 13},
			"check scenario: a single-phase home subscribes 1 to 12 kVA, not 13"},
		{"too little on three", linky.Scenario{Phases: 3, SubscribedKVA: 2},
			"check scenario: a three-phase home subscribes 3 to 36 kVA, not 2"},
		{"model", linky.Scenario{Model: 5}, "check scenario: there is no model 5: choose Linky, Pilot, Electronic, Plain or Industrial"},
		{"standard mode before Linky", linky.Scenario{Model: linky.Plain, Mode: tic.Standard}, "check scenario: a meter of model plain talks in historic mode only"},
		{"tempo program", linky.Scenario{TempoProgram: 24},
			"check scenario: a Tempo program is 0 to 23, three of circuit 1 by eight of circuit 2, not 24"},
		{"car", linky.Scenario{CarWatts: -1}, "check scenario: a car charges at up to 22000 W, not -1"},
		{"no calendar", linky.Scenario{Contract: linky.Custom}, "check scenario: the contract Custom wants a calendar"},
		{"empty calendar", linky.Scenario{Contract: linky.Custom, Calendar: &linky.Calendar{}}, "check scenario: a calendar has 1 to 10 rates, not 0"},
		{"change before the start", linky.Scenario{Changes: []linky.Change{{After: -1, Do: (*linky.Meter).Replace}}},
			"check scenario: change 1 happens before the start, or is none"},
		{"change of nothing", linky.Scenario{Changes: []linky.Change{{}}}, "check scenario: change 1 happens before the start, or is none"},
		{"changes out of order", linky.Scenario{Changes: []linky.Change{{After: 2}, {After: 1}}}, "check scenario: the changes are not in order of time"},
		{"curve", linky.Scenario{CurvePeriod: 20 * time.Minute},
			"check scenario: the load curve has a step of 10, 15, 30 or 60 minutes, not 20m0s"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m, err := linky.New(test.scenario)
			if err == nil || err.Error() != test.err {
				t.Errorf("error %q, want %q", err, test.err)
			}
			if m != nil {
				t.Error("a meter came with the error")
			}
		})
	}
}

// TestCalendarErrors spoils one thing at a time in a calendar that is good.
func TestCalendarErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		spoil func(c *linky.Calendar)
		err   string
	}{
		{func(c *linky.Calendar) { c.Rates = make([]string, 11) }, "a calendar has 1 to 10 rates, not 11"},
		{func(c *linky.Calendar) { c.Days = nil }, "a calendar has 1 to 10 day profiles, not 0"},
		{func(c *linky.Calendar) { c.Peaks = make([]linky.Peak, 4) }, "a calendar has up to 3 mobile peaks, not 4"},
		{func(c *linky.Calendar) { c.Name = "dix-sept lettres." }, `the name "dix-sept lettres." is longer than 16 characters`},
		{func(c *linky.Calendar) { c.Rates[0] = "tab\t" }, `the name "tab\t" has a character that a meter cannot send: letters without accents only`},
		{func(c *linky.Calendar) { c.Week[3] = 2 }, "day 3 of the week has profile 2: there are profiles 0 to 1"},
		{func(c *linky.Calendar) { c.Days[0] = nil }, "day profile 0: a profile has 1 to 11 switches, the first at midnight"},
		{func(c *linky.Calendar) { c.Days[1][0].Minute = 1 }, "day profile 1: a profile has 1 to 11 switches, the first at midnight"},
		{func(c *linky.Calendar) { c.Days[0][1].Minute = 0 }, "day profile 0: minute 0 is not after minute 0, or not in the day"},
		{func(c *linky.Calendar) { c.Days[0][1].Index = 8 }, "day profile 0: index 8 has no rate: there are 7"},
		{func(c *linky.Calendar) { c.Days[0][1].Contact = 4 }, "day profile 0: there is no contact order 4, 0x01"},
		{func(c *linky.Calendar) { c.Peaks[0].To = 100 }, "mobile peak 1: it starts within its day and lasts up to 24 hours, not from minute 480 to 100"},
		{func(c *linky.Calendar) { c.Peaks[1].Notice = 661 }, "mobile peak 2: it is announced at 20:00 on the eve: a notice of 661 minutes is too long"},
		{func(c *linky.Calendar) { c.Peaks[2].Percent = 101 }, "mobile peak 3: 101 percent of the days"},
		{func(c *linky.Calendar) { c.Peaks[2].Day = nil }, "mobile peak 3: a profile has 1 to 11 switches, the first at midnight"},
	}
	for _, test := range tests {
		c := threePeaks()
		test.spoil(c)
		err := linky.Scenario{Contract: linky.Custom, Calendar: c}.Check()
		if err == nil || err.Error() != test.err {
			t.Errorf("error %v, want %s", err, test.err)
		}
	}
}

// TestDefaults holds the zero scenario: standard mode, one phase, 6 kVA, base, a winter evening, points of 30 minutes.
func TestDefaults(t *testing.T) {
	t.Parallel()
	m := exactMeter(t, linky.Scenario{})
	if want := time.Date(2026, 1, 15, 17, 30, 0, 0, time.UTC); !m.Now().Equal(want) {
		t.Errorf("starts at %v, want %v", m.Now(), want)
	}
	frame := hear(t, m, tic.Auto)
	for label, want := range map[string]string{"PREF": "06", "PCOUP": "06", "NTARF": "01", "NGTF": "      BASE      "} {
		if got := frame.values[label]; got != want {
			t.Errorf("%s %q, want %q", label, got, want)
		}
	}
	for label, want := range map[string]string{
		"DATE": "H260115183000", "CCASN": "H260115183000", "CCASN-1": "H260115180000", "UMOY1": "H260115183000",
	} {
		if got := frame.horodates[label]; got != want {
			t.Errorf("%s at %q, want %q", label, got, want)
		}
	}
	if got := hear(t, exactMeter(t, linky.Scenario{Phases: 3}), tic.Auto).values["PREF"]; got != "12" {
		t.Errorf("PREF on three phases %s, want 12", got)
	}
}

func TestCurvePeriod(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 7, 1, 10, 59, 0, 0, time.UTC)
	for period, want := range map[time.Duration][2]string{
		10 * time.Minute: {"E260701125000", "E260701124000"},
		15 * time.Minute: {"E260701124500", "E260701123000"},
		30 * time.Minute: {"E260701123000", "E260701120000"},
		time.Hour:        {"E260701120000", "E260701110000"},
	} {
		frame := hear(t, newMeter(t, linky.Scenario{Start: start, CurvePeriod: period}), tic.Standard)
		if got := [2]string{frame.horodates["CCASN"], frame.horodates["CCASN-1"]}; got != want {
			t.Errorf("period %v: points at %q, want %q", period, got, want)
		}
	}
}

func TestContractString(t *testing.T) {
	t.Parallel()
	for contract, want := range map[linky.Contract]string{
		linky.Base: "base", linky.PeakOffPeak: "hc/hp", linky.Tempo: "tempo",
		linky.EJP: "ejp", linky.Weekend: "hc/we", linky.Custom: "custom", 9: "contract 9",
	} {
		if got := contract.String(); got != want {
			t.Errorf("contract %d is %q, want %q", uint8(contract), got, want)
		}
	}
}

// FuzzScenario holds that New never panics and that what it accepts says frames the decoder takes whole.
func FuzzScenario(f *testing.F) {
	f.Add(uint8(0), uint8(0), uint64(0), int64(0), uint8(0), 0, false, 0, int64(0), false, 0)
	f.Add(uint8(1), uint8(2), uint64(9), int64(1_774_746_000), uint8(2), 3, true, 36, int64(time.Hour), true, 0) // into summer time
	f.Add(uint8(2), uint8(1), uint64(1), int64(1_792_890_000), uint8(5), 1, true, 1, int64(10*time.Minute), true, 5)
	f.Add(uint8(1), uint8(3), uint64(1), int64(1_768_300_000), uint8(3), 3, false, 9, int64(0), true, 2)
	f.Add(uint8(7), uint8(9), uint64(1), int64(-5), uint8(200), -3, false, 1<<30, int64(-1), false, -1)
	f.Fuzz(func(t *testing.T, mode, model uint8, seed uint64, start int64, contract uint8, phases int, producer bool,
		kva int, period int64, overload bool, lost int) {
		s := linky.Scenario{
			Mode: tic.Mode(mode), Model: linky.Model(model), Seed: seed, Start: time.Unix(start, 0),
			Contract: linky.Contract(contract), Calendar: threePeaks(), Phases: phases, Producer: producer, SubscribedKVA: kva,
			CurvePeriod: time.Duration(period), Overload: overload, CarWatts: kva * 1000, TempoProgram: lost,
			Condition: linky.Condition{Lost: lost, Degraded: overload, Breaker: lost, ShortMessage: "BREF"},
		}
		m, err := linky.NewInStrides(s)
		if err != nil {
			return
		}
		frames := 0
		for range 3 {
			raw, whole := bytes.CutSuffix(m.Frame(nil), []byte{0x04})
			if whole { // cut by an overload
				raw = append(raw, 0x03)
			}
			frames += len(decode(t, tic.Auto, raw))
			m.Advance(5 * time.Hour)
		}
		if frames != 3 {
			t.Errorf("%d frames, want 3", frames)
		}
	})
}
