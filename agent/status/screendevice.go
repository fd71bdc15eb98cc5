package status

import (
	"math"
	"strconv"
	"time"
)

// deviceView is how the device is doing.
type deviceView struct {
	Outgoing outgoingView
	Health   []nodeView // empty while nothing was checked
	Meters   []heardView
}

// heardView is what is heard of one meter, and how well.
type heardView struct {
	Key      string // prefix of the names of its regions
	Name     string
	Line     lineView
	Events   []eventView
	Readings []readingView
}

// lineView is how the link with the meter is doing.
type lineView struct {
	Port, Mode, Frames, Last, Rejected string
	Diagnosis                          string
}

// eventView is something that happened, and when: the time of day, with the date when it is not today's.
type eventView struct{ At, Text string }

type readingView struct{ Label, Series, Value, At string }

// showDevice shows the tree of health, what leaves the device, and the line of each meter.
func (s *site) showDevice(v *visit) (any, error) { return v.device(v.snapshot), nil }

// liveDevice is what moves on it.
func liveDevice(e *edition, s Snapshot) liveView {
	view := e.device(s)
	moving := liveView{
		title: e.say("screen.device"), spoken: e.overall(s.Health).Word,
		regions: []region{{"outgoing", "outgoing", view.Outgoing}, {"health", "health", view.Health}},
	}
	for _, m := range view.Meters {
		moving.regions = append(moving.regions,
			region{m.Key + ".line", "line", m.Line},
			region{m.Key + ".events", "events", m.Events},
			region{m.Key + ".readings", "readings", m.Readings},
		)
	}
	return moving
}

// device words how the device is doing.
func (c catalogue) device(s Snapshot) deviceView {
	view := deviceView{Outgoing: c.outgoing(s), Health: c.health(s.Health)}
	for i, m := range s.Meters {
		view.Meters = append(view.Meters, heardView{
			Key: strconv.Itoa(i), Name: m.called(), Line: c.line(m, s.Now),
			Events: c.events(m.Events, s.Now), Readings: c.readings(m.Readings, s.Now),
		})
	}
	return view
}

func (c catalogue) line(m Meter, now time.Time) lineView {
	view := lineView{
		Port:      m.Port,
		Mode:      c.say("line.mode.unknown"),
		Frames:    c.whole(float64(m.Frames)),
		Last:      c.say("line.never"),
		Rejected:  c.whole(float64(m.Rejected)),
		Diagnosis: m.Diagnosis.in(c.language),
	}
	if m.Mode == "historic" || m.Mode == "standard" {
		view.Mode = c.say("line.mode." + m.Mode)
	}
	if !m.LastFrame.IsZero() {
		view.Last = c.ago(now, m.LastFrame)
	}
	if all := m.Groups + m.Rejected; m.Rejected > 0 {
		rate := c.decimal(math.Ceil(1000*float64(m.Rejected)/float64(all))/10, 1)
		view.Rejected = c.say("line.rejected.share", view.Rejected, c.whole(float64(all)), rate)
	}
	return view
}

func (c catalogue) events(events []Event, now time.Time) []eventView {
	var views []eventView
	for _, e := range events {
		views = append(views, eventView{c.clock(now, e.At), e.Text.in(c.language)})
	}
	return views
}

func (c catalogue) readings(readings []Reading, now time.Time) []readingView {
	var views []readingView
	for _, r := range readings {
		label := r.Label.in(c.language)
		if label == "" {
			label = r.Series
		}
		views = append(views, readingView{
			Label: label, Series: r.Series, Value: c.reading(r), At: c.second(now, r.At),
		})
	}
	return views
}
