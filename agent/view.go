package main

import (
	"sync"
	"time"

	"releve/agent/status"
	"releve/senml"
	"releve/tic"
)

// The curve of the page: a point every few seconds, for a quarter of an hour.
const (
	trendEvery = 5 * time.Second
	trendKeeps = 180
)

// view is what the page shows of one meter: its latest values, kept apart from the buffer so that a page never
// waits for a disk.
type view struct {
	location *time.Location

	mu         sync.Mutex // guards everything below
	mode       tic.Mode
	lastFrame  time.Time
	values     map[string]senml.Record // by path, the latest of each
	trend      []status.Point
	subscribed status.VoltAmpere
	day        time.Time // local midnight that today counts from
	midnight   map[string]float64
}

func newView(location *time.Location) *view {
	return &view{location: location, values: map[string]senml.Record{}, midnight: map[string]float64{}}
}

// frame takes what a frame brought. Values that did not change are confirmed by lastFrame.
func (v *view) frame(f *tic.Frame, changed senml.Pack, at time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rollOver(at)
	v.mode, v.lastFrame = f.Mode, at
	for _, r := range changed {
		v.values[pathOf(r.Name)] = r
	}
	for _, g := range f.Groups {
		v.contract(g)
	}
	v.point(at)
}

// Power per unit of what a meter says of its contract.
const (
	perKVA      = 1000
	perAmpere   = 200 // Enedis-NOI-CPT_54E: ISOUSC is the subscribed power over 200 V
	threePhases = 3
)

// contract reads the subscribed power.
func (v *view) contract(g tic.Group) {
	unit := status.VoltAmpere(0)
	switch string(g.Label) {
	case "PREF":
		unit = perKVA
	case "ISOUSC":
		unit = perAmpere
		if _, three := v.values["current/3"]; three {
			unit *= threePhases
		}
	default:
		return
	}
	if n, err := g.Uint(); err == nil {
		v.subscribed = status.VoltAmpere(n) * unit
	}
}

// nearMidnight is how long before midnight a frame may have been heard for its indexes to stand for midnight's. With
// a longer silence, or a clock that was set, nobody knows what the day began with.
const nearMidnight = 10 * time.Minute

// rollOver keeps the indexes that a new day begins with. It looks at the last frame of the old day.
func (v *view) rollOver(at time.Time) {
	day := midnight(at, v.location)
	if day.Equal(v.day) {
		return
	}
	if v.day.IsZero() {
		v.day = day
		return
	}
	v.day, v.midnight = day, map[string]float64{}
	if silent := day.Sub(v.lastFrame); 0 < silent && silent <= nearMidnight {
		for _, path := range dayIndexes() {
			if n, ok := v.values[path].Value.Number(); ok {
				v.midnight[path] = n
			}
		}
	}
}

// began sets the index that a day began with, read from the buffer at start.
func (v *view) began(day time.Time, path string, index float64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.day = day
	v.midnight[path] = index
}

func (v *view) point(at time.Time) {
	p := v.power()
	if p == nil || len(v.trend) > 0 && at.Sub(v.trend[len(v.trend)-1].At) < trendEvery {
		return
	}
	v.trend = append(v.trend, pointOf(p))
	if len(v.trend) > trendKeeps {
		v.trend = append([]status.Point(nil), v.trend[len(v.trend)-trendKeeps:]...)
	}
}

// midnight returns the local midnight before t.
func midnight(t time.Time, location *time.Location) time.Time {
	y, m, d := t.In(location).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, location)
}
