package consent_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"releve/federation/consent"
)

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// good is a grant that Check accepts.
func good() consent.Grant {
	return consent.Grant{
		To: "client@breizh-sen2.example", Series: []string{"*"}, Resolution: consent.Live, Purpose: "energy advice",
	}
}

func TestGrantCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(g *consent.Grant)
		err    string
	}{
		{"good", func(*consent.Grant) {}, ""},
		{"to a domain", func(g *consent.Grant) { g.To = "breizh-sen2.example" }, ""},
		{"to a recipient", func(g *consent.Grant) { g.To = "lorient" }, ""},
		{"until a day", func(g *consent.Grant) { g.Until = time.Unix(1_800_000_000, 0) }, ""},
		{"with identity", func(g *consent.Grant) { g.Identity = true }, ""},
		{
			"to nobody", func(g *consent.Grant) { g.To = "" },
			"a grant needs to: an address, a domain or the name of a recipient",
		},
		{
			"space before the address", func(g *consent.Grant) { g.To = " client@breizh-sen2.example" },
			`the grant to " client@breizh-sen2.example" has white space around the address`,
		},
		{
			"to one client only", func(g *consent.Grant) { g.To = "client@breizh-sen2.example/desk" },
			"the grant to client@breizh-sen2.example/desk names one client of an address; leave out what begins at /",
		},
		{
			"no series", func(g *consent.Grant) { g.Series = nil },
			`the grant to client@breizh-sen2.example needs series, for example ["*"]`,
		},
		{
			"an empty pattern", func(g *consent.Grant) { g.Series = []string{"*", ""} },
			"the grant to client@breizh-sen2.example has an empty series pattern",
		},
		{
			"more than the ledger takes", func(g *consent.Grant) { g.Purpose = strings.Repeat("a study ", 1000) },
			"the grant to client@breizh-sen2.example is too long to be written into the ledger; shorten its purpose, or give some of its series or sources in another grant",
		},
		{"of a source", func(g *consent.Grant) { g.Sources = []string{"sge"} }, ""},
		{
			"of a source without a name", func(g *consent.Grant) { g.Sources = []string{""} },
			"the grant to client@breizh-sen2.example has a source without a name",
		},
		{
			"no purpose", func(g *consent.Grant) { g.Purpose = "" },
			"the grant to client@breizh-sen2.example needs a purpose: what will the data be used for?",
		},
		{
			"no resolution", func(g *consent.Grant) { g.Resolution = "" },
			`the grant to client@breizh-sen2.example has resolution ""; it may be one of live, PT10S, PT10M, PT30M, PT1H, P1D`,
		},
		{
			"another resolution", func(g *consent.Grant) { g.Resolution = "PT15M" },
			`the grant to client@breizh-sen2.example has resolution "PT15M"; it may be one of live, PT10S, PT10M, PT30M, PT1H, P1D`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := good()
			tt.change(&g)
			if got := text(g.Check()); got != tt.err {
				t.Errorf("got  %s\nwant %s", got, tt.err)
			}
		})
	}
}

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestGrantCoversWhom(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, to, recipient string
		want                bool
	}{
		{"the address", "client@breizh-sen2.example", "client@breizh-sen2.example", true},
		{"the address, typed in capitals", "Client@Breizh-Sen2.EXAMPLE", "client@breizh-sen2.example", true},
		{"another address", "client@breizh-sen2.example", "clients@breizh-sen2.example", false},
		{"the same name elsewhere", "client@breizh-sen2.example", "client@breizh-sen1.example", false},
		{"the domain of an address", "client@breizh-sen2.example", "breizh-sen2.example", false},
		{"a domain", "breizh-sen2.example", "anybody@breizh-sen2.example", true},
		{"a domain, typed in capitals", "Breizh-Sen2.Example", "anybody@breizh-sen2.example", true},
		{"the server itself", "breizh-sen2.example", "breizh-sen2.example", true},
		{"a domain below", "breizh-sen2.example", "x@pubsub.breizh-sen2.example", false},
		{"a domain that ends alike", "breizh-sen2.example", "x@evil-breizh-sen2.example", false},
		{"a domain that begins alike", "breizh-sen2.example", "x@breizh-sen2.example.evil.example", false},
		{"the domain after a second at sign", "breizh-sen2.example", "x@evil.example@breizh-sen2.example", false},
		{"the domain before an at sign", "breizh-sen2.example", "breizh-sen2.example@evil.example", false},
		{"the domain in a resource", "breizh-sen2.example", "x@evil.example/breizh-sen2.example", false},
		{"the address in a resource", "client@breizh-sen2.example", "x@evil.example/client@breizh-sen2.example", false},
		{"a recipient by name", "Lorient", "Lorient", true},
		{"another recipient", "lorient", "vannes", false},
		{"a sigma that only folds to the same letter", "alexσ@breizh-sen2.example", "alexς@breizh-sen2.example", false},
		{"nobody", "client@breizh-sen2.example", "", false},
		{"a name between at signs", "breizh-sen2.example", "@", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := good()
			g.To = tt.to
			b := book(g)
			if got := b.Knows(tt.recipient); got != tt.want {
				t.Errorf("known %t, want %t", got, tt.want)
			}
			if got := b.Name(tt.recipient, "linky/current/1") != ""; got != tt.want {
				t.Errorf("named %t, want %t", got, tt.want)
			}
		})
	}
}

func TestGrantCoversUntilExclusive(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		until time.Time
		want  bool
	}{
		{"no end", time.Time{}, true},
		{"ends in a nanosecond", now.Add(1), true},
		{"ends now", now, false},
		{"ended", now.Add(-1), false},
		{"ends now, in another zone", now.In(time.FixedZone("CET", 3600)), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := good()
			g.Until = tt.until
			if got := book(g).Knows(g.To); got != tt.want {
				t.Errorf("in force %t, want %t", got, tt.want)
			}
		})
	}
}

// An identifier stands for the terms: the zone a date was written in is not one.
func TestGrantID(t *testing.T) {
	t.Parallel()
	first := good()
	first.Until = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	same := first
	same.Until = same.Until.In(time.FixedZone("CET", 3600))
	if first.ID() != same.ID() || len(first.ID()) != 16 {
		t.Errorf("the same grant is %s and %s", first.ID(), same.ID())
	}
	seen := map[string]bool{first.ID(): true}
	for _, change := range []func(g *consent.Grant){
		func(g *consent.Grant) { g.To = "breizh-sen2.example" },
		func(g *consent.Grant) { g.Series = []string{"voltage/*"} },
		func(g *consent.Grant) { g.Purpose = "a study" },
		func(g *consent.Grant) { g.Until = g.Until.AddDate(0, 0, 1) },
		func(g *consent.Grant) { g.Identity = true },
	} {
		other := first
		change(&other)
		if seen[other.ID()] {
			t.Errorf("%+v has the identifier of another grant", other)
		}
		seen[other.ID()] = true
	}
}

// A grant of what sources brought is another one, and covers what they brought only.
func TestGrantOfSources(t *testing.T) {
	t.Parallel()
	own, passed := good(), good()
	passed.Sources = []string{"sge", "voisins"}
	if own.ID() == passed.ID() {
		t.Error("both have one identifier")
	}
	if got := own.Covered(); !slices.Equal(got, []string{"*"}) {
		t.Errorf("the household's covers %q", got)
	}
	if got := passed.Covered(); !slices.Equal(got, []string{"sge.*/*", "voisins.*/*"}) {
		t.Errorf("the other covers %q", got)
	}
}
