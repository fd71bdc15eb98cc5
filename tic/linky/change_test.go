package linky_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
	"releve/tic/linky"
)

// switchTo is the distributor's order to talk in another mode.
func switchTo(mode tic.Mode) func(*linky.Meter) {
	return func(m *linky.Meter) { m.Switch(mode) }
}

// TestModeSwitch changes the mode twice: whole frames only, each in one mode, the indexes and the clock of one meter.
func TestModeSwitch(t *testing.T) {
	t.Parallel()
	m := newMeter(t, linky.Scenario{Changes: []linky.Change{
		{After: time.Minute, Do: switchTo(tic.Historic)},
		{After: 2 * time.Minute, Do: switchTo(tic.Standard)},
	}})
	start, last, address := m.Now(), 0, ""
	for range 200 {
		at := m.Now().Sub(start).Truncate(time.Second)
		want := tic.Standard
		if at >= time.Minute && at < 2*time.Minute {
			want = tic.Historic
		}
		f := hear(t, m, want)
		total, who := "EAST", "ADSC"
		if want == tic.Historic {
			total, who = "BASE", "ADCO"
		}
		if n := f.number(t, total); n < last {
			t.Fatalf("after %v %s is %d, it was %d", at, total, n, last)
		}
		last = f.number(t, total)
		if address == "" {
			address = f.values[who]
		}
		if f.values[who] != address {
			t.Fatalf("after %v the address is %s, it was %s", at, f.values[who], address)
		}
	}
}

// TestReplace hangs another meter on the wall: the same delivery point, another address, indexes near zero, and no load
// curve before its first period ends.
func TestReplace(t *testing.T) {
	t.Parallel()
	s := linky.Scenario{Contract: linky.Tempo, Producer: true, Changes: []linky.Change{
		{After: time.Minute, Do: (*linky.Meter).Replace}, {After: time.Hour, Do: (*linky.Meter).Replace},
	}}
	m := newMeter(t, s)
	before := hear(t, m, tic.Standard)
	m.Advance(time.Minute)
	after := hear(t, m, tic.Standard)
	if after.values["ADSC"] == before.values["ADSC"] || after.values["PRM"] != before.values["PRM"] {
		t.Errorf("ADSC %s and PRM %s, they were %s and %s",
			after.values["ADSC"], after.values["PRM"], before.values["ADSC"], before.values["PRM"])
	}
	for label := range after.values {
		if strings.HasPrefix(label, "EA") && after.number(t, label) > 2 {
			t.Errorf("%s is %s on a new meter", label, after.values[label])
		}
	}
	for _, label := range []string{"CCASN", "CCAIN-1", "UMOY1"} {
		if value, has := after.values[label]; has {
			t.Errorf("a new meter has %s %s", label, value)
		}
	}
	m.Advance(31 * time.Minute)
	if later := hear(t, m, tic.Standard); later.values["CCASN"] == "" || later.values["CCASN-1"] != "" || later.values["UMOY1"] == "" {
		t.Errorf("half an hour later the labels are %q", later.labels)
	}
	m.Advance(time.Hour)
	if third := hear(t, m, tic.Standard); third.values["ADSC"] == after.values["ADSC"] || third.values["ADSC"] == before.values["ADSC"] {
		t.Error("the third meter has the address of one before it")
	}
}

// TestSubscribe gives the home another contract: the indexes of the old one stay, the labels are those of the new one.
func TestSubscribe(t *testing.T) {
	t.Parallel()
	subscribe := func(c linky.Contract) func(*linky.Meter) { return func(m *linky.Meter) { m.Subscribe(c) } }
	m := newMeter(t, linky.Scenario{Mode: tic.Historic, Contract: linky.PeakOffPeak, Changes: []linky.Change{
		{After: time.Minute, Do: subscribe(linky.Tempo)}, {After: 2 * time.Minute, Do: subscribe(linky.Custom)},
	}})
	before := hear(t, m, tic.Historic)
	for range 2 {
		m.Advance(time.Minute)
		after := hear(t, m, tic.Historic)
		if after.values["OPTARIF"] != "BBR(" || after.number(t, "BBRHCJB") != before.number(t, "HCHC") || after.number(t, "BBRHCJR") != 0 {
			t.Errorf("OPTARIF %s, BBRHCJB %s, BBRHCJR %s after HCHC %s; want the index carried over",
				after.values["OPTARIF"], after.values["BBRHCJB"], after.values["BBRHCJR"], before.values["HCHC"])
		}
	}
}

// TestStandby holds that an output in "veille" says its address and nothing else.
func TestStandby(t *testing.T) {
	t.Parallel()
	for mode, label := range map[tic.Mode]string{tic.Historic: "ADCO", tic.Standard: "ADSC"} {
		m := newMeter(t, linky.Scenario{Mode: mode, Phases: 3, Overload: true, Condition: linky.Condition{Output: linky.Standby}})
		for range 200 {
			if diff := cmp.Diff([]string{label}, hear(t, m, mode).labels); diff != "" {
				t.Fatalf("labels (-want +got):\n%s", diff)
			}
		}
	}
}

// TestSilent holds that a silent meter says nothing, lives on, and comes back.
func TestSilent(t *testing.T) {
	t.Parallel()
	m := newMeter(t, linky.Scenario{
		Condition: linky.Condition{Output: linky.Silent},
		Changes:   []linky.Change{{After: 5 * time.Second, Do: set(t, linky.Condition{})}},
	})
	for second := range 5 {
		if said := m.Frame(nil); len(said) != 0 {
			t.Fatalf("after %d s it says %q", second, said)
		}
	}
	if got := hear(t, m, tic.Standard).horodates["DATE"]; got != "H260115183005" {
		t.Errorf("DATE %s, want five seconds after the start", got)
	}
}

