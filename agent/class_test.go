package main

import (
	"testing"
	"time"

	"releve/agent/config"
	"releve/agent/series"
	"releve/buffer"
	"releve/senml"
)

func TestClassOf(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		unit string
		want buffer.Class
	}{
		{"Wh", buffer.Class{Kind: buffer.Index, Curve: true}}, {"varh", buffer.Class{Kind: buffer.Index, Curve: true}},
		{"VA", buffer.Class{Curve: true}}, {"W", buffer.Class{Curve: true}}, {"A", buffer.Class{Curve: true}},
		{"V", buffer.Class{}}, {"", buffer.Class{}},
	} {
		if got := classOf("linky/x", row.unit); got != row.want {
			t.Errorf("%q: %+v, want %+v", row.unit, got, row.want)
		}
	}
}

// TestOpenDay starts an agent at noon: the day has begun with the index in force at midnight, though it was read before.
func TestOpenDay(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) { c.Federation = nil })
	today := midnight(h.now(), h.cfg.Agent.Location)
	name := h.meters[0].cfg.Name + "/" + series.PathDrawn
	record := func(at time.Duration, v float64) senml.Record {
		return senml.Record{Name: name, Unit: "Wh", Value: senml.NumberValue(v), Time: float64(today.Add(at).UnixMilli()) / 1000}
	}
	for _, row := range []struct {
		name string
		pack senml.Pack
		want float64
	}{
		{"nothing", nil, 0},
		{"long before midnight", senml.Pack{record(-2*time.Hour, 7000)}, 0},
		{"before midnight", senml.Pack{record(-2*time.Minute, 8000)}, 8000},
		{"also after", senml.Pack{record(time.Minute, 8001)}, 8000},
	} {
		if row.pack != nil {
			if _, err := h.buffer.Put(row.pack); err != nil {
				t.Fatal(err)
			}
		}
		m := h.newMeter(t.Context(), h.meters[0].cfg)
		if got := m.view.midnight[series.PathDrawn]; got != row.want {
			t.Errorf("%s: the day began with %v, want %v", row.name, got, row.want)
		}
	}
}
