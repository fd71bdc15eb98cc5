package series_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/series"
)

func TestSilent(t *testing.T) {
	t.Parallel()
	h := newHeard()
	if p := h.Quiet(noon); p != nil {
		t.Errorf("before the first frame: %v", p)
	}
	h.hear(standard("URMS1 230"))
	heardAt := h.at
	for seconds, want := range []string{29: "", 30: "status/event=meter-silent", 31: "", 60: ""} {
		now := heardAt.Add(time.Duration(seconds) * time.Second)
		if got := said(h.Quiet(now), now); got != want {
			t.Errorf("after %d s: %q, want %q", seconds, got, want)
		}
	}
	if conditions := h.Conditions(); len(conditions) != 1 || conditions[0].Kind != series.Silent {
		t.Errorf("conditions are %v", conditions)
	}
	h.at = heardAt.Add(2 * time.Minute)
	if got := h.hear(standard("URMS1 230")); got != "status/event=meter-silent ended" {
		t.Errorf("heard again: %q", got)
	}
}

// The latest value of a label that is not said any more is known, and known to be stale.
func TestLatest(t *testing.T) {
	t.Parallel()
	h := newHeard()
	if _, ok := h.Latest("voltage/1"); ok {
		t.Error("there is a voltage before the first frame")
	}
	h.hear(standard("URMS1 230", "SINSTS 00500", "CCASN@H260115120000 00500", "CCASN-1@H260115113000 00400"))
	first := h.at
	for range 40 {
		h.hear(standard("SINSTS 00500"))
	}
	stale := map[string]bool{}
	for _, l := range h.All() {
		stale[l.Series.Path] = l.Stale(h.at)
	}
	want := map[string]bool{"voltage/1": true, series.PathPower: false, "consumption/power/active/mean": true}
	if diff := cmp.Diff(want, stale); diff != "" {
		t.Errorf("stale (-want +got):\n%s", diff)
	}
	voltage, _ := h.Latest("voltage/1")
	mean, _ := h.Latest("consumption/power/active/mean")
	if !voltage.Said.Equal(first) || !voltage.Of.Equal(first) || !mean.Of.Equal(time.Date(2026, 1, 15, 10, 30, 0, 0, time.UTC)) {
		t.Errorf("voltage %+v, mean %+v", voltage, mean)
	}
	if voltage.Stale(first.Add(series.StaleAfter)) || !voltage.Stale(first.Add(series.StaleAfter+time.Second)) {
		t.Error("a value is stale at another time than StaleAfter")
	}
	if got := slices.Sorted(maps.Keys(stale)); len(got) != 3 {
		t.Errorf("series are %v", got)
	}
}

// Only so many events are kept.
func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	h := newHeard()
	for i := range 100 {
		h.hear(standard("STGE 003A0081"))
		h.at = h.at.Add(2 * time.Minute)
		h.hear(standard("STGE 003A0001"))
		if got := len(h.Events()); got > 20 || got != min(20, 2*(i+1)) {
			t.Fatalf("%d events are kept after %d", got, 2*(i+1))
		}
	}
}

// Every kind has a sentence in both languages, and an event names its subject and its end.
func TestEventTitle(t *testing.T) {
	t.Parallel()
	for _, kind := range []series.Kind{
		series.MeterReplaced, series.PointChanged, series.ModeChanged, series.TariffChanged, series.IndexWithheld, series.IndexConfirmed,
		series.OverPower, series.Overvoltage, series.BreakerOpen, series.CoverOpen, series.ClockDegraded, series.PowerImplausible, series.Standby, series.Silent,
	} {
		if title := kind.Title(); title.FR == "" || title.FR == string(kind) || title.EN == "" || title.EN == string(kind) || title.FR == title.EN {
			t.Errorf("%s is called %+v", kind, title)
		}
	}
	if got := series.Kind("news").Title(); got != (series.Title{FR: "news", EN: "news"}) {
		t.Errorf("an unknown kind is called %+v", got)
	}
	e := series.Event{Kind: series.BreakerOpen, Subject: "why", Called: series.Title{FR: "pourquoi", EN: "why"}, Ended: true}
	want := series.Title{FR: "L'organe de coupure du compteur est ouvert (pourquoi) : terminé", EN: "The breaker of the meter is open (why): over"}
	if got := e.Title(); got != want || e.String() != "breaker-open why ended" {
		t.Errorf("%s is called %+v", e, got)
	}
}
