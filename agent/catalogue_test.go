package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/federation/command"
	"releve/federation/consent"
	"releve/tic"
	"releve/tic/linky"
)

// newGrantedHouse is a house that has readings, and a client that may see some of them by the half-hour and others live.
func newGrantedHouse(t *testing.T) (h house, secrets []string) {
	t.Helper()
	until := time.Now().AddDate(1, 0, 0).Truncate(24 * time.Hour).UTC()
	h = newHouse(t, func(c *config.Config) {
		c.Grants = []consent.Grant{
			{To: "client@sen2.example", Series: []string{"consumption/power/*"}, Resolution: "PT30M", Purpose: "conseil", Until: until, Details: consent.Details{Code: "dpv:Advice", Retention: "P1Y"}},
			{To: "client@sen2.example", Series: []string{"voltage/*"}, Resolution: "live", Purpose: "réseau"},
			{To: "sen3.example", Series: []string{"*"}, Resolution: "live", Purpose: "tout", Identity: true},
		}
	})
	secrets = h.play(t, linky.Scenario{Mode: tic.Standard, Seed: 3}, 3)
	if err := h.gatherer.flush(); err != nil {
		t.Fatal(err)
	}
	return h, secrets
}

// The catalogue of an address is what the provider answers it with, under the same names, as finely, and nothing else.
func TestCatalogueIsWhatCanBeObtained(t *testing.T) {
	t.Parallel()
	h, secrets := newGrantedHouse(t)
	for _, who := range []string{"client@sen2.example", "anybody@sen3.example", "stranger@sen4.example"} {
		all, err := h.catalogue(who)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, o := range all {
			names = append(names, o.Identifier)
			local := h.book.Local(who, o.Identifier, h.archive().Series())
			if !strings.HasSuffix(local, "/"+o.Path) || o.Resolution != h.book.Finest(who, local) || o.From.IsZero() || !o.From.Before(o.To) {
				t.Errorf("%s is offered %+v of %q", who, o, local)
			}
		}
		if diff := cmp.Diff(h.book.Granted(who, h.archive().Series()), names); diff != "" {
			t.Errorf("%s (-granted +offered):\n%s", who, diff)
		}
		text, err := json.Marshal(dcat(all))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			if identified := who == "anybody@sen3.example" && secret == h.identities.prm("linky"); strings.Contains(string(text), secret) && !identified {
				t.Errorf("%s is told %q", who, secret)
			}
		}
	}
	if all, err := h.catalogue("client@sen2.example"); err != nil || len(all) < 2 {
		t.Errorf("nothing was tested: %d, %v", len(all), err)
	}
}

// The catalogue of an address is at every moment what its consents let it obtain: not before one begins or is given, nor
// after it has ended or was taken back.
func TestCatalogueFollowsConsents(t *testing.T) {
	t.Parallel()
	const client = "client@sen2.example"
	now := time.Now()
	grant := func(series string, from, until time.Time) consent.Grant {
		return consent.Grant{To: client, Series: []string{series}, Resolution: consent.HalfHour, Purpose: series, Until: until, Details: consent.Details{From: from}}
	}
	h := newHouse(t, func(c *config.Config) {
		c.Grants = []consent.Grant{
			grant("current/*", now.Add(time.Hour), now.Add(2*time.Hour)), grant("energy/*", time.Time{}, now.Add(-time.Hour)),
			grant("consumption/power/*", now.Add(-time.Hour), now.Add(time.Hour)),
		}
	})
	h.play(t, linky.Scenario{Mode: tic.Standard, Seed: 3}, 3)
	if err := h.gatherer.flush(); err != nil {
		t.Fatal(err)
	}
	asked, err := h.notary.Ask(grant("voltage/*", time.Time{}, now.Add(time.Hour)), byTerminal)
	if err != nil {
		t.Fatal(err)
	}
	listed := func(when string, want ...string) {
		t.Helper()
		all, err := h.catalogue(client)
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]bool{}
		for _, o := range all {
			kind, _, _ := strings.Cut(o.Path, "/")
			kinds[kind] = true
			if o.Resolution != "PT30M" || o.Consent == "" || o.Until == "" || o.Purpose == "" || o.Origin != "meter" {
				t.Errorf("%s: %+v lacks its conditions", when, o)
			}
			if offered := slices.Contains(h.book.Granted(client, h.archive().Series()), o.Identifier); !offered {
				t.Errorf("%s: %s is listed and cannot be had", when, o.Identifier)
			}
		}
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(kinds))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	listed("while one waits", "consumption")
	if _, err := h.notary.Accept(asked.ID, byTerminal); err != nil {
		t.Fatal(err)
	}
	listed("once it was given", "consumption", "voltage")
	if _, err := h.notary.Withdraw(asked.ID, byTerminal); err != nil {
		t.Fatal(err)
	}
	listed("once it was taken back", "consumption")
}

