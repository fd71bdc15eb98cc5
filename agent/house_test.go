package main

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/api"
	"releve/tic"
	"releve/tic/linky"
)

// TestHouse asks the API of an agent that has heard a minute of a meter.
func TestHouse(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.play(t, linky.Scenario{Mode: tic.Standard, Contract: linky.PeakOffPeak, Phases: 1, Seed: 3}, 40)
	if err := h.gatherer.flush(); err != nil {
		t.Fatal(err)
	}
	ask := func(path string, into any) {
		t.Helper()
		w := httptest.NewRecorder()
		api.Handler(h.house()).ServeHTTP(w, httptest.NewRequest("GET", "http://localhost"+path, nil))
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil || w.Code != 200 {
			t.Fatalf("%s: %d, %v: %s", path, w.Code, err, w.Body)
		}
	}
	var meters struct{ Meters []struct{ Name, Mode string } }
	ask("/api/v1/meters", &meters)
	if diff := cmp.Diff([]struct{ Name, Mode string }{{"linky", "standard"}}, meters.Meters); diff != "" {
		t.Errorf("meters (-want +got):\n%s", diff)
	}
	var latest struct{ Values []struct{ Value any } }
	ask("/api/v1/latest?path=consumption/energy/active/index", &latest)
	if n, ok := latest.Values[0].Value.(float64); !ok || n <= 0 || len(latest.Values) != 1 {
		t.Errorf("index: %v", latest.Values)
	}
	var series struct{ Series []struct{ Name string } }
	ask("/api/v1/series", &series)
	if len(series.Series) < 10 {
		t.Errorf("%d series", len(series.Series))
	}
	var history struct {
		Lines []struct{ Points []struct{ Count int } }
	}
	ask("/api/v1/history?quantity=power", &history)
	count := 0
	for _, p := range history.Lines[0].Points {
		count += p.Count
	}
	if count == 0 {
		t.Error("the history has no reading of the power")
	}
}
