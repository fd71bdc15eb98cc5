package status

import (
	"cmp"
	"math"
	"strconv"
	"time"
)

// pageView is a snapshot in the words of one language, ready for the templates.
type pageView struct {
	Language, Other     language
	Style, Script, Icon string // addresses of the assets
	Build               string // changes when the page itself changed

	Title    string
	Spoken   string
	Overall  stateView
	Alert    *nodeView // the first fault, nil when there is none
	Meters   []meterView
	Outgoing outgoingView
	Health   []nodeView // empty while nothing was checked
	Version  string
	Started  string
}

// stateView is a state as an icon and a word.
type stateView struct {
	State State
	Word  string
}

// meterView is one meter.
type meterView struct {
	Key      string // "0", "1"…: prefix of the names of its regions
	Name     string
	Glance   glanceView
	Fresh    *freshView
	Share    *shareView
	Curve    *curveView
	Facts    factsView
	Phases   []phaseView
	Line     lineView
	Events   []eventView
	Readings []readingView
}

// factsView is what is worth knowing of the day.
type factsView struct {
	Drawn, Injected string // energy since midnight; empty when unknown
	Tariff          string
	Indexes         []indexView
}

type indexView struct {
	Label, Value string
	Current      bool
}

// phaseView is one phase; Fill is its part of a third of the subscribed power, of 1000.
type phaseView struct {
	Name, Power, Current, Voltage string
	Fill                          int
	Over                          bool
}

// lineView is how the link with the meter is doing.
type lineView struct {
	Port, Mode, Frames, Last, Rejected string
	Diagnosis                          string
}

// eventView is something that happened, and when: the time of day, with the date when it is not today's.
type eventView struct{ At, Text string }

type readingView struct{ Label, Series, Value, At string }

// pageView words a snapshot.
func (c catalogue) page(s Snapshot) pageView {
	view := pageView{
		Language: c.language, Other: french,
		Title: c.say("glance.none.title"), Spoken: c.say("meter.none"),
		Overall:  c.overall(s.Health),
		Alert:    c.alert(s.Health),
		Outgoing: c.outgoing(s),
		Health:   c.health(s.Health),
		Version:  s.Version,
	}
	if c.language == french {
		view.Other = english
	}
	if !s.Started.IsZero() {
		view.Started = c.ago(s.Now, s.Started)
	}
	for i, m := range s.Meters {
		view.Meters = append(view.Meters, c.meter(strconv.Itoa(i), m, s.Now))
	}
	if len(view.Meters) > 0 {
		view.Title, view.Spoken = view.Meters[0].Glance.Title, view.Meters[0].Glance.Spoken
	}
	return view
}

func (c catalogue) meter(key string, m Meter, now time.Time) meterView {
	return meterView{
		Key:      key,
		Name:     cmp.Or(m.Title, m.Name),
		Glance:   c.glance(m.Power, now),
		Fresh:    c.fresh(m.Power, now),
		Share:    c.share(m.Power, m.Trend, now),
		Curve:    c.curve(m.Trend, now),
		Facts:    c.facts(m),
		Phases:   c.phases(m),
		Line:     c.line(m, now),
		Events:   c.events(m.Events, now),
		Readings: c.readings(m.Readings, now),
	}
}

func (c catalogue) facts(m Meter) factsView {
	view := factsView{Tariff: m.Tariff.in(c.language)}
	if m.Today != nil {
		view.Drawn = c.energy(m.Today.Drawn)
		if m.Today.Injected > 0 {
			view.Injected = c.energy(m.Today.Injected)
		}
	}
	for _, index := range m.Indexes {
		view.Indexes = append(view.Indexes, indexView{
			Label: index.Label.in(c.language), Value: c.index(index.Value), Current: index.Current,
		})
	}
	return view
}

func (c catalogue) phases(m Meter) []phaseView {
	var views []phaseView
	for _, phase := range m.Phases {
		view := phaseView{Name: c.say("phase.name", phase.Name)}
		if phase.Apparent != nil {
			view.Power = c.power(*phase.Apparent)
		}
		if phase.Current != nil {
			view.Current = c.measured(c.whole(*phase.Current), "A")
		}
		if phase.Voltage != nil {
			view.Voltage = c.measured(c.whole(*phase.Voltage), "V")
		}
		if phase.Apparent != nil && m.Power != nil && m.Power.Subscribed > 0 {
			used := *phase.Apparent / (m.Power.Subscribed / VoltAmpere(len(m.Phases)))
			view.Fill, view.Over = thousandth(min(used, 1)), used > 1
		}
		views = append(views, view)
	}
	return views
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
