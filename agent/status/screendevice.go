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
	Machine  []vitalView
	Meters   []heardView

	Report, ReportPath string
}

// heardView is what is heard of one meter, and how well.
type heardView struct {
	Key      string // prefix of the names of its regions
	Name     string
	Line     lineView
	Wires    []wireView
	Events   []eventView
	Readings []readingView
}

// lineView is how the link with the meter is doing.
type lineView struct {
	Port, Mode, Frames, Last, Rejected string
	Recent                             string // how well it was heard lately, in a sentence
	Clock                              string // of the meter, beside ours; empty when that is not known
	Diagnosis                          string
}

// eventView is something that happened, and when: the time of day, with the date when it is not today's.
type eventView struct{ At, Text string }

type readingView struct{ Label, Series, Value, At string }

// showDevice shows the tree of health, what leaves the device, and the line of each meter.
func (s *site) showDevice(v *visit) (any, error) {
	view := v.device(v.snapshot)
	view.Report, view.ReportPath = v.report(v.snapshot), reportPath(v.language)
	return view, nil
}

// liveDevice is what moves on it.
func liveDevice(e *edition, s Snapshot) liveView {
	view := e.device(s)
	moving := liveView{
		title: e.say("screen.device"), spoken: e.overall(s).Word,
		regions: []region{{"outgoing", "outgoing", view.Outgoing}, {"health", "health", view.Health}, {"machine", "machine", view.Machine}},
	}
	for _, m := range view.Meters {
		moving.regions = append(moving.regions,
			region{m.Key + ".line", "line", m.Line},
			region{m.Key + ".wires", "wires", m.Wires},
			region{m.Key + ".events", "events", m.Events},
			region{m.Key + ".readings", "readings", m.Readings},
		)
	}
	return moving
}

// device words how the device is doing.
func (c catalogue) device(s Snapshot) deviceView {
	view := deviceView{Outgoing: c.outgoing(s), Health: c.health(s.Health), Machine: c.machine(s)}
	c.callMeters(view.Health, s.Meters)
	for i, m := range s.Meters {
		view.Meters = append(view.Meters, heardView{
			Key: strconv.Itoa(i), Name: m.called(), Line: c.line(m, s.Now), Wires: c.wires(m, s.Now),
			Events: c.events(m.Events, s.Now), Readings: c.readings(m.Readings, s.Now),
		})
	}
	return view
}

// callMeters calls the nodes of meters as people call these.
func (c catalogue) callMeters(nodes []nodeView, meters []Meter) {
	for i := range nodes {
		for _, m := range meters {
			if nodes[i].Title == m.Name {
				nodes[i].Title = c.say("meter.title", m.called())
			}
		}
	}
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
	view.Recent = c.heard(m.Recent)
	if m.ClockBy != nil {
		view.Clock = c.ahead(*m.ClockBy)
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

// Shares of groups refused, from which a line is worth a look, and from which it is bad.
const (
	someRefused = 0.005
	manyRefused = 0.05
)

// heard judges how well a line was heard lately.
func (c catalogue) heard(t Tally) string {
	all := t.Groups + t.Rejected
	if all == 0 {
		return c.say("line.recent.none")
	}
	rate := float64(t.Rejected) / float64(all)
	percent := c.decimal(math.Ceil(1000*rate)/10, 1)
	switch {
	case t.Rejected == 0:
		return c.say("line.recent.clean")
	case rate < someRefused:
		return c.say("line.recent.good", percent)
	case rate < manyRefused:
		return c.say("line.recent.some", percent)
	}
	return c.say("line.recent.many", percent)
}

// ahead says by how much the meter's clock differs from ours.
func (c catalogue) ahead(seconds float64) string {
	by := time.Duration(math.Abs(seconds) * float64(time.Second))
	switch {
	case by < 5*time.Second: // it is said to the second, once a frame
		return c.say("line.clock.same")
	case seconds > 0:
		return c.say("line.clock.ahead", c.span(by))
	}
	return c.say("line.clock.behind", c.span(by))
}

// facts are the lines of a table.
func (v lineView) facts(c catalogue) []vitalView {
	facts := []vitalView{
		{Label: c.say("line.port"), Value: v.Port},
		{Label: c.say("line.mode"), Value: v.Mode},
		{Label: c.say("line.last"), Value: v.Last},
		{Label: c.say("line.frames"), Value: v.Frames},
		{Label: c.say("line.rejected"), Value: v.Rejected},
		{Label: c.say("line.recent"), Value: v.Recent},
	}
	if v.Clock != "" {
		facts = append(facts, vitalView{Label: c.say("line.clock"), Value: v.Clock})
	}
	if v.Diagnosis != "" {
		facts = append(facts, vitalView{Label: c.say("health.detail"), Value: v.Diagnosis})
	}
	return facts
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
