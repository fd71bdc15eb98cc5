package api_test

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"releve/agent/api"
	"releve/agent/history"
	"releve/agent/objective"
	"releve/agent/series"
	"releve/agent/status"
	"releve/agent/tariff"
	"releve/buffer"
	"releve/senml"
)

func paris(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// noon is now, of a Wednesday.
func noon(t testing.TB) time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, paris(t)) }

// kept is a buffer in which a meter has drawn 60 W for three days.
func kept(t testing.TB) *buffer.Buffer {
	t.Helper()
	now := noon(t)
	b, err := buffer.Open(buffer.Options{
		Dir: t.TempDir(), Location: paris(t), Clock: func() (time.Time, bool) { return now, true },
		Class: func(_, unit string) buffer.Class {
			if unit == "Wh" {
				return buffer.Class{Kind: buffer.Index}
			}
			return buffer.Class{}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	begin := now.AddDate(0, 0, -3)
	for day := begin; day.Before(now); day = day.AddDate(0, 0, 1) {
		var p senml.Pack
		for at := day; at.Before(day.AddDate(0, 0, 1)); at = at.Add(time.Minute) {
			record := func(path, unit string, v float64) {
				p = append(p, senml.Record{Name: "linky/" + path, Unit: unit, Value: senml.NumberValue(math.Floor(v)), Time: float64(at.Unix())})
			}
			record(series.PathDrawn, "Wh", at.Sub(begin).Minutes())
			record(series.SupplierIndex("1"), "Wh", at.Sub(begin).Minutes())
			record(series.PathPower, "VA", 66)
		}
		if _, err := b.Put(p); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

const prices = `
name = "Test"
source = "made up"
published = 2026-01-01
[[price]]
from = 2026-01-01
option = "base"
kwh = { base = 0.2016 }
month = { 6 = 12.4 }
[[price.tax]]
name = "TVA"
percent = 20
`

// house is what a test's API answers of.
func house(t testing.TB) api.House {
	t.Helper()
	zone, now := paris(t), noon(t)
	book, err := tariff.Parse("prices.toml", []byte(prices), zone)
	if err != nil {
		t.Fatal(err)
	}
	engine := &history.Engine{Archive: kept(t), Location: zone, Now: func() time.Time { return now }, Production: []string{"sun/" + series.PathInjectedIndex}}
	return api.House{
		Snapshot: func() status.Snapshot { return snapshot(now) },
		Series: func() []api.Series {
			return []api.Series{
				{Name: drawn, Meter: "linky", Path: series.PathDrawn, Unit: "Wh", Direction: "consumption", Quantity: "energy", Title: status.Say("Index d'énergie soutirée", "Index of energy drawn")},
				{Name: "voisins.abc/current/1", Meter: "voisins.abc", Path: "current/1", Unit: "A", Quantity: "current", Title: status.Say("Courant", "Current")},
			}
		},
		Latest: func() []api.Value {
			return []api.Value{
				{Name: drawn, Meter: "linky", Path: series.PathDrawn, Unit: "Wh", Value: 4320.0, At: now},
				{Name: "linky/" + series.SupplierIndex("1"), Meter: "linky", Path: series.SupplierIndex("1"), Unit: "Wh", Value: 4320.0, At: now},
				{Name: "linky/" + series.PathPower, Meter: "linky", Path: series.PathPower, Unit: "VA", Value: 66.0, At: now},
				{Name: "linky/" + series.PathPower + "/2", Meter: "linky", Path: series.PathPower + "/2", Unit: "VA", Value: 12.0, At: now},
				{Name: "linky/current/1", Meter: "linky", Path: "current/1", Unit: "A", Value: 1.0, At: now},
				{Name: "linky/tariff/label", Meter: "linky", Path: "tariff/label", Value: `HEURE "CREUSE"`, At: now},
				{Name: "linky/status/over-power", Meter: "linky", Path: "status/over-power", Value: false, At: now},
				{Name: "voisins.abc/current/1", Meter: "voisins.abc", Path: "current/1", Unit: "A", Value: 9.0, At: now},
			}
		},
		History: engine,
		Bill: func(ctx context.Context, meter string, at time.Time) (tariff.Statement, error) {
			return book.Statement(ctx, engine, meter, at, 6)
		},
		Standing: func(_ context.Context, at time.Time) (objective.Standing, error) {
			used := 200_000.0
			return objective.Stand(objective.ReferenceByNumber(5e6, objective.Plan{}, 2026), objective.Plan{}, 10, at, []*float64{&used, &used, &used}, now), nil
		},
		Profiles: []api.Profile{
			{Profile: history.Profile{Name: "school", Meter: "linky", People: 12}, Caption: status.Say("École", "School")},
			{Profile: history.Profile{Name: "home", Meter: "voisins.abc"}},
		},
		Stake: &history.Stake{Title: "Toit", Series: []string{drawn}, Shares: 1, Of: 10, Area: 30},
	}
}

const drawn = "linky/" + series.PathDrawn

func snapshot(now time.Time) status.Snapshot {
	return status.Snapshot{
		Version: "1.2.3", Started: now.Add(-time.Hour), Now: now,
		Meters: []status.Meter{{
			Name: "linky", Title: "Maison", Port: "/dev/ttyACM0", Mode: "standard", LastFrame: now.Add(-time.Second).UTC(), Frames: 100, Groups: 3000, Rejected: 2,
			Power: &status.Power{Apparent: 66, Subscribed: 6000, At: now},
		}},
		Buffer: status.Buffer{Packs: 7, Bytes: 4096},
		Recipients: []status.Recipient{
			{Name: "alice@breizh-sen2.example", State: status.OK, Pending: 3, LastSent: now}, {Name: "lorient", State: status.Warning, Pending: 4, Text: status.Say("loin", "far")},
		},
		Consents:   []status.Consent{{To: "conseil@breizh-sen2.example", State: status.OK, Text: status.Say("en vigueur", "in force")}},
		Federation: status.Federation{JID: "maison@breizh-sen1.example/releve", State: status.OK},
		Health: status.Node{Name: "device", Children: []status.Node{
			{Name: "port", Required: true, Text: status.Say("bien", "well")},
			{Name: "clock", State: status.Warning, Text: status.Say("à l'heure", "right"), Advice: status.Say("regarder", "look")},
		}},
	}
}

// get asks the API behind the page, as a program reaches it.
func get(t testing.TB, h api.House, path string) *http.Response {
	t.Helper()
	page := status.Handler(h.Snapshot, status.Options{API: api.Handler(h)})
	w := httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil))
	return w.Result()
}
