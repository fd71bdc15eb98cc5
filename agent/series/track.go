package series

import (
	"time"

	"releve/senml"
	"releve/tic"
)

// track is one series of one meter: what was last said of it.
type track struct {
	Series
	name   string // of its records
	latest senml.Record
	known  bool
	said   time.Time // when the meter said it last, changed or not
	energy bool      // an index, which passes the gate
	gate   gate
	points points // of what has a time of its own
}

// forget leaves what the series is, and nothing of what was said.
func (t *track) forget() { *t = track{Series: t.Series, name: t.name, energy: t.energy} }

// slot is one label of one mode: what it said last, and the series it feeds. Most groups of most frames say what the
// frame before did; for those nothing is decoded again.
type slot struct {
	raw   []byte // horodate and value; empty when the value must be looked at again
	feeds []feed
}

// feed leads from a label to a series.
type feed struct {
	*track
	reading
	n   int  // of the series of the entry
	dry bool // what the label said last is no value of the series
}

// says tells whether the group repeats what the slot holds.
func (s *slot) says(g tic.Group) bool {
	n := len(g.Horodate)
	return len(s.raw) > 0 && len(s.raw) == n+1+len(g.Value) &&
		string(s.raw[:n]) == string(g.Horodate) && string(s.raw[n+1:]) == string(g.Value)
}

// keep copies what the group says. A mark tells a horodate from a value.
func (s *slot) keep(g tic.Group) {
	s.raw = append(s.raw[:0], g.Horodate...)
	s.raw = append(s.raw, '\t')
	s.raw = append(s.raw, g.Value...)
}

// doubt lets the next group be looked at even if it says the same.
func (s *slot) doubt() { s.raw = s.raw[:0] }

// layOut makes the slots and tracks of a meter, from the dictionary.
func layOut(meter string) (slots map[key]*slot, tracks map[string]*track) {
	slots, tracks = map[key]*slot{}, map[string]*track{}
	for _, e := range entries() {
		for n := min(1, e.times); n <= e.times; n++ {
			s := e.series(n)
			t := tracks[s.Path]
			if t == nil {
				t = &track{Series: s, name: meter + "/" + s.Path}
				tracks[s.Path] = t
			}
			t.energy = t.energy || e.reading.index
			if e.label == "" {
				continue
			}
			k := key{e.mode, numbered(e.label, n)}
			if slots[k] == nil {
				slots[k] = &slot{}
			}
			slots[k].feeds = append(slots[k].feeds, feed{track: t, reading: e.reading, n: n})
		}
	}
	return slots, tracks
}

// layout is the tracks that are looked at in every frame.
type layout struct {
	power, injected, injecting  *track
	drawnIndex, injectedIndex   *track
	breaking, subscribed, limit *track // kVA, kVA, A of each phase
	overPower, dubious          *track
	phases                      [3]phase
	contracts                   [][]addend
}

// phase is what is said of one phase.
type phase struct{ power, current, voltage *track }

// addend is an index of a historic contract.
type addend struct {
	label string
	*track
}

func newLayout(tracks map[string]*track) layout {
	l := layout{
		power: tracks[PathPower], injected: tracks[PathInjected], injecting: tracks[PathInjecting],
		drawnIndex: tracks[PathDrawn], injectedIndex: tracks[PathInjectedIndex],
		breaking: tracks[pathBreaking], subscribed: tracks[PathSubscribed], limit: tracks[PathSubscribedCurrent],
		overPower: tracks[pathOverPower], dubious: tracks[pathDubious],
	}
	for i := range l.phases {
		l.phases[i] = phase{
			power:   tracks[numbered(PathPower+"/%d", i+1)],
			current: tracks[numbered("current/%d", i+1)],
			voltage: tracks[numbered("voltage/%d", i+1)],
		}
	}
	for _, labels := range contracts() {
		var addends []addend
		for i, label := range labels {
			addends = append(addends, addend{label, tracks[numbered(pathSupplier+"%d", i+1)]})
		}
		l.contracts = append(l.contracts, addends)
	}
	return l
}
