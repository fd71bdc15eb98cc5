// Package series is the only dictionary between the words of the meter and the names of SenML.
//
// In: frames. Out: records named "<meter>/<path>" with a unit, those that changed and from time to time all. It does
// not know where records go, and meter addresses and delivery point numbers never become records.
package series

import (
	"fmt"
	"strings"

	"releve/tic"
)

// Series is a stable identity: one quantity of one meter, with its unit.
type Series struct {
	Path      string // relative to the meter, in the federation's words
	Unit      string // SenML unit, "" for a text
	Direction string // consumption, production or ""
	Quantity  string // power, energy, current, voltage, tariff
	Title     Title
}

// Title is what people call a series.
type Title struct{ FR, EN string }

// entry says which series a label of the meter feeds.
type entry struct {
	label  string // %d stands for 1 to times
	mode   tic.Mode
	times  int // 0 for a label without number
	path   string
	unit   string
	fr, en string
}

// dictionary is Enedis-NOI-CPT_54E §6.2 (standard) and §6.1 (historic), as far as they are used.
//
// The supplier's indexes of the historic mode are numbered as the meter numbers them in standard mode, so that a
// change of mode continues the same series.
var dictionary = []entry{
	{"SINSTS", tic.Standard, 0, PathPower, "VA", "Puissance apparente soutirée", "Apparent power drawn"},
	{"SINSTS%d", tic.Standard, 3, PathPower + "/%d", "VA", "Puissance apparente soutirée, phase %d", "Apparent power drawn, phase %d"},
	{"SINSTI", tic.Standard, 0, PathInjected, "VA", "Puissance apparente injectée", "Apparent power injected"},
	{"EAST", tic.Standard, 0, PathDrawn, "Wh", "Index d'énergie soutirée", "Index of energy drawn"},
	{"EASF%02d", tic.Standard, 10, pathSupplier + "%d", "Wh", "Index fournisseur %d", "Supplier index %d"},
	{"EASD%02d", tic.Standard, 4, PathDrawn + "/distributor/%d", "Wh", "Index distributeur %d", "Distributor index %d"},
	{"EAIT", tic.Standard, 0, PathInjectedIndex, "Wh", "Index d'énergie injectée", "Index of energy injected"},
	{"IRMS%d", tic.Standard, 3, "current/%d", "A", "Courant efficace, phase %d", "Current, phase %d"},
	{"URMS%d", tic.Standard, 3, "voltage/%d", "V", "Tension efficace, phase %d", "Voltage, phase %d"},
	{"LTARF", tic.Standard, 0, PathTariff, "", "Tarif en cours", "Current tariff"},

	{"PAPP", tic.Historic, 0, PathPower, "VA", "Puissance apparente soutirée", "Apparent power drawn"},
	{"BASE", tic.Historic, 0, pathSupplier + "1", "Wh", "Index fournisseur 1", "Supplier index 1"},
	{"HCHC", tic.Historic, 0, pathSupplier + "1", "Wh", "Index fournisseur 1", "Supplier index 1"},
	{"HCHP", tic.Historic, 0, pathSupplier + "2", "Wh", "Index fournisseur 2", "Supplier index 2"},
	{"EJPHN", tic.Historic, 0, pathSupplier + "1", "Wh", "Index fournisseur 1", "Supplier index 1"},
	{"EJPHPM", tic.Historic, 0, pathSupplier + "2", "Wh", "Index fournisseur 2", "Supplier index 2"},
	{"BBRHCJB", tic.Historic, 0, pathSupplier + "1", "Wh", "Index fournisseur 1", "Supplier index 1"},
	{"BBRHPJB", tic.Historic, 0, pathSupplier + "2", "Wh", "Index fournisseur 2", "Supplier index 2"},
	{"BBRHCJW", tic.Historic, 0, pathSupplier + "3", "Wh", "Index fournisseur 3", "Supplier index 3"},
	{"BBRHPJW", tic.Historic, 0, pathSupplier + "4", "Wh", "Index fournisseur 4", "Supplier index 4"},
	{"BBRHCJR", tic.Historic, 0, pathSupplier + "5", "Wh", "Index fournisseur 5", "Supplier index 5"},
	{"BBRHPJR", tic.Historic, 0, pathSupplier + "6", "Wh", "Index fournisseur 6", "Supplier index 6"},
	{"IINST", tic.Historic, 0, "current/1", "A", "Courant, phase 1", "Current, phase 1"},
	{"IINST%d", tic.Historic, 3, "current/%d", "A", "Courant, phase %d", "Current, phase %d"},
	{"PTEC", tic.Historic, 0, PathTariff, "", "Tarif en cours", "Current tariff"},
}

// Paths that others give a place of their own.
const (
	PathPower         = "consumption/power/apparent/raw"
	PathInjected      = "production/power/apparent/raw"
	PathDrawn         = "consumption/energy/active/index"
	PathInjectedIndex = "production/energy/active/index"
	PathTariff        = "tariff/label"

	pathSupplier = PathDrawn + "/provider/"
)

// key is what a group is looked up by.
type key struct {
	mode  tic.Mode
	label string
}

// Dictionary maps labels to series and paths to what is known of them.
type Dictionary struct {
	labels map[key]Series
	paths  map[string]Series
}

// NewDictionary returns the dictionary.
func NewDictionary() *Dictionary {
	d := &Dictionary{labels: map[key]Series{}, paths: map[string]Series{}}
	for _, e := range dictionary {
		for n := min(1, e.times); n <= e.times; n++ {
			s := e.series(n)
			d.labels[key{e.mode, numbered(e.label, n)}] = s
			d.paths[s.Path] = s
		}
	}
	return d
}

// Label returns the series a label of that mode feeds.
func (d *Dictionary) Label(mode tic.Mode, label []byte) (Series, bool) {
	s, ok := d.labels[key{mode, string(label)}]
	return s, ok
}

// Path returns what is known of a path, relative to its meter.
func (d *Dictionary) Path(path string) Series {
	if s, ok := d.paths[path]; ok {
		return s
	}
	return Series{Path: path, Title: Title{FR: path, EN: path}}
}

func (e entry) series(n int) Series {
	s := Series{
		Path:  numbered(e.path, n),
		Unit:  e.unit,
		Title: Title{FR: numbered(e.fr, n), EN: numbered(e.en, n)},
	}
	words := strings.Split(e.path, "/")
	switch words[0] {
	case "consumption", "production":
		s.Direction, s.Quantity = words[0], words[1]
	default:
		s.Quantity = words[0]
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
