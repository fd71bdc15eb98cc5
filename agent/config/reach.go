package config

import (
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
)

// rawReach is the keys that several kinds share of how a system outside the federation is reached.
type rawReach struct {
	URL       string `toml:"url"`
	TokenFile string `toml:"token_file" type:"file"`
	CAFile    string `toml:"ca_file" type:"file"`
}

// rawAsking is the keys that several kinds share of how a source is asked.
type rawAsking struct {
	Since  string `toml:"since" type:"duration" least:"1m" most:"1098d" default:"31d"`
	Every  string `toml:"every" type:"duration" least:"10s" most:"1d" default:"5m"`
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

// Asking is how a source outside the federation is asked.
type Asking struct {
	Since  time.Duration // how far back at first
	Every  time.Duration // from one round to the next
	Repair time.Duration // how often, and how far back, for what came there late
}

func (f *findings) asking(key string, raw rawAsking) Asking {
	return Asking{
		Since:  f.since(key, raw.Since),
		Every:  f.duration(key+": every", raw.Every, 5*time.Minute, 10*time.Second, day),
		Repair: f.duration(key+": repair", raw.Repair, day, 10*time.Minute, 31*day),
	}
}

// since is how far back a source is asked at first.
func (f *findings) since(key, value string) time.Duration {
	return f.duration(key+": since", value, 31*day, time.Minute, 3*366*day)
}

// url checks the address of a web service. What goes there is consented data, and a token: only this machine is reached
// without encryption.
func (f *findings) url(key, value, example string) string {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		f.addf("%s: url: %q is not an address such as %s", key, value, example)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		f.addf("%s: url: %q has no encryption; that is for this machine alone (127.0.0.1)", key, value)
	}
	return strings.TrimRight(value, "/")
}
