package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/tic/port"
)

func TestAmong(t *testing.T) {
	t.Parallel()
	meters := []config.Meter{
		{Name: "house", Port: "auto"}, {Name: "shed", Port: "/dev/ttyUSB3"}, {Name: "flat", Port: "auto"}, {Name: "barn", Port: "tcp://barn:2000"},
	}
	others := []string{"/dev/ttyUSB3", "tcp://barn:2000"}
	for name, want := range map[string]port.Among{
		"house": {Index: 0, Of: 2, Taken: others},
		"flat":  {Index: 1, Of: 2, Taken: others},
	} {
		if diff := cmp.Diff(want, among(meters, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(port.Among{Of: 1}, among(meters[:1], "house")); diff != "" {
		t.Errorf("an only meter (-want +got):\n%s", diff)
	}
}

func TestPageShowsDeviceFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) { c.Meters[0].Port = "auto" })
	if got := h.snapshot().Meters[0].Port; got != "auto" {
		t.Errorf("port is shown as %q while nothing was found", got)
	}
	h.meters[0].setState(port.State{Open: true, Device: "/dev/ttyACM0"})
	if got := h.snapshot().Meters[0].Port; got != "/dev/ttyACM0" {
		t.Errorf("port is shown as %q, want the one found", got)
	}
}
