package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/tic"
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

// What is said of a line is of the last quarter of an hour or two.
func TestRecent(t *testing.T) {
	t.Parallel()
	m := &meter{}
	var c tic.Counters
	boot := 3 * time.Hour // of the machine; Relève starts now
	for minute := range 120 {
		c.Groups += 1000
		if minute == 40 {
			c.Rejected[tic.BadChecksum] += 900
		}
		m.count(c, boot+time.Duration(minute)*time.Minute)
		recent := m.recent()
		if most := uint64(31_000); recent.Groups > most || minute > 30 && recent.Groups < 15_000 {
			t.Errorf("minute %d: %d groups lately", minute, recent.Groups)
		}
		noisy := minute >= 40 && minute < 60
		if got := recent.Refused() > 0; got != noisy {
			t.Errorf("minute %d: noise is remembered: %v, want %v", minute, got, noisy)
		}
	}
	if m.counters != c {
		t.Errorf("counters are %+v, want %+v", m.counters, c)
	}
}
