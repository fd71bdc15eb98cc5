// Package series is the only dictionary between the words of the meter and the names of SenML.
//
// In: frames. Out: records named "<meter>/<path>" with a unit, those that changed and from time to time all, once they
// are believable, and events. It does not know where records go, and meter addresses and delivery point numbers never
// become records.
package series

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"releve/senml"
	"releve/tic"
)

// Series is a stable identity: one quantity of one meter, with its unit.
type Series struct {
	Path        string // relative to the meter, in the federation's words
	Unit        string // SenML unit, "" for a text, a switch or a plain number
	Direction   string // consumption, production or ""
	Quantity    string // power, energy, current, voltage, tariff, status …
	Aggregation string // mean or maximum; "" for instants and indexes
	Interval    string // of the aggregation (ISO 8601), "" when the meter's configuration decides
	Title       Title
}

// Title is what people call a series.
type Title struct{ FR, EN string }

// entry says which series a label of the meter feeds. A label may have several entries.
type entry struct {
	label   string // %d stands for 1 to times
	mode    tic.Mode
	times   int // 0 for a series without number
	path    string
	unit    string
	reading reading
	fr, en  string
}

// reading says how a group becomes the value of a series.
type reading struct {
	value  func(g tic.Group, n int) (senml.Value, bool)
	dating dating
	index  bool // an energy register: it passes a gate
}

// Paths that others give a place of their own.
const (
	PathPower          = "consumption/power/apparent/raw"
	PathInjected       = "production/power/apparent/raw"
	PathDrawn          = "consumption/energy/active/index"
	PathInjectedIndex  = "production/energy/active/index"
	PathTariff         = "tariff/label"
	PathTariffIndex    = "tariff/index"
	PathInjecting      = "status/injecting"
	PathOption         = "tariff/option"   // of historic mode
	PathCalendar       = "tariff/calendar" // of standard mode
	PathColourToday    = "tariff/colour/today"
	PathColourTomorrow = "tariff/colour/tomorrow"
	PathEvent          = "status/event"

	PathSubscribed        = "contract/power/subscribed"   // kVA
	PathSubscribedCurrent = "contract/current/subscribed" // A, of each phase

	pathSupplier  = PathDrawn + "/provider/"
	pathBreaking  = "contract/power/breaking"
	pathOverPower = "status/over-power"
	pathDubious   = "status/power/implausible"
)

// SupplierIndex is the path of the supplier's index of a number, as PathTariffIndex says it.
func SupplierIndex(number string) string { return pathSupplier + number }

// entries is Enedis-NOI-CPT_54E §6.2 (standard) and 02E with 54E §6.1 (historic): every label that is a quantity or a
// state. Left out are the addresses, the delivery point and the messages, which are personal, and DATE, which is the
// time of the others.
func entries() []entry {
	return slices.Concat(instants(), maxima(), means(), indexes(), historicIndexes(), contract(), tariffs(),
		historicTariffs(), days(), register(), switches(), said(), computed())
}

// key is what a group is looked up by.
type key struct {
	mode  tic.Mode
	label string
}

// Dictionary maps labels to series and paths to what is known of them.
type Dictionary struct {
	labels map[key][]Series
	paths  map[string]Series
}

// NewDictionary returns the dictionary.
func NewDictionary() *Dictionary {
	d := &Dictionary{labels: map[key][]Series{}, paths: map[string]Series{}}
	for _, e := range entries() {
		for n := min(1, e.times); n <= e.times; n++ {
			s := e.series(n)
			if e.label != "" {
				k := key{e.mode, numbered(e.label, n)}
				d.labels[k] = append(d.labels[k], s)
			}
			d.paths[s.Path] = s
		}
	}
	return d
}

// Label returns the series a label of that mode feeds, none for a label that is not a quantity or a state.
func (d *Dictionary) Label(mode tic.Mode, label []byte) []Series {
	return d.labels[key{mode, string(label)}]
}

// All returns every series there is, in the order of the paths.
func (d *Dictionary) All() []Series {
	return slices.SortedFunc(maps.Values(d.paths), func(a, b Series) int { return strings.Compare(a.Path, b.Path) })
}

// Path returns what is known of a path, relative to its meter.
func (d *Dictionary) Path(path string) Series {
	if s, ok := d.paths[path]; ok {
		return s
	}
	return Series{Path: path, Title: Title{FR: path, EN: path}}
}

// series is what the n-th of an entry feeds. What was computed is of the quantity that it stands for.
func (e entry) series(n int) Series {
	s := Series{
		Path:  numbered(e.path, n),
		Unit:  e.unit,
		Title: Title{FR: numbered(e.fr, n), EN: numbered(e.en, n)},
	}
	words := strings.Split(strings.TrimPrefix(e.path, "derived/"), "/")
	switch words[0] {
	case "consumption", "production":
		s.Direction, s.Quantity = words[0], words[1]
	default:
		s.Quantity = words[0]
	}
	switch {
	case slices.Contains(words, "mean"):
		s.Aggregation = "mean"
	case slices.Contains(words, "max"):
		s.Aggregation = "maximum"
	}
	switch {
	case e.reading.dating == itsTenMinutes:
		s.Interval = "PT10M"
	case e.reading.dating == itsMoment && s.Aggregation == "maximum":
		s.Interval = "P1D"
	}
	return s
}

// numbered puts n where the pattern has a verb, and leaves others alone.
func numbered(pattern string, n int) string {
	if !strings.Contains(pattern, "%") {
		return pattern
	}
	return fmt.Sprintf(pattern, n)
}
