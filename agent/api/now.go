package api

import (
	_ "embed"
	"net/http"
	"slices"
	"time"

	"releve/agent/status"
)

//go:embed openapi.json
var document []byte

func (s *server) openAPI(*http.Request, parameters) (reply, error) {
	return reply{kind: "application/vnd.oai.openapi+json;version=3.1", body: document}, nil
}

func (s *server) status(*http.Request, parameters) (reply, error) { return asJSON(s.Snapshot()) }

// health is the tree of checks, and whether the device is ready (as /readyz).
func (s *server) health(*http.Request, parameters) (reply, error) {
	tree := s.Snapshot().Health
	return asJSON(struct {
		Ready bool         `json:"ready"`
		Worst status.State `json:"worst"`
		Tree  status.Node  `json:"tree"`
	}{tree.Ready() == nil, tree.Worst(), tree})
}

func (s *server) consents(*http.Request, parameters) (reply, error) {
	return asJSON(struct {
		Consents []status.Consent `json:"consents"`
	}{orEmpty(s.Snapshot().Consents)})
}

// meterLine is a meter, or a device of a source.
type meterLine struct {
	Name      string    `json:"name"`
	Title     string    `json:"title,omitempty"`
	Own       bool      `json:"own"` // a meter that this device reads
	Mode      string    `json:"mode,omitempty"`
	LastFrame time.Time `json:"last_frame,omitzero"`
}

func (s *server) meters(*http.Request, parameters) (reply, error) {
	list := []meterLine{}
	for _, m := range s.Snapshot().Meters {
		one := meterLine{Name: m.Name, Title: m.Title, Own: true, Mode: m.Mode}
		if !m.LastFrame.IsZero() {
			one.LastFrame = m.LastFrame.In(s.History.Location)
		}
		list = append(list, one)
	}
	for _, name := range s.names() {
		if !slices.ContainsFunc(list, func(m meterLine) bool { return m.Name == name }) {
			list = append(list, meterLine{Name: name})
		}
	}
	return asJSON(struct {
		Meters []meterLine `json:"meters"`
	}{list})
}

// names are the meters that this device reads, and behind them the devices of sources.
func (s *server) names() []string {
	var names []string
	for _, m := range s.Snapshot().Meters {
		names = append(names, m.Name)
	}
	for _, one := range s.Series() {
		if !slices.Contains(names, one.Meter) {
			names = append(names, one.Meter)
		}
	}
	return names
}

func (s *server) series(_ *http.Request, q parameters) (reply, error) {
	named := q.values["meter"]
	if _, err := q.meters(s.names()); err != nil && len(named) > 0 {
		return reply{}, err
	}
	list := slices.DeleteFunc(slices.Clone(s.Series()), func(one Series) bool {
		return len(named) > 0 && !slices.Contains(named, one.Meter)
	})
	return asJSON(struct {
		Series []Series `json:"series"`
	}{orEmpty(list)})
}

func (s *server) latest(_ *http.Request, q parameters) (reply, error) {
	named, path := q.values["meter"], q.text("path")
	if _, err := q.meters(s.names()); err != nil && len(named) > 0 {
		return reply{}, err
	}
	list := slices.DeleteFunc(slices.Clone(s.Latest()), func(one Value) bool {
		return len(named) > 0 && !slices.Contains(named, one.Meter) || path != "" && one.Path != path
	})
	return asJSON(struct {
		Values []Value `json:"values"`
	}{orEmpty(list)})
}
