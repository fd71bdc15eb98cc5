package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/series"
)

// Whoever adds a series decides whether its news can wait.
func TestSlow(t *testing.T) {
	t.Parallel()
	prompt := []string{
		series.PathPower, series.PathPower + "/3", series.PathInjected, series.PathDrawn, series.SupplierIndex("10"), series.PathInjectedIndex,
		"consumption/power/active/mean", "voltage/1", "voltage/1/mean", "current/3",
		series.PathTariff, series.PathTariffIndex, "tariff/index/distributor", "tariff/colour/today", "tariff/colour/tomorrow",
		"tariff/peak/notice", "tariff/peak/current", "tariff/peak/warning",
		series.PathEvent, series.PathInjecting, "status/over-power", "status/breaker", "status/contact", "status/relay/8", "status/power/implausible",
		"derived/consumption/power/active/mean", "derived/breaker/left", series.PathInjectedEstimate,
	}
	waiting := []string{
		series.PathSubscribed, "contract/power/breaking", series.PathSubscribedCurrent,
		"tariff/option", "tariff/calendar", "tariff/timetable", "tariff/profile/tomorrow", "tariff/day/today", "tariff/peak/1/start", "tariff/peak/3/end",
		"status/version", "status/word", "status/phase/1/missing", "status/cover", "status/overvoltage", "status/producer",
		"status/clock/degraded", "status/mode", "status/euridis", "status/plc", "status/plc/synchronised",
		"consumption/power/apparent/max", "current/1/max", "consumption/power/max",
		"consumption/energy/active/index/distributor/4", "energy/reactive/index/2", "gas/volume/index", "other/volume/index",
	}
	got := map[string]bool{}
	want := map[string]bool{}
	for _, path := range append(prompt, waiting...) {
		got[path] = slow(path)
	}
	for _, path := range prompt {
		want[path] = false
	}
	for _, path := range waiting {
		want[path] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
