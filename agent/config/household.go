package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Prices is the [prices] section.
type Prices struct {
	File  string // of package tariff; "" for no bill
	Power int    // subscribed, kVA; 0 for what the meter says
}

// Objective is the [objective] section: less than a reference, which is a year or a number.
type Objective struct {
	Meter     string // "" for the first
	Percent   int    // less, of the reference; 0 for no objective
	Reference int    // the year; 0 when KWh is given
	KWh       int    // of a year; 0 when Reference is given
	File      string // how the months of a year share it, and the way over the years; "" for what package objective has
}

// Profile is one [[profile]]: a curve among others, of a building that is described.
type Profile struct {
	Name, Title, Meter string
	Caption, CaptionEN string
	People, Area       int // m²; 0 when not known
}

// Investment is the [investment] section: a share of an installation that belongs to many.
type Investment struct {
	Title        string
	Series       []string // its production; none for no investment
	Shares, Of   int      // mine, and all there are
	Area, Budget int      // of the whole, m² and euros; 0 when not known
	Link         string   // "" for none
}

type rawPrices struct {
	File  string `toml:"file" type:"file"`
	Power int    `toml:"power" afar:"operator"`
}

type rawProduction struct {
	Series []string `toml:"series" afar:"operator"`
}

type rawObjective struct {
	Meter     string `toml:"meter" afar:"operator"`
	Percent   int    `toml:"percent" afar:"operator"`
	Reference int    `toml:"reference" afar:"operator"`
	KWh       int    `toml:"kwh" afar:"operator"`
	File      string `toml:"file" type:"file"`
}

type rawProfile struct {
	Name      string `toml:"name"`
	Title     string `toml:"title"`
	Meter     string `toml:"meter"`
	Caption   string `toml:"caption"`
	CaptionEN string `toml:"caption_en"`
	People    int    `toml:"people"`
	Area      int    `toml:"area"`
}

type rawInvestment struct {
	Title  string   `toml:"title" afar:"operator"`
	Series []string `toml:"series" afar:"operator"`
	Shares int      `toml:"shares" afar:"operator"`
	Of     int      `toml:"of" afar:"operator"`
	Area   int      `toml:"area" afar:"operator"`
	Budget int      `toml:"budget" afar:"operator"`
	Link   string   `toml:"link" afar:"operator"`
}

func (f *findings) prices(r rawPrices) Prices {
	f.number("prices.power", r.Power, 0, 250, "kVA")
	return Prices(r)
}

func (f *findings) number(key string, n, least, most int, unit string) {
	switch {
	case n >= least && n <= most:
	case unit == "":
		f.addf("%s: %d is not from %d to %d", key, n, least, most)
	default:
		f.addf("%s: %d is not from %d to %d %s", key, n, least, most, unit)
	}
}

// seriesName is the full name of a series: <meter>/<path>, or <source>.<device>/<path>.
var seriesName = regexp.MustCompile(`^[A-Za-z0-9-]{1,32}(\.[A-Za-z0-9-]+)?/[A-Za-z0-9][A-Za-z0-9./-]*$`)

func (f *findings) seriesNames(key string, names []string) []string {
	for _, name := range names {
		if !seriesName.MatchString(name) {
			f.addf("%s: %q is not the name of a series such as linky/production/energy/active/index; /api/v1/series of the page lists them", key, name)
		}
	}
	return names
}

func (f *findings) objective(r rawObjective) Objective {
	o := Objective(r)
	if o == (Objective{}) {
		return o
	}
	f.number("objective.percent", o.Percent, 1, 90, "%")
	switch {
	case (o.Reference == 0) == (o.KWh == 0):
		f.addf("objective: give one of reference, a year, and kwh")
	case o.Reference != 0:
		f.number("objective.reference", o.Reference, 2000, 2200, "")
	default:
		f.number("objective.kwh", o.KWh, 1, 1_000_000_000, "kWh a year")
	}
	return o
}

// mostProfiles is how many curves fit one above the other.
const mostProfiles = 8

func (f *findings) profiles(list []rawProfile) []Profile {
	var all []Profile
	seen := map[string]bool{}
	if len(list) > mostProfiles {
		f.addf("profile: there are %d, at most %d can be shown", len(list), mostProfiles)
	}
	for i, raw := range list {
		p := Profile(raw)
		key := fmt.Sprintf("profile %d (%s)", i+1, p.Name)
		switch {
		case !meterName.MatchString(p.Name):
			f.addf("%s: name must be 1 to 32 ASCII letters, digits or hyphens", key)
		case seen[p.Name]:
			f.addf("%s: two profiles cannot have the same name", key)
		case p.Meter == "":
			f.addf("%s: meter is missing: a [[meter]], or <source>.<device> as /api/v1/meters of the page lists them", key)
		}
		seen[p.Name] = true
		f.sentence(key+": title", p.Title, longestTitle)
		f.sentence(key+": caption", p.Caption, longestCaption)
		f.sentence(key+": caption_en", p.CaptionEN, longestCaption)
		f.number(key+": people", p.People, 0, 1_000_000, "")
		f.number(key+": area", p.Area, 0, 10_000_000, "m²")
		all = append(all, p)
	}
	return all
}

const longestCaption = 300 // characters

func (f *findings) sentence(key, text string, most int) {
	if utf8.RuneCountInString(text) > most || strings.ContainsFunc(text, unicode.IsControl) {
		f.addf("%s must be at most %d characters of text", key, most)
	}
}

func (f *findings) investment(r rawInvestment) Investment {
	v := Investment(r)
	if v.Title == "" && len(v.Series) == 0 && v.Shares == 0 && v.Of == 0 && v.Area == 0 && v.Budget == 0 && v.Link == "" {
		return Investment{}
	}
	if len(v.Series) == 0 {
		f.addf("investment.series is missing: what the installation produces")
	}
	f.seriesNames("investment.series", v.Series)
	f.sentence("investment.title", v.Title, longestTitle)
	f.number("investment.of", v.Of, 1, 1_000_000_000, "shares")
	f.number("investment.shares", v.Shares, 1, max(v.Of, 1), "shares")
	f.number("investment.area", v.Area, 0, 10_000_000, "m²")
	f.number("investment.budget", v.Budget, 0, 1_000_000_000, "euros")
	if v.Link != "" && !strings.HasPrefix(v.Link, "https://") {
		f.addf("investment.link: %q is not an address such as https://example.org/roof", v.Link)
	}
	return v
}
