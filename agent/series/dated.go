package series

import (
	"time"

	"releve/senml"
	"releve/tic"
)

// dating says what the time of a record is. A mean is dated by the meter at the end of its period and by SenML's
// users at its beginning (in the federation too), so that its period is moved.
type dating uint8

const (
	whenHeard     dating = iota
	itsMoment            // the horodate
	itsTenMinutes        // ten minutes before it: UMOY, 54E §6.2.3.13
	itsCurve             // a step of the load curve before it, which the meter's configuration decides
)

// point is a value with a time of its own.
type point struct {
	seconds float64
	value   senml.Value
}

// points are the latest of a series, so that what is said in every frame, and by the label of yesterday again, is
// recorded once.
type points [4]point

// add tells whether the point is new.
func (p *points) add(one point) bool {
	for _, known := range p {
		if known == one {
			return false
		}
	}
	copy(p[1:], p[:len(p)-1])
	p[0] = one
	return true
}

// moment returns when the value of a group holds from, by its horodate.
func (r *Recorder) moment(f *tic.Frame, g tic.Group, d dating) (time.Time, bool) {
	h, err := g.Time()
	if err != nil || h.Season == tic.NoSeason {
		return time.Time{}, false
	}
	at := h.TimeOn(r.Clock)
	if h.Degraded {
		at = at.Add(r.clockError(f))
	}
	switch d {
	case itsTenMinutes:
		return at.Add(-10 * time.Minute), true
	case itsCurve:
		if step := stepOf(f); step > 0 {
			r.step = step
		}
		return at.Add(-r.step), r.step > 0
	}
	return at, true
}

// clockError is how much a clock that lost power, and is counting on from nowhere, is behind ours. What was dated by it
// since is moved by as much.
func (r *Recorder) clockError(f *tic.Frame) time.Duration {
	g, ok := find(f, "DATE")
	if !ok {
		return 0
	}
	h, err := g.Time()
	if err != nil || h.Season == tic.NoSeason {
		return 0
	}
	return r.at.Sub(h.TimeOn(r.Clock)).Round(time.Second)
}

// stepOf is the step of the load curve, by its last two points; 0 when they are not one step apart, as after a power cut.
func stepOf(f *tic.Frame) time.Duration {
	for _, labels := range [][2]string{{"CCASN", "CCASN-1"}, {"CCAIN", "CCAIN-1"}} {
		last, ok := find(f, labels[0])
		before, too := find(f, labels[1])
		if !ok || !too {
			continue
		}
		end, err := last.Time()
		start, fault := before.Time()
		if err != nil || fault != nil {
			continue
		}
		switch step := end.Time().Sub(start.Time()); step {
		case 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour:
			return step
		}
	}
	return 0
}

// find returns the group of a label.
func find(f *tic.Frame, label string) (tic.Group, bool) {
	for _, g := range f.Groups {
		if string(g.Label) == label {
			return g, true
		}
	}
	return tic.Group{}, false
}
