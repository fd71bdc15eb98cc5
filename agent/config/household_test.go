package config_test

import (
	"strings"
	"testing"
)

func TestHouseholdRefused(t *testing.T) {
	t.Parallel()
	const profile = "[[profile]]\nname = \"ecole\"\nmeter = \"linky\"\n"
	for _, c := range []struct{ raw, want string }{
		{"[production]\nseries = [\"panneaux\"]", `production.series: "panneaux" is not the name of a series such as linky/production/energy/active/index; /api/v1/series of the page lists them`},
		{"[prices]\npower = 251", "prices.power: 251 is not from 0 to 250 kVA"},
		{"[objective]\npercent = 91\nkwh = 1", "objective.percent: 91 is not from 1 to 90 %"},
		{"[objective]\npercent = 10", "objective: give one of reference, a year, and kwh"},
		{"[objective]\npercent = 10\nkwh = 5000\nreference = 2025", "objective: give one of reference, a year, and kwh"},
		{"[objective]\nreference = 2025", "objective.percent: 0 is not from 1 to 90 %"},
		{"[objective]\npercent = 10\nreference = 25", "objective.reference: 25 is not from 2000 to 2200"},
		{profile + profile, "profile 2 (ecole): two profiles cannot have the same name"},
		{"[[profile]]\nname = \"l'école\"", "profile 1 (l'école): name must be 1 to 32 ASCII letters, digits or hyphens"},
		{"[[profile]]\nname = \"ecole\"", "profile 1 (ecole): meter is missing: a [[meter]], or <source>.<device> as /api/v1/meters of the page lists them"},
		{profile + "people = -1", "profile 1 (ecole): people: -1 is not from 0 to 1000000"},
		{profile + "caption = \"" + strings.Repeat("x", 301) + "\"", "profile 1 (ecole): caption must be at most 300 characters of text"},
		{"[investment]\nshares = 4\nof = 10", "investment.series is missing: what the installation produces"},
		{"[investment]\nseries = [\"a.b/c\"]\nshares = 11\nof = 10", "investment.shares: 11 is not from 1 to 10 shares"},
		{"[investment]\nseries = [\"a.b/c\"]\nshares = 1\nof = 10\nlink = \"http://x\"", `investment.link: "http://x" is not an address such as https://example.org/roof`},
	} {
		if _, refused := load(t, map[string]string{"releve.toml": c.raw}); strings.TrimSpace(refused) != c.want {
			t.Errorf("%s\nrefused: %s\nwant:    %s", c.raw, refused, c.want)
		}
	}
}
