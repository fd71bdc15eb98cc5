package main

import (
	"maps"
	"sync"
	"time"

	"releve/agent/series"
	"releve/agent/status"
	"releve/tic"
)

// The curve of the page: a point every few seconds, for a quarter of an hour.
const (
	trendEvery = 5 * time.Second
	trendKeeps = 180
)

// view is what the page shows of one meter: what its recorder knows, and what came before.
type view struct {
	location *time.Location
	recorder *series.Recorder
	dated    func(stamp time.Time) (at time.Time, known bool)

	mu        sync.Mutex // guards everything below
	mode      tic.Mode
	lastFrame time.Time // a stamp, as the recorder has them
	trend     []status.Point
	day       time.Time // local midnight that today counts from
	midnight  map[string]float64
	indexes   map[string]float64 // of the last frame, those that today is counted from
	known     bool               // the times are true; until then only the time between them is
}

func newView(location *time.Location, recorder *series.Recorder, dated func(time.Time) (time.Time, bool)) *view {
	return &view{location: location, recorder: recorder, dated: dated, midnight: map[string]float64{}, indexes: map[string]float64{}}
}

// frame takes a frame that was recorded.
func (v *view) frame(f *tic.Frame, stamp time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	at := v.date(stamp)
	v.mode, v.lastFrame = f.Mode, stamp
	for _, path := range dayIndexes() {
		if n, ok := v.number(path); ok {
			v.indexes[path] = n
		}
	}
	v.point(at)
}

// number returns the latest value of a series, however old.
func (v *view) number(path string) (float64, bool) {
	latest, _ := v.recorder.Latest(path)
	return latest.Value.Number()
}

// date takes the stamp of a frame and returns its time. When that becomes known, the curve drawn so far is of another
// time and begins anew.
func (v *view) date(stamp time.Time) time.Time {
	at, known := v.dated(stamp)
	if known && !v.known {
		v.trend = nil
	}
	if v.known = known; known {
		v.rollOver(at)
	}
	return at
}

// shown is the time of a stamp, or what the machine believes while that is not known.
func (v *view) shown(stamp time.Time) time.Time {
	at, _ := v.dated(stamp)
	return at
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
	if silent := day.Sub(v.shown(v.lastFrame)); 0 < silent && silent <= nearMidnight {
		maps.Copy(v.midnight, v.indexes)
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