// What anybody is told of a series is all that a decision needs, in an order that programs rely on.
func TestCatalogueColumns(t *testing.T) {
	t.Parallel()
	var names []string
	for _, c := range catalogueColumns(true) {
		names = append(names, c.Name)
	}
	want := []string{"path", "title_fr", "title_en", "unit", "sample", "resolution", "from", "to", "consent", "purpose", "retention", "until", "origin"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	row := offered{
		Identifier: "i", Path: "p", TitleFR: "f", TitleEN: "e", Unit: "V", Sample: "s", Resolution: "live", From: time.Unix(0, 0), To: time.Unix(60, 0),
		Consent: "c", Purpose: "w", Retention: "P1Y", Until: "u", Origin: "meter",
	}.row(true)
	if diff := cmp.Diff([]string{"i", "p", "f", "e", "V", "s", "live", "1970-01-01T00:00:00Z", "1970-01-01T00:01:00Z", "c", "w", "P1Y", "u", "meter"}, row); diff != "" {
		t.Errorf("a row (-want +got):\n%s", diff)
	}
}

// A stranger is told what there is in every house, and nothing of this one.
func TestCatalogueOfAStranger(t *testing.T) {
	t.Parallel()
	h, _ := newGrantedHouse(t)
	empty := newHouse(t, nil)
	rows := func(h house) (all [][]string) {
		for after := ""; ; {
			turn, err := h.catalogued(t.Context(), callerOf(t, "stranger@sen4.example/x"), command.Answers{"after": {after}})
			if err != nil {
				t.Fatal(err)
			}
			r := turn.(*command.Result)
			size := 0
			for _, row := range r.Rows {
				size += rowBytes(row)
			}
			if size > maxCatalogueBytes || r.Columns[0].Name != "path" {
				t.Fatalf("an answer of %d bytes, by %s", size, r.Columns[0].Name)
			}
			all = append(all, r.Rows...)
			if len(r.Fields) == 0 {
				return all
			}
			after = r.Fields[0].Values[0]
		}
	}
	got := rows(h)
	if diff := cmp.Diff(rows(empty), got); diff != "" || len(got) != len(h.dictionary.All()) {
		t.Errorf("%d rows, want %d, in every house:\n%s", len(got), len(h.dictionary.All()), diff)
	}
}

func TestCatalogueInDCAT(t *testing.T) {
	t.Parallel()
	o := offered{
		Identifier: "urn:dev:org:60060-1f2e_voltage/phase1/rms", Path: "voltage/phase1/rms", TitleFR: "Tension", TitleEN: "Voltage", Unit: "V",
		Resolution: "PT30M", From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC),
		Consent: "23289931e73244d3", Purpose: "dpv:Advice", Retention: "P1Y", Until: "2027-01-01T00:00:00Z", Origin: "meter", Sample: "[]",
	}
	text, err := json.Marshal(o.dataset())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"@type":"dcat:Dataset","adms:sample":{"@type":"dcat:Distribution","dcat:mediaType":"application/senml+json","dct:description":"[]"},` +
		`"consent:finest":"PT30M","consent:id":"23289931e73244d3","consent:identity":false,"consent:origin":"meter","consent:purpose":"dpv:Advice","consent:retention":"P1Y",` +
		`"consent:until":"2027-01-01T00:00:00Z","dcat:keyword":"voltage/phase1/rms","dcat:temporalResolution":{"@type":"xsd:duration","@value":"PT30M"},` +
		`"dct:identifier":"urn:dev:org:60060-1f2e_voltage/phase1/rms",` +
		`"dct:temporal":{"@type":"dct:PeriodOfTime","dcat:endDate":{"@type":"xsd:dateTime","@value":"2026-11-02T00:00:00Z"},"dcat:startDate":{"@type":"xsd:dateTime","@value":"2026-11-01T00:00:00Z"}},` +
		`"dct:title":[{"@language":"fr","@value":"Tension"},{"@language":"en","@value":"Voltage"}],` +
		`"schema:variableMeasured":{"@type":"schema:PropertyValue","schema:name":"voltage/phase1/rms","schema:unitText":"V"}}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
	o.Resolution = "live"
	if _, has := o.dataset()["dcat:temporalResolution"]; has {
		t.Error("what is live has a length")
	}
}

func TestSamplesAreRecords(t *testing.T) {
	t.Parallel()
	want := `[{"n":"urn:dev:org:60060-sample_voltage/rms","u":"V","t":1767225600,"v":231}]`
	if got := sampleOf("voltage/rms", "V"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := sampleOf("status/x", ""); got != "" {
		t.Errorf("%s for a series of which only the name is known", got)
	}
}
