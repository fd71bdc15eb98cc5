package config

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// rawAsking is the keys that several kinds share of how a source is asked.
type rawAsking struct {
	Since  string `toml:"since" type:"duration" least:"1m" most:"1098d" default:"31d"`
	Repair string `toml:"repair" type:"duration" least:"10m" most:"31d" default:"1d"`
}

// name checks that of a recipient or a source, of which no two of a list have the same.
func (f *findings) name(key, name string, taken map[string]bool, list string) {
	if !meterName.MatchString(name) {
		f.addf("%s: name must be 1 to 32 ASCII letters, digits or hyphens", key)
	}
	if taken[name] {
		f.addf("%s: two %s cannot have the same name", key, list)
	}
	taken[name] = true
}

// foreign refuses what is given in raw, a table of any kind, under a key that its kind does not have.
func (f *findings) foreign(key, kind, own string, raw any) {
	for _, given := range given(reflect.ValueOf(raw)) {
		if !slices.Contains(strings.Fields(own), given) {
			f.addf("%s: %s is no key of kind %s", key, given, kind)
		}
	}
}

// given are the keys of a table that have a value, in order; what is embedded is part of it.
func given(table reflect.Value) []string {
	var keys []string
	for i := range table.NumField() {
		field, value := table.Type().Field(i), table.Field(i)
		switch {
		case field.Anonymous:
			keys = append(keys, given(value)...)
		case !value.IsZero():
			keys = append(keys, field.Tag.Get("toml"))
		}
	}
	return keys
}

// since is how far back a source is asked at first.
func (f *findings) since(key, value string) time.Duration {
	return f.duration(key+": since", value, 31*day, time.Minute, 3*366*day)
}
