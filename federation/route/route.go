// Package route says which series go to a recipient, and what they are there.
//
// In: records that a gate lets through. Out: those that a route wants, under the names, in the units and as often as it
// says; once for each route. It grants nothing: the gate comes first.
package route

import (
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"releve/federation"
	"releve/federation/consent"
	"releve/senml"
)

// Route is one way of series to a recipient.
type Route struct {
	Meter  string   // glob over what precedes the path: a meter's name, <source>.*, or <source>.<device>
	Series []string // globs over paths; what stands there for items of a source outside the federation is one, too

	Device, Item string        // what the recipient calls them; "" for what it makes of the URN and the path
	Unit         string        // "" for the unit that comes
	Every        time.Duration // one record of each series in each period of this length, its first; 0 for all
}

// wants says whether a route is for a local series.
func (r *Route) wants(local string) bool {
	meter, path, _ := strings.Cut(local, "/")
	if !consent.Glob(r.Meter, meter) {
		return false
	}
	for _, pattern := range r.Series {
		if consent.Glob(pattern, path) || consent.Glob(federation.OutsideGlob(pattern), path) {
			return true
		}
	}
	return false
}

// Gate lets through what another gate does, as routes say.
type Gate struct {
	federation.Gate
	Routes []Route
	Name   func(local string) string // under which the other gate lets a series through, "" when it does not

	// Mismatched counts records whose unit is not that of their route, nor can become it: they are left out.
	Mismatched atomic.Uint64

	met  sync.Map          // routes that a series has come along, by their place in Routes
	sent map[leg]float64   // time of the record that was let through last
	was  map[string]string // what the other gate calls what passed last, by name
}

// leg is one series on one route.
type leg struct {
	route int
	name  string
}

// Pass returns what is granted and routed. Who is handed a pack again is handed the same again.
func (g *Gate) Pass(p senml.Pack) senml.Pack {
	legs := map[string][]int{} // by the name that comes out of the other gate
	seen := map[string]bool{}
	for _, r := range p {
		if seen[r.Name] {
			continue
		}
		seen[r.Name] = true
		if name := g.Name(r.Name); name != "" {
			legs[name] = g.routes(r.Name)
		}
	}
	g.was = map[string]string{}
	var passed senml.Pack
	for _, r := range g.Gate.Pass(p) {
		for _, i := range legsOf(legs, r.Name) {
			if routed, ok := g.along(i, r); ok {
				passed = append(passed, routed)
				g.was[routed.Name] = r.Name
			}
		}
	}
	return passed
}

// Leaving tells the other gate of what goes along a route, once for each.
func (g *Gate) Leaving(goes senml.Pack, was func(string) string) error {
	return g.Gate.Leaving(goes, func(name string) string { return g.was[was(name)] })
}

// legsOf finds the routes of a record. What is granted coarser has its aggregation and its resolution behind its name.
func legsOf(legs map[string][]int, name string) []int {
	if all, found := legs[name]; found {
		return all
	}
	for range 2 {
		name = name[:max(0, strings.LastIndexByte(name, '/'))]
	}
	return legs[name]
}

// routes are those that want a local series.
func (g *Gate) routes(local string) []int {
	var all []int
	for i := range g.Routes {
		if g.Routes[i].wants(local) {
			g.met.Store(i, true)
			all = append(all, i)
		}
	}
	return all
}

// Idle is how many routes no granted series has come along since the start. It may be asked while records pass.
func (g *Gate) Idle() int {
	idle := len(g.Routes)
	g.met.Range(func(any, any) bool {
		idle--
		return true
	})
	return idle
}

// along takes a record along a route.
func (g *Gate) along(i int, r senml.Record) (senml.Record, bool) {
	route := &g.Routes[i]
	if !g.due(leg{i, r.Name}, route.Every, r.Time) {
		return r, false
	}
	place := federation.PlaceOf(r.Name)
	place.Device, place.Item = route.Device, route.Item
	r.Name = place.Name()
	if !convert(&r, route.Unit) {
		g.Mismatched.Add(1)
		return r, false
	}
	return r, true
}

// due says whether a record is the first of its period. The one that was let through last is again, for it may not have
// arrived. After a restart a period may have a second one.
func (g *Gate) due(l leg, every time.Duration, at float64) bool {
	if every <= 0 {
		return true
	}
	if g.sent == nil {
		g.sent = map[leg]float64{}
	}
	last, known := g.sent[l]
	period := func(t float64) float64 { return math.Floor(t / every.Seconds()) }
	if known && at != last && period(at) == period(last) {
		return false
	}
	g.sent[l] = at
	return true
}

// convert gives a number another unit of the same quantity (RFC 8798 §4); what is no number has none.
func convert(r *senml.Record, unit string) bool {
	n, isNumber := r.Value.Number()
	switch {
	case unit == "" || unit == r.Unit || !isNumber:
		return true
	case r.Unit == "": // a source that gives none: the route says what it is
		r.Unit = unit
		return true
	}
	from, knownFrom := senml.LookupUnit(r.Unit)
	to, knownTo := senml.LookupUnit(unit)
	if !knownFrom || !knownTo || from.Primary != to.Primary {
		return false
	}
	r.Value, r.Unit = senml.NumberValue(round(to.FromPrimary(from.ToPrimary(n)))), unit
	return true
}

// round takes away what the arithmetic adds to a number: 0.1 kWh is not 0.10000000000000002.
func round(n float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(n, 'g', 15, 64), 64)
	if err != nil { // out of range, as n itself is then
		return n
	}
	return rounded
}
