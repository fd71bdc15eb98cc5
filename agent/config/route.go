package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Route is one [[route]] to one recipient: which series, and what they are there.
type Route struct {
	From     string        // a meter or a source; "" for all
	Device   string        // of From, a source: as that calls it; "" for all
	Series   []string      // globs over paths, or over the items of a source outside the federation
	ToDevice string        // what the recipient calls the device; "" for what it makes of the meter
	ToItem   string        // what the recipient calls the series; "" for what it makes of the path
	Unit     string        // "" for the one that comes
	Every    time.Duration // one record of each series in each such period; 0 for all
}

type rawRoute struct {
	To       []string `toml:"to"`
	From     string   `toml:"from"`
	Device   string   `toml:"device"`
	Series   []string `toml:"series"`
	ToDevice string   `toml:"to_device"`
	ToItem   string   `toml:"to_item"`
	Unit     string   `toml:"unit"`
	Every    string   `toml:"every" type:"duration" least:"1s" most:"31d"`
}

// routes gives recipients their routes.
func (f *findings) routes(list []rawRoute, c *Config) {
	for i, raw := range list {
		key := fmt.Sprintf("route %d (to %s)", i+1, strings.Join(raw.To, ", "))
		if len(raw.To) == 0 {
			f.addf("%s: to is missing: the names of recipients, such as [\"lorient\"]", key)
		}
		r := f.route(key, raw, c)
		for _, name := range raw.To {
			at := slices.IndexFunc(c.Recipients, func(r Recipient) bool { return r.Name == name })
			switch {
			case at < 0:
				f.addf("%s: there is no recipient %q", key, name)
				continue
			case c.Recipients[at].Kind == KindPubSub:
				f.addf("%s: what is on nodes is the same for all readers; routes go to recipients of other kinds", key)
			case r.ToDevice+r.ToItem != "" && !hasPlaces(c.Recipients[at].Kind):
				f.addf("%s: to_device and to_item are for systems that have names of their own, and %s has none", key, name)
			}
			c.Recipients[at].Routes = append(c.Recipients[at].Routes, r)
		}
	}
}

func (f *findings) route(key string, raw rawRoute, c *Config) Route {
	r := Route{
		From: raw.From, Device: raw.Device, Series: raw.Series, ToDevice: raw.ToDevice, ToItem: raw.ToItem, Unit: raw.Unit,
		Every: f.duration(key+": every", raw.Every, 0, time.Second, 31*day),
	}
	if len(r.Series) == 0 {
		r.Series = []string{"*"}
	}
	at := slices.IndexFunc(c.Sources, func(s Source) bool { return s.Name == raw.From })
	isSource := at >= 0
	isMeter := slices.ContainsFunc(c.Meters, func(m Meter) bool { return m.Name == raw.From })
	switch {
	case raw.From != "" && !isSource && !isMeter:
		f.addf("%s: from: there is no meter and no source %q", key, raw.From)
	case raw.Device != "" && !isSource: // not repeated: it may be a delivery point
		f.addf("%s: device is one of a source, which from names", key)
	case raw.Device != "" && c.Sources[at].HasSenders() && !strings.Contains(raw.Device, "@"):
		f.addf("%s: device is one of a source of many senders, SENDER/DEVICE such as maison@breizh-sen1.example/urn:dev:org:60060-1f2e3d4c5b6a7988", key)
	case !isUnit(raw.Unit):
		f.addf("%s: unit: %q is none of SenML, such as W, VA, Wh or kWh", key, raw.Unit)
	}
	return r
}
