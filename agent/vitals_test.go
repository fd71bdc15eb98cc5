package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/doctor"
	"releve/agent/status"
	"releve/tic"
	"releve/tic/linky"
)

func TestMachineOf(t *testing.T) {
	t.Parallel()
	bits := doctor.LowVoltage | doctor.Since(doctor.LowVoltage) | doctor.Since(doctor.Capped)
	got := machineOf(doctor.Vitals{Model: "Raspberry Pi 4", Throttled: &bits, Space: &doctor.Space{Free: 5, Total: 16, ReadOnly: true}})
	want := status.Machine{
		Model: "Raspberry Pi 4", Watched: true, Now: []status.Strain{status.Undervoltage}, Before: []status.Strain{status.Undervoltage, status.Capped},
		DiskFree: 5, DiskTotal: 16, ReadOnly: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(status.Machine{}, machineOf(doctor.Vitals{})); diff != "" {
		t.Errorf("of a machine that says nothing (-want +got):\n%s", diff)
	}
}

// TestWireMasks plays meters of both modes, and looks for what says whose they are in what is kept of their frames.
func TestWireMasks(t *testing.T) {
	t.Parallel()
	for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
		meter, err := linky.New(linky.Scenario{Seed: 5, Mode: mode})
		if err != nil {
			t.Fatal(err)
		}
		var w wire
		var secrets, labels []string
		frames := 0
		decoder := tic.NewDecoder(mode, func(f *tic.Frame) {
			frames++
			w.frame(f, time.Unix(int64(frames), 0))
			for _, g := range f.Groups {
				if personal[string(g.Label)] {
					secrets = append(secrets, string(g.Value))
				}
				if frames == 1 {
					labels = append(labels, string(g.Label))
				}
			}
		})
		for range 5 {
			if _, err := decoder.Write(meter.Frame(nil)); err != nil {
				t.Fatal(err)
			}
		}
		shown := w.shown(func(stamp time.Time) time.Time { return stamp })
		if len(secrets) < 5 || len(shown) != wireKeeps || shown[0].At.Unix() != int64(frames) || shown[2].At.Unix() != int64(frames-2) {
			t.Fatalf("%v: %d secrets, %d frames are kept of %d", mode, len(secrets), len(shown), frames)
		}
		for _, secret := range secrets {
			for _, one := range shown {
				if text := strings.Join(one.Lines, "\n"); strings.Contains(text, secret) {
					t.Errorf("%v: the frame tells %q:\n%s", mode, secret, text)
				}
			}
		}
		for i, label := range labels {
			if !strings.HasPrefix(shown[2].Lines[i], label) {
				t.Errorf("%v: line %d is %q, want that of %s", mode, i, shown[2].Lines[i], label)
			}
		}
	}
}
