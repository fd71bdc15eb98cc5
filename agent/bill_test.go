package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"releve/agent/api"
	"releve/agent/config"
	"releve/agent/series"
	"releve/agent/tariff"
	"releve/senml"
)

// TestMoneyAndObjective asks an agent that knows two days of a meter what they cost and how the year stands, and then with
// files that are wrong.
func TestMoneyAndObjective(t *testing.T) {
	t.Parallel()
	file := written(t, "prices.toml", tariff.Example())
	h := newHouse(t, func(c *config.Config) {
		c.Prices = config.Prices{File: file, Power: 6}
		c.Objective = config.Objective{Percent: 10, KWh: 5000}
	})
	from := midnight(h.now(), paris(t)).AddDate(0, 0, -2)
	var pack senml.Pack
	for at := from; at.Before(from.AddDate(0, 0, 2)); at = at.Add(10 * time.Minute) {
		for _, path := range []string{series.PathDrawn, series.SupplierIndex("1")} {
			pack = append(pack, senml.Record{Name: "linky/" + path, Unit: "Wh", Value: senml.NumberValue(at.Sub(from).Minutes()), Time: float64(at.Unix())})
		}
	}
	if _, err := h.buffer.Put(pack); err != nil {
		t.Fatal(err)
	}
	ask := func(path string, into any) (code int) {
		t.Helper()
		w := httptest.NewRecorder()
		api.Handler(h.house()).ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), "GET", "http://localhost"+path, nil))
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatalf("%s: %v: %s", path, err, w.Body)
		}
		return w.Code
	}
	var bill struct {
		ToDate struct {
			Power int `json:"power_kva"`
			Lines []struct{ Kind string }
			Total float64
		} `json:"to_date"`
		Prices struct{ Example bool }
	}
	if code := ask("/api/v1/bill?at="+from.Format(time.DateOnly), &bill); code != 200 || bill.ToDate.Power != 6 || bill.ToDate.Total <= 0 || !bill.Prices.Example {
		t.Errorf("bill: %d, %+v", code, bill)
	}
	var standing struct {
		Percent, Target float64
		Verdict         string
	}
	if code := ask("/api/v1/objective", &standing); code != 200 || standing.Percent != 10 || fmt.Sprintf("%.6g", standing.Target) != "4.5e+06" {
		t.Errorf("objective: %d, %+v", code, standing)
	}
	h.cfg.Prices.File = written(t, "wrong.toml", "name = \"x\"\nsource = \"y\"\npublished = 2026-01-01\n")
	var problem struct{ Detail string }
	if code := ask("/api/v1/bill", &problem); code != 500 {
		t.Errorf("wrong prices: %d", code)
	}
	if _, said, _ := strings.Cut(problem.Detail, "wrong.toml: "); said != "there is no [[price]]." {
		t.Errorf("wrong prices: %s", problem.Detail)
	}
	if err := parameters(h.cfg); err == nil {
		t.Error("releve config check takes prices that are wrong")
	}
}
