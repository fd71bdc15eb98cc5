package api

import (
	"context"
	"net/http"
	"time"

	"releve/agent/history"
	"releve/agent/objective"
	"releve/agent/status"
	"releve/agent/tariff"
)

// House is what the answers are made of. Its functions are called from several goroutines at once.
type House struct {
	Snapshot func() status.Snapshot
	Series   func() []Series // of all meters and sources, by name
	Latest   func() []Value  // of each series, the latest value, by name
	History  *history.Engine

	// Bill makes the statement of a month by one meter; nil while no prices are configured.
	Bill func(ctx context.Context, meter string, at time.Time) (tariff.Statement, error)
	// Standing tells how the year of an instant stands against the objective; nil while there is none.
	Standing func(ctx context.Context, at time.Time) (objective.Standing, error)

	Profiles []Profile
	Stake    *history.Stake // nil while the household has none
}

// Profile is a curve among others, and what is to be said of its building.
type Profile struct {
	history.Profile
	Caption status.Words
}

// Series is a series with what is known of it.
type Series struct {
	Name        string       `json:"name"`  // <meter>/<path>
	Meter       string       `json:"meter"` // or <source>.<device>
	Path        string       `json:"path"`
	Unit        string       `json:"unit,omitempty"` // SenML
	Direction   string       `json:"direction,omitempty"`
	Quantity    string       `json:"quantity,omitempty"`
	Aggregation string       `json:"aggregation,omitempty"`
	Interval    string       `json:"interval,omitempty"`
	Title       status.Words `json:"title"`
}

// Value is the latest of a series.
type Value struct {
	Name  string    `json:"name"`
	Meter string    `json:"meter"`
	Path  string    `json:"path"`
	Unit  string    `json:"unit,omitempty"`
	Value any       `json:"value"` // a number, a text or a switch
	At    time.Time `json:"at"`
}

// server is the API of a house.
type server struct {
	House
	seats chan struct{} // one for each answer that is being made of the history
}

// atOnce is how many answers are made of the history at the same time: one may take 15 MB. Others wait.
const atOnce = 2

// Handler answers under /api/v1/ and at /metrics.
func Handler(h House) http.Handler {
	s := &server{House: h, seats: make(chan struct{}, atOnce)}
	mux := http.NewServeMux()
	for _, r := range s.list() {
		mux.Handle(r.path, r)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		status.Problem(w, http.StatusNotFound, "There is nothing at this address: /api/v1/openapi.json lists what there is.")
	})
	return mux
}

// list is every route. The document describes each, and a test compares.
func (s *server) list() []route {
	period := []string{"meter", "span", "at"}
	return []route{
		{path: "/api/v1/openapi.json", answer: s.openAPI},
		{path: "/api/v1/status", answer: s.status},
		{path: "/api/v1/health", answer: s.health},
		{path: "/api/v1/consents", answer: s.consents},
		{path: "/api/v1/meters", answer: s.meters},
		{path: "/api/v1/series", takes: []string{"meter"}, answer: s.series},
		{path: "/api/v1/latest", takes: []string{"meter", "path"}, answer: s.latest},
		{path: "/api/v1/history", takes: append([]string{"quantity", "step", "compare", "format"}, period...), answer: s.inTurn(s.history)},
		{path: "/api/v1/shares", takes: period, answer: s.inTurn(s.shares)},
		{path: "/api/v1/outlook", takes: append([]string{"quantity"}, period...), answer: s.inTurn(s.outlook)},
		{path: "/api/v1/usual", takes: []string{"meter", "at", "weeks"}, answer: s.inTurn(s.usual)},
		{path: "/api/v1/bill", takes: []string{"meter", "at"}, answer: s.inTurn(s.bill)},
		{path: "/api/v1/objective", takes: []string{"at"}, answer: s.inTurn(s.objective)},
		{path: "/api/v1/profiles", takes: []string{"span", "at", "step", "by"}, answer: s.inTurn(s.profiles)},
		{path: "/api/v1/investment", takes: []string{"span", "at"}, answer: s.inTurn(s.investment)},
		{path: "/api/v1/equivalences", takes: []string{"power", "energy", "also"}, answer: s.equivalences},
		{path: "/metrics", answer: s.metrics},
	}
}