func set(t *testing.T, c linky.Condition) func(*linky.Meter) {
	return func(m *linky.Meter) {
		if err := m.Set(c); err != nil {
			t.Error(err)
		}
	}
}

// TestCondition holds what each condition shows.
func TestCondition(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		condition linky.Condition
		status    string
		labels    map[string]string
	}{
		{"healthy", linky.Condition{}, "003A0001", map[string]string{"MSG1": "PAS DE          MESSAGE         ", "MSG2": ""}},
		{"degraded clock", linky.Condition{Degraded: true}, "003B0001", nil},
		{"breaker", linky.Condition{Breaker: 5}, "003A000B", map[string]string{"IRMS1": "000", "SINSTS": "00000"}},
		{"cover", linky.Condition{CoverOpen: true}, "003A0011", nil},
		{"overvoltage", linky.Condition{Overvoltage: true}, "003A0041", nil},
		{"Euridis without security", linky.Condition{Euridis: 1}, "002A0001", nil},
		{"Euridis off", linky.Condition{Euridis: 2}, "00220001", nil},
		{"carrier", linky.Condition{Carrier: 1, Synchronised: true}, "00DA0001", nil},
		{"carrier, new", linky.Condition{Carrier: 2}, "001A0001", nil},
		{"lost phase", linky.Condition{Lost: 1}, "003A0001", map[string]string{"URMS1": "000", "IRMS1": "000"}},
		{"messages", linky.Condition{Message: "COUPURE LE 3 MARS", ShortMessage: "VOIR FACTURE"}, "003A0001",
			map[string]string{"MSG1": "COUPURE LE 3 MARS               ", "MSG2": "VOIR FACTURE    "}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := newMeter(t, linky.Scenario{Contract: linky.Base, Condition: test.condition})
			hear(t, m, tic.Standard) // of the second before
			if err := m.Set(test.condition); err != nil {
				t.Fatal(err)
			}
			m.Advance(time.Second)
			f := hear(t, m, tic.Standard)
			if f.values["STGE"] != test.status {
				t.Errorf("STGE %s, want %s", f.values["STGE"], test.status)
			}
			for label, want := range test.labels {
				if f.values[label] != want {
					t.Errorf("%s %q, want %q", label, f.values[label], want)
				}
			}
			if letter := f.horodates["DATE"][:1]; (letter == "h") != test.condition.Degraded {
				t.Errorf("DATE %s", f.horodates["DATE"])
			}
			if volts := f.number(t, "URMS1"); (volts > 253) != test.condition.Overvoltage {
				t.Errorf("URMS1 %d V", volts)
			}
			if again := hear(t, m, tic.Standard); again.values["MSG2"] != "" {
				t.Errorf("MSG2 %q comes twice", again.values["MSG2"])
			}
		})
	}
}

// TestLostPhase holds PPOT of a three-phase meter: the bit of the phase below threshold, bit 0 always 0.
func TestLostPhase(t *testing.T) {
	t.Parallel()
	for lost, want := range []string{"00", "02", "04", "08"} {
		m := newMeter(t, linky.Scenario{Mode: tic.Historic, Phases: 3, Condition: linky.Condition{Lost: lost}})
		if got := hear(t, m, tic.Historic).values["PPOT"]; got != want {
			t.Errorf("PPOT %s without phase %d, want %s", got, lost, want)
		}
	}
	_, err := linky.New(linky.Scenario{Condition: linky.Condition{Lost: 2}})
	if want := "check scenario: a phase is lost from 1 to 1, or 0, none, not 2"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestConditionErrors(t *testing.T) {
	t.Parallel()
	m := newMeter(t, linky.Scenario{})
	for want, c := range map[string]linky.Condition{
		"set condition: there is no output 3: choose Informing, Standby or Silent":                              {Output: 3},
		"set condition: a breaker is open for reasons 1 to 6, or 0, closed, not 7":                              {Breaker: 7},
		"set condition: a phase is lost from 1 to 1, or 0, none, not 4":                                         {Lost: 4},
		"set condition: the states of the Euridis output and of the carrier are 0 to 2, not 3 and 0":            {Euridis: 3},
		`set condition: the short message "seventeen letters" is longer than 16 characters`:                     {ShortMessage: "seventeen letters"},
		`set condition: the message "é" has a character that a meter cannot send: letters without accents only`: {Message: "é"},
	} {
		if err := m.Set(c); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if got := m.Condition(); got != (linky.Condition{}) {
		t.Errorf("a refused condition left %+v", got)
	}
}

// TestSkip lives ten weeks in strides: the clock, the day's maxima and the sums are those of a meter that was not skipped,
// and its energy is nearly so.
func TestSkip(t *testing.T) {
	t.Parallel()
	s := linky.Scenario{Contract: linky.Tempo, Producer: true, Phases: 3, Start: time.Date(2026, 3, 1, 10, 0, 17, 0, time.UTC)}
	m := newMeter(t, s)
	before := listen(t, m)
	m.Skip(-time.Hour)
	m.Skip(10 * 7 * 24 * time.Hour)
	after := listen(t, m)
	after.checkSums(t)
	after.checkMaxima(t)
	after.checkGrowth(t, before)
	if got := after.horodates["DATE"]; got != "E260510120018" {
		t.Errorf("DATE %s, want ten weeks after the start", got)
	}
	if grown := after.number(t, "EAST") - before.number(t, "EAST"); grown < 500_000 || grown > 2_500_000 {
		t.Errorf("the home drew %d Wh in ten weeks", grown)
	}
	if again := listen(t, m); again.time(t, "DATE").Sub(after.time(t, "DATE")) > 2*time.Second {
		t.Errorf("the clock goes from %s to %s", after.horodates["DATE"], again.horodates["DATE"])
	}
}
