package linky_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
	"releve/tic/linky"
)

// rareScenarios covers what everyScenario does not: the other contracts, and the other models.
func rareScenarios() []linky.Scenario {
	var all []linky.Scenario
	for _, phases := range []int{1, 3} {
		for contract := linky.Base; contract <= linky.Custom; contract++ {
			for _, model := range []linky.Model{linky.Electronic, linky.Plain} {
				all = append(all, linky.Scenario{Mode: tic.Historic, Model: model, Contract: contract, Phases: phases})
			}
			all = append(all, linky.Scenario{Mode: tic.Standard, Model: linky.Pilot, Contract: contract, Phases: phases, Producer: phases == 3})
		}
		for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
			for contract := linky.EJP; contract <= linky.Custom; contract++ {
				all = append(all, linky.Scenario{Mode: mode, Contract: contract, Phases: phases, Producer: phases == 1})
			}
		}
	}
	for i := range all {
		all[i].Seed, all[i].Calendar, all[i].Start = 7, threePeaks(), time.Date(2026, 1, 12, 4, 30, 0, 0, time.UTC)
	}
	return all
}

// TestOrderOfModels holds what the labels of old and of pilot meters are, against those of a Linky.
func TestOrderOfModels(t *testing.T) {
	t.Parallel()
	labels := func(s linky.Scenario) string { return strings.Join(hear(t, newMeter(t, s), s.Mode).labels, " ") }
	pilot := strings.NewReplacer("SINSTS ", "SINST1 ", "SMAXSN ", "SMAXN ", "SMAXSN-1 ", "SMAXN-1 ")
	want := pilot.Replace(labels(linky.Scenario{Mode: tic.Standard}))
	if diff := cmp.Diff(want, labels(linky.Scenario{Mode: tic.Standard, Model: linky.Pilot})); diff != "" {
		t.Errorf("pilot (-want +got):\n%s", diff)
	}
	want = "MOTDETAT ADCO OPTARIF ISOUSC BASE PTEC IINST IMAX"
	if diff := cmp.Diff(want, labels(linky.Scenario{Mode: tic.Historic, Model: linky.Plain})); diff != "" {
		t.Errorf("plain (-want +got):\n%s", diff)
	}
}

// TestOldMeters holds what only meters before Linky show: highest values that they saw, a letter of their own, no other mode.
func TestOldMeters(t *testing.T) {
	t.Parallel()
	letters := map[string]bool{}
	for seed := range uint64(12) {
		s := linky.Scenario{Model: linky.Electronic, Contract: linky.PeakOffPeak, Seed: seed}
		m := newMeter(t, s)
		m.Switch(tic.Standard)
		f := hear(t, m, tic.Historic)
		letters[f.values["HHPHC"]] = true
		if highest := f.number(t, "IMAX"); highest < f.number(t, "IINST") || highest == 90 || highest == 0 {
			t.Errorf("seed %d: IMAX %d, IINST %s", seed, highest, f.values["IINST"])
		}
	}
	if len(letters) < 3 {
		t.Errorf("HHPHC is %v, want several of A, C, D, E, Y", letters)
	}
}

// TestIndustrial holds that a decoder stands the labels of a PME-PMI: all of them known to it as unknown, none refused.
func TestIndustrial(t *testing.T) {
	t.Parallel()
	m := newMeter(t, linky.Scenario{Model: linky.Industrial, Phases: 3, SubscribedKVA: 36, School: true})
	d := tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
		values := copied(f).values
		if !regexp.MustCompile(`^[1-9]\d+Wh$`).MatchString(values["EA_s"]) || values["PTCOUR1"] != "HPH" || values["PS"] != "36kVA" {
			t.Errorf("values %v", values)
		}
	})
	for range 5 {
		if _, err := d.Write(m.Frame(nil)); err != nil {
			t.Fatal(err)
		}
	}
	if c := d.Counters(); c.Frames != 5 || c.Refused() != 0 || c.Strange() != c.Groups {
		t.Errorf("%+v, want five frames of unknown labels", c)
	}
}

// TestTempoPrograms holds the last character of OPTARIF: 24 of them.
func TestTempoPrograms(t *testing.T) {
	t.Parallel()
	for program, want := range map[int]string{0: "BBR(", 7: "BBR/", 8: "BBR0", 16: "BBR8", 23: "BBR?"} {
		m := newMeter(t, linky.Scenario{Mode: tic.Historic, Contract: linky.Tempo, TempoProgram: program})
		if got := hear(t, m, tic.Historic).values["OPTARIF"]; got != want {
			t.Errorf("program %d: OPTARIF %s, want %s", program, got, want)
		}
	}
}

// TestPEJP lives a mobile peak of EJP in historic mode: notice half an hour before, PEJP to its end, PTEC during it.
func TestPEJP(t *testing.T) {
	t.Parallel()
	m := newMeter(t, linky.Scenario{Mode: tic.Historic, Contract: linky.EJP, Seed: 1, Start: time.Date(2026, 1, 23, 5, 29, 0, 0, time.UTC)})
	for _, step := range []struct {
		after      time.Duration
		pejp, ptec string
	}{
		{0, "", "HN.."}, {2 * time.Minute, "30", "HN.."}, {30 * time.Minute, "30", "PM.."}, {17*time.Hour + 30*time.Minute, "30", "PM.."},
		{30 * time.Minute, "", "HN.."},
	} {
		m.Advance(step.after)
		at := m.Now()
		if f := hear(t, m, tic.Historic); f.values["PEJP"] != step.pejp || f.values["PTEC"] != step.ptec {
			t.Errorf("at %v: PEJP %q and PTEC %s, want %q and %s", at, f.values["PEJP"], f.values["PTEC"], step.pejp, step.ptec)
		}
	}
}

// TestUnnamed holds that labels which were not programmed are absent, each for itself.
func TestUnnamed(t *testing.T) {
	t.Parallel()
	unnamed := hear(t, newMeter(t, linky.Scenario{Unnamed: true}), tic.Standard)
	calendar := threePeaks()
	calendar.Name = ""
	nameless := hear(t, newMeter(t, linky.Scenario{Contract: linky.Custom, Calendar: calendar}), tic.Standard)
	if unnamed.values["NGTF"]+unnamed.values["LTARF"] != "" || nameless.values["NGTF"] != "" || nameless.values["LTARF"] == "" {
		t.Errorf("labels %q and %q", unnamed.labels, nameless.labels)
	}
	noCurve := hear(t, newMeter(t, linky.Scenario{NoCurve: true, Producer: true}), tic.Standard)
	if noCurve.values["CCASN"]+noCurve.values["CCAIN"] != "" || noCurve.values["UMOY1"] == "" {
		t.Errorf("without a load curve the labels are %q", noCurve.labels)
	}
}
