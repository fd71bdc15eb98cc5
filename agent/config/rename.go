package config

import (
	"fmt"
	"regexp"
	"slices"

	"releve/senml"
)

// Rename is one [[rename]]: what an item of a source is here that does not name series as the federation does.
type Rename struct {
	Item, Path, Unit string // as the source calls it; the path of the series; "" for the unit that comes with it
}

type rawRename struct {
	Source string `toml:"source"`
	Item   string `toml:"item"`
	Path   string `toml:"path"`
	Unit   string `toml:"unit"`
}

var seriesPath = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9./-]*$`)

// rename gives sources their renames. Paths are those of series: what roll-ups, grants and recipients know them by.
func (f *findings) rename(list []rawRename, sources []Source) {
	for i, raw := range list {
		key := fmt.Sprintf("rename %d (%s)", i+1, raw.Source)
		at := slices.IndexFunc(sources, func(s Source) bool { return s.Name == raw.Source })
		switch {
		case at < 0:
			f.addf("%s: there is no source %q", key, raw.Source)
			continue
		case !sources[at].HasItems():
			f.addf("%s: its series have the names of the federation already", key)
		case raw.Item == "":
			f.addf("%s: item is missing: what the source calls it", key)
		case !seriesPath.MatchString(raw.Path):
			f.addf("%s: path: %q is not one such as consumption/power/active/mean", key, raw.Path)
		case !isUnit(raw.Unit):
			f.addf("%s: unit: %q is none of SenML, such as W, VA, Wh or kWh", key, raw.Unit)
		}
		sources[at].Renames = append(sources[at].Renames, Rename{Item: raw.Item, Path: raw.Path, Unit: raw.Unit})
	}
}

// isUnit tells a unit that SenML knows (RFC 8428 §12.1, RFC 8798), or none.
func isUnit(unit string) bool {
	_, known := senml.LookupUnit(unit)
	return unit == "" || known
}
