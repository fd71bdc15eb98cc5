package linky_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"releve/tic"
	"releve/tic/linky"
	"releve/tic/tictest"
)

// TestLabelsOfTheField holds the labels of a frame, and their order, against those of real meters of the same kind.
func TestLabelsOfTheField(t *testing.T) {
	t.Parallel()
	dir := tictest.Captures(t)
	historic := func(model linky.Model, contract linky.Contract, phases int) linky.Scenario {
		return linky.Scenario{Mode: tic.Historic, Model: model, Contract: contract, Phases: phases}
	}
	tests := []struct {
		file     string
		scenario linky.Scenario
	}{
		{"hist_mono_base_jeedom53_rebuilt.bin", historic(linky.Linky, linky.Base, 1)},
		{"hist_mono_base_we_rebuilt.bin", historic(linky.Linky, linky.Weekend, 1)},
		{"hist_mono_hc_tinfo_b.bin", historic(linky.Linky, linky.PeakOffPeak, 1)},
		{"hist_mono_hc_nokyyz_1.bin", historic(linky.Electronic, linky.PeakOffPeak, 1)},
		{"hist_mono_tempo_esciara.bin", historic(linky.Linky, linky.Tempo, 1)},
		{"hist_tri_base_lains_2022_rebuilt.bin", historic(linky.Linky, linky.Base, 3)},
		{"hist_tri_base_jeedom24_rebuilt.bin", historic(linky.Electronic, linky.Base, 3)},
		{"hist_tri_ejp_openhab.bin", historic(linky.Electronic, linky.EJP, 3)},
		{"hist_tri_hc_emon2_rebuilt.bin", historic(linky.Electronic, linky.PeakOffPeak, 3)},
		{"std_mono_base_tinfo_100.bin", linky.Scenario{}},
		{"std_mono_hcwe_goteleinfo.bin", linky.Scenario{Contract: linky.Weekend}},
		{"std_mono_producer_destroyedlolo.bin", linky.Scenario{Producer: true, NoCurve: true}},
		{"std_tri_base_tinfo.bin", linky.Scenario{Phases: 3}},
		{"std_tri_producer_tempo_openhab.bin", linky.Scenario{Phases: 3, Producer: true, Contract: linky.Tempo, Start: time.Date(2026, 7, 5, 12, 0, 0, 0, time.UTC)}}, // blue
		{"std_tri_tempo_corrupt_nom.bin", linky.Scenario{Phases: 3, Contract: linky.Tempo, Seed: 2, Start: time.Date(2026, 1, 19, 12, 0, 0, 0, time.UTC)}},            // white
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			real := wholeFrames(t, filepath.Join(dir, test.file))
			ours := withoutNames(hear(t, newMeter(t, test.scenario), test.scenario.Mode).labels)
			if !slices.ContainsFunc(real, func(labels []string) bool { return slices.Equal(labels, ours) }) {
				t.Errorf("labels are %q, those of %d whole frames of the recording like %q", ours, len(real), real[:min(1, len(real))])
			}
		})
	}
}

// withoutNames leaves out the labels of identities, which the authors of recordings change past recognition.
func withoutNames(labels []string) []string {
	return slices.DeleteFunc(labels, func(label string) bool { return label == "ADCO" || label == "ADSC" || label == "PRM" })
}

// wholeFrames returns the labels of each frame of a recording from STX to ETX, but for identities.
func wholeFrames(t *testing.T, file string) (frames [][]string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
		if f.Complete {
			frames = append(frames, withoutNames(copied(f).labels))
		}
	})
	if _, err := d.Write(raw); err != nil {
		t.Fatal(err)
	}
	return frames
}
