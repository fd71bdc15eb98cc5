package linky_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"releve/tic"
	"releve/tic/linky"
)

// overloaded is a home that warns, from a winter evening on.
func overloaded(mode tic.Mode, phases int) linky.Scenario {
	return linky.Scenario{
		Mode: mode, Phases: phases, Overload: true, Start: time.Date(2026, 1, 15, 17, 0, 0, 0, time.UTC),
	}
}

// TestOverPowerBit listens to an evening: STGE bit 7 is set exactly while the power is above PREF.
func TestOverPowerBit(t *testing.T) {
	t.Parallel()
	m := newMeter(t, overloaded(tic.Standard, 1))
	over := 0
	for range 6 * 60 * 6 {
		f := listen(t, m)
		above := f.number(t, "SINSTS") > 1000*f.number(t, "PREF")
		if f.field(7, 1) != truth(above) {
			t.Fatalf("STGE %s at %s VA", f.values["STGE"], f.values["SINSTS"])
		}
		over += truth(above)
		m.Advance(9 * time.Second)
	}
	if over == 0 {
		t.Error("a family that overloads its subscription is never above it")
	}
}

// TestADPS holds that the warning is there while the current is above ISOUSC, with that current, after IINST. In the frame
// in which that begins it comes wherever the frame has got to, and IINST is still the current before it.
func TestADPS(t *testing.T) {
	t.Parallel()
	s := overloaded(tic.Historic, 1)
	s.Seed = 2
	m := newMeter(t, s)
	warned := 0
	for range 6 * 60 * 6 {
		f := hear(t, m, tic.Historic)
		above := f.number(t, "IINST") > f.number(t, "ISOUSC")
		at := slices.Index(f.labels, "ADPS")
		if !above && at >= 0 {
			if f.number(t, "ADPS") <= f.number(t, "ISOUSC") {
				t.Fatalf("ADPS %s, ISOUSC %s", f.values["ADPS"], f.values["ISOUSC"])
			}
			continue
		}
		if above != (at > 0) {
			t.Fatalf("IINST %s, ISOUSC %s, labels %q", f.values["IINST"], f.values["ISOUSC"], f.labels)
		}
		if above && (f.values["ADPS"] != f.values["IINST"] || f.labels[at-1] != "IINST") {
			t.Fatalf("ADPS %s, IINST %s, labels %q", f.values["ADPS"], f.values["IINST"], f.labels)
		}
		warned += truth(above)
		m.Advance(9 * time.Second)
	}
	if warned == 0 {
		t.Error("no ADPS in the evening of a family that overloads its subscription")
	}
}

// TestADPSInserted listens to homes that overload: the warning is heard after groups of every part of the frame.
func TestADPSInserted(t *testing.T) {
	t.Parallel()
	inserted := map[string]int{}
	for seed := range uint64(4) {
		s := overloaded(tic.Historic, 1)
		s.Seed = seed
		m := newMeter(t, s)
		for range 3600 {
			raw := m.Frame(nil)
			at := bytes.Index(raw, []byte("\nADPS"))
			if at < 0 {
				continue
			}
			f := decode(t, tic.Historic, raw)[0]
			if at := slices.Index(f.labels, "ADPS"); f.labels[at-1] != "IINST" {
				inserted[f.labels[at-1]]++
			}
		}
	}
	if len(inserted) < 3 {
		t.Errorf("ADPS is inserted after %v, want it after groups of every part of the frame", inserted)
	}
}

// TestShortFrames listens to the first overload on three phases: the long frame is cut with EOT, then come frames of
// ADIR, ADCO and currents, twenty of them for a long one, until one minute after the overload.
func TestShortFrames(t *testing.T) {
	t.Parallel()
	m := newMeter(t, overloaded(tic.Historic, 3))
	short, calm := 0, time.Time{}
	for range 20_000 {
		at := m.Now()
		raw := m.Frame(nil)
		if whole, cut := bytes.CutSuffix(raw, []byte("\x04")); cut {
			checkCut(t, append(whole, 0x03), short)
			continue
		}
		f := decode(t, tic.Historic, raw)[0]
		if isLong(f) && short%20 != 0 { // the alarm is over
			checkEnd(t, calm, at)
			return
		}
		if isLong(f) {
			continue
		}
		short++
		if checkShort(t, f) {
			calm = at
		}
	}
	t.Errorf("no overload came to its end; %d short frames", short)
}

// checkCut wants the first part of a long frame, whole groups only, before any short one.
func checkCut(t *testing.T, raw []byte, short int) {
	t.Helper()
	f := decode(t, tic.Historic, raw)[0]
	if short != 0 || f.labels[0] != "ADCO" || slices.Contains(f.labels, "PPOT") {
		t.Errorf("after %d short frames a frame of %q is cut", short, f.labels)
	}
}

