package main

import (
	"math"
	"strings"
	"time"

	"releve/agent/api"
	"releve/agent/history"
	"releve/agent/series"
	"releve/agent/status"
	"releve/senml"
)

// house is what programs are told at the page's address.
func (a *agent) house() api.House {
	h := api.House{
		Snapshot: a.snapshot, Series: a.seriesShown, Latest: a.latestShown, History: a.engine(), Profiles: a.profiles(), Stake: a.stake(),
	}
	if a.cfg.Prices.File != "" {
		h.Bill = a.bill
	}
	if a.cfg.Objective.Percent > 0 {
		h.Standing = a.objectiveStanding
	}
	return h
}

// engine answers what the meters have said.
func (a *agent) engine() *history.Engine {
	return &history.Engine{
		Archive: a.buffer, Location: a.cfg.Agent.Location, Now: a.now, Production: a.cfg.Production, Most: a.mostPower,
	}
}

// profiles are the curves that are shown one above the other.
func (a *agent) profiles() []api.Profile {
	var all []api.Profile
	for _, p := range a.cfg.Profiles {
		all = append(all, api.Profile{
			Profile: history.Profile{Name: p.Name, Title: p.Title, Meter: p.Meter, People: p.People, Area: p.Area},
			Caption: status.Say(p.Caption, p.CaptionEN),
		})
	}
	return all
}

// stake is the household's share of an installation, nil when it has none.
func (a *agent) stake() *history.Stake {
	i := a.cfg.Investment
	if len(i.Series) == 0 {
		return nil
	}
	return &history.Stake{Title: i.Title, Series: i.Series, Shares: i.Shares, Of: i.Of, Area: i.Area, Budget: i.Budget, Link: i.Link}
}

// largestMeter is what a household's meter can carry, in W: it is made for 36 kVA.
const largestMeter = 36_000

// mostPower bounds what an index of our own meters can count; others' may be of a power station.
func (a *agent) mostPower(name string) float64 {
	meter, _, _ := strings.Cut(name, "/")
	for _, m := range a.meters {
		if m.cfg.Name == meter {
			return largestMeter
		}
	}
	return 0
}

// seriesShown is every series there is something of.
func (a *agent) seriesShown() []api.Series {
	var all []api.Series
	for _, k := range a.buffer.Known() {
		meter, path, _ := strings.Cut(k.Name, "/")
		s := a.dictionary.Path(path)
		all = append(all, api.Series{
			Name: k.Name, Meter: meter, Path: path, Unit: k.Unit, Direction: s.Direction, Quantity: s.Quantity,
			Aggregation: s.Aggregation, Interval: s.Interval, Title: status.Say(s.Title.FR, s.Title.EN),
		})
	}
	return all
}

// latestShown is the latest value of each series: of our own meters as they said it, of others as it came.
func (a *agent) latestShown() []api.Value {
	var all []api.Value
	own := map[string]bool{}
	for _, m := range a.meters {
		own[m.cfg.Name] = true
		for _, live := range m.recorder.All() {
			at, _ := a.clock.Shown(live.Said)
			all = append(all, a.value(m.cfg.Name, live.Series, live.Value, at))
		}
	}
	for _, s := range a.buffer.Series() {
		meter, path, _ := strings.Cut(s.Name, "/")
		if !own[meter] {
			known := series.Series{Path: path, Unit: s.Last.Unit}
			all = append(all, a.value(meter, known, s.Last.Value, time.UnixMilli(int64(math.Round(s.Last.Time*1000)))))
		}
	}
	return all
}

func (a *agent) value(meter string, of series.Series, v senml.Value, at time.Time) api.Value {
	return api.Value{
		Name: meter + "/" + of.Path, Meter: meter, Path: of.Path, Unit: of.Unit, Value: asJSON(v), At: at.In(a.cfg.Agent.Location),
	}
}

// asJSON is a value as JSON has it.
func asJSON(v senml.Value) any {
	if n, ok := v.Number(); ok {
		return n
	}
	if b, ok := v.Bool(); ok {
		return b
	}
	return v.String()
}
