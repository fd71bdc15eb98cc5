package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/federation/quoalise"
	"releve/senml"
)

// A period that is not over would come again under the same name and time with another value: it does not come.
func TestArchiveGivesPeriodsThatAreOver(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	now := begin.Add(25 * time.Minute)
	b, err := buffer.Open(buffer.Options{
		Dir:   filepath.Join(t.TempDir(), "buffer"),
		Clock: func() (time.Time, bool) { return now, true },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	var p senml.Pack
	for i := range 25 {
		at := begin.Add(time.Duration(i) * time.Minute)
		p = append(p, senml.Record{Name: "linky/current/1", Unit: "A", Value: senml.NumberValue(float64(i / 10)), Time: float64(at.Unix())})
	}
	if _, err := b.Put(p); err != nil {
		t.Fatal(err)
	}
	a := archive{buffer: b, now: func() time.Time { return now }}
	periods, more, err := a.Periods(t.Context(), "linky/current/1", quoalise.TenMinutes, begin, begin.Add(time.Hour), 10)
	if err != nil || more {
		t.Fatal(more, err)
	}
	want := []quoalise.Period{
		{Begin: begin, Since: begin, Mean: 0, Min: 0, Max: 0, First: senml.NumberValue(0), Count: 10, Whole: true},
		{Begin: begin.Add(10 * time.Minute), Since: begin.Add(10 * time.Minute), Mean: 1, Min: 1, Max: 1, First: senml.NumberValue(1), Count: 10, Whole: true},
	}
	if diff := cmp.Diff(want, periods, cmp.Comparer(senml.Value.Equal)); diff != "" {
		t.Errorf("periods (-want +got):\n%s", diff)
	}
	for _, r := range []quoalise.Resolution{quoalise.HalfHour, quoalise.Hour, quoalise.Day, quoalise.Month, quoalise.Year} {
		if periods, _, err := a.Periods(t.Context(), "linky/current/1", r, begin.AddDate(-1, 0, 0), now, 10); err != nil || len(periods) != 0 {
			t.Errorf("%s: %v, %v", r, periods, err)
		}
	}
}

func TestMeasured(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"consumption/power/apparent/raw":                 "apparent-power",
		"consumption/power/active/mean":                  "active-power",
		"derived/consumption/power/active/mean":          "active-power",
		"production/energy/active/index":                 "active-energy",
		"consumption/energy/active/index/provider/10":    "active-energy",
		"energy/reactive/index/1":                        "energy-reactive-index-1",
		"consumption/power/max":                          "consumption-power-max",
		"derived/consumption/power/factor":               "consumption-power-factor",
		"voltage/1/mean":                                 "voltage-1-mean",
		"tariff/label":                                   "tariff-label",
		"consumption/energy/active/index/distributor/12": "active-energy",
	} {
		if got := measured(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