// TestCutFrames holds that on three phases most overloads begin in the middle of a frame, and cut it.
func TestCutFrames(t *testing.T) {
	t.Parallel()
	cut := 0
	for seed := range uint64(4) {
		s := overloaded(tic.Historic, 3)
		s.Seed = seed
		m := newMeter(t, s)
		for range 3600 {
			if raw := m.Frame(nil); raw[len(raw)-1] == 0x04 {
				cut++
			}
		}
	}
	if cut < 4 {
		t.Errorf("%d frames were cut in four evenings, want some in each", cut)
	}
}

func isLong(f said) bool { return slices.Contains(f.labels, "MOTDETAT") }

// checkShort wants ADIR for the phases above 20 A and for no other; it tells whether there is one.
func checkShort(t *testing.T, f said) bool {
	t.Helper()
	var want []string
	for _, phase := range []string{"1", "2", "3"} {
		if f.number(t, "IINST"+phase) > 20 {
			want = append(want, "ADIR"+phase)
			if f.values["ADIR"+phase] != f.values["IINST"+phase] {
				t.Errorf("ADIR%s %s, IINST%s %s", phase, f.values["ADIR"+phase], phase, f.values["IINST"+phase])
			}
		}
	}
	want = append(want, "ADCO", "IINST1", "IINST2", "IINST3")
	if !slices.Equal(f.labels, want) {
		t.Errorf("short frame of %q, want %q", f.labels, want)
	}
	return strings.HasPrefix(f.labels[0], "ADIR")
}

// checkEnd wants the alarm to last one minute after the last overload seen, give or take the frames around it.
func checkEnd(t *testing.T, calm, at time.Time) {
	t.Helper()
	if held := at.Sub(calm); held < 57*time.Second || held > 66*time.Second {
		t.Errorf("short frames for %v after the overload, want about a minute", held)
	}
}

// TestHistoricRates holds PTEC, DEMAIN and the index that grows against each other, through ten days of Tempo.
func TestHistoricRates(t *testing.T) {
	t.Parallel()
	indexes := map[string]string{
		"HCJB": "BBRHCJB", "HPJB": "BBRHPJB", "HCJW": "BBRHCJW", "HPJW": "BBRHPJW", "HCJR": "BBRHCJR", "HPJR": "BBRHPJR",
	}
	m := newMeter(t, linky.Scenario{Mode: tic.Historic, Contract: linky.Tempo, Start: time.Date(2026, 1, 12, 5, 0, 0, 0, time.UTC)})
	m.Stride(30)
	before := hear(t, m, tic.Historic)
	seen := map[string]bool{}
	for at := time.Date(2026, 1, 12, 5, 30, 0, 0, time.UTC); at.Day() < 30; at = at.Add(30 * time.Minute) {
		m.Advance(at.Sub(m.Now()))
		now := hear(t, m, tic.Historic)
		for _, label := range indexes {
			if grown := now.number(t, label) - before.number(t, label); (grown > 0) != (label == indexes[before.values["PTEC"]]) {
				t.Fatalf("%s grew by %d Wh during %s", label, grown, before.values["PTEC"])
			}
		}
		if local := at.Add(time.Hour).Hour(); (now.values["DEMAIN"] == "----") != (local >= 6 && local < 20) {
			t.Fatalf("DEMAIN is %s at %d h", now.values["DEMAIN"], local)
		}
		seen[now.values["PTEC"]], seen[now.values["DEMAIN"]] = true, true
		before = now
	}
	if len(seen) != 6+4 {
		t.Errorf("18 days of January show %d of the 10 words of Tempo: %v", len(seen), seen)
	}
}

// TestModesAgree listens to the same home through both modes.
func TestModesAgree(t *testing.T) {
	t.Parallel()
	pairs := map[string]string{"BBRHCJB": "EASF01", "BBRHPJB": "EASF02", "BBRHCJW": "EASF03", "BBRHPJW": "EASF04",
		"BBRHCJR": "EASF05", "BBRHPJR": "EASF06", "IINST": "IRMS1", "ADCO": "ADSC"}
	s := linky.Scenario{Contract: linky.Tempo, Seed: 5}
	standard := hear(t, newMeter(t, s), tic.Standard)
	s.Mode = tic.Historic
	historic := hear(t, newMeter(t, s), tic.Historic)
	for old, label := range pairs {
		if historic.values[old] != standard.values[label] {
			t.Errorf("%s is %s, %s is %s", old, historic.values[old], label, standard.values[label])
		}
	}
	papp, sinsts := historic.number(t, "PAPP"), standard.number(t, "SINSTS")
	if papp%10 != 0 || papp < sinsts-5 || papp > sinsts+5 {
		t.Errorf("PAPP %d for SINSTS %d, want it rounded to ten", papp, sinsts)
	}
	if got, want := historic.number(t, "ISOUSC"), standard.number(t, "PREF")*5; got != want {
		t.Errorf("ISOUSC %d A, want PREF over 200 V: %d", got, want)
	}
}
