package status

import (
	"strconv"
	"time"
)

// nowView is what is known at this moment, ready for the templates.
type nowView struct {
	Meters []meterView
}

// showNow shows the meters as they are.
func (s *site) showNow(v *visit) (any, error) {
	view := v.now(v.snapshot)
	var err error
	for i, m := range v.snapshot.Meters {
		if view.Meters[i].Today, err = s.today(v, m); err != nil {
			return nil, err
		}
		view.Meters[i].Cost = s.cost(v, m)
	}
	return view, nil
}

// liveNow is what moves on it.
func liveNow(e *edition, s Snapshot) liveView {
	moving := liveView{title: e.say("glance.none.title"), spoken: e.say("meter.none")}
	for i, m := range e.now(s).Meters {
		if i == 0 {
			moving.title, moving.spoken = m.Glance.Title, m.Glance.Spoken
		}
		moving.regions = append(moving.regions,
			region{m.Key + ".glance", "glance", m.Glance},
			region{m.Key + ".fresh", "fresh", m.Fresh},
			region{m.Key + ".share", "share", m.Share},
			region{m.Key + ".curve", "curve", m.Curve},
			region{m.Key + ".facts", "facts", m.Facts},
			region{m.Key + ".phases", "phases", m.Phases},
		)
		if len(m.Indexes) > 0 { // without, the page has no place for them
			moving.regions = append(moving.regions, region{m.Key + ".indexes", "indexes", m.Indexes})
		}
	}
	return moving
}

// meterView is one meter.
type meterView struct {
	Key     string // "0", "1"…: prefix of the names of its regions
	Name    string
	Glance  glanceView
	Fresh   *freshView
	Share   *shareView
	Curve   *curveView
	Facts   factsView
	Phases  []phaseView
	Indexes []indexView
	Today   *todayView // nil on the live stream, which does not move it,
	Cost    *costView  // nor this
}

// factsView is what is worth knowing of the day.
type factsView struct {
	Drawn, Injected string // energy since midnight; empty when unknown
	Tariff          string
	Colours         []colourView
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

// now words the meters of a snapshot.
func (c catalogue) now(s Snapshot) nowView {
	var view nowView
	for i, m := range s.Meters {
		view.Meters = append(view.Meters, c.meter(strconv.Itoa(i), m, s.Now))
	}
	return view
}

func (c catalogue) meter(key string, m Meter, now time.Time) meterView {
	return meterView{
		Key:     key,
		Name:    m.called(),
		Glance:  c.glance(m.Power, now),
		Fresh:   c.fresh(m.Power, now),
		Share:   c.share(m.Power, m.Trend, now),
		Curve:   c.curve(m.Trend, now),
		Facts:   c.facts(m),
		Phases:  c.phases(m),
		Indexes: c.indexes(m),
	}
}

func (c catalogue) facts(m Meter) factsView {
	view := factsView{Tariff: c.period(m.Tariff.in(c.language)), Colours: c.colours(m)}
	if m.Today != nil {
		view.Drawn = c.energy(m.Today.Drawn)
		if m.Today.Injected > 0 {
			view.Injected = c.energy(m.Today.Injected)
		}
	}
	return view
}

func (c catalogue) indexes(m Meter) []indexView {
	var views []indexView
	for _, index := range m.Indexes {
		views = append(views, indexView{Label: index.Label.in(c.language), Value: c.index(index.Value), Current: index.Current})
	}
	return views
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
