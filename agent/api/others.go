package api

import (
	"fmt"
	"net/http"
	"strings"

	"releve/agent/equivalence"
	"releve/agent/history"
	"releve/agent/status"
)

func (s *server) objective(r *http.Request, q parameters) (reply, error) {
	if s.Standing == nil {
		return reply{}, fmt.Errorf("%w: no objective is configured: set percent under [objective]", errAbsent)
	}
	at, err := q.at(s.History.Now(), s.History.Location)
	if err != nil {
		return reply{}, err
	}
	standing, err := s.Standing(r.Context(), at)
	if err != nil {
		return reply{}, err
	}
	return asJSON(standing)
}

// profileLine is one curve.
type profileLine struct {
	Name     string       `json:"name"`
	Title    string       `json:"title,omitempty"`
	Caption  status.Words `json:"caption"`
	People   int          `json:"people,omitempty"`
	Area     int          `json:"area_m2,omitempty"`
	Unscaled bool         `json:"unscaled,omitempty"`
	Line     history.Line `json:"line"`
}

func (s *server) profiles(r *http.Request, q parameters) (reply, error) {
	at, err := q.at(s.History.Now(), s.History.Location)
	if err != nil {
		return reply{}, err
	}
	var all []history.Profile
	for _, p := range s.Profiles {
		all = append(all, p.Profile)
	}
	shown, err := s.History.Profiles(r.Context(), all, history.By(q.text("by")), q.span(), at, history.Step(q.text("step")))
	if err != nil {
		return reply{}, err
	}
	lines := []profileLine{}
	for i, p := range shown {
		lines = append(lines, profileLine{p.Name, p.Title, s.Profiles[i].Caption, p.People, p.Area, p.Unscaled, p.Line})
	}
	return asJSON(struct {
		Profiles []profileLine `json:"profiles"`
	}{lines})
}

func (s *server) investment(r *http.Request, q parameters) (reply, error) {
	if s.Stake == nil {
		return reply{}, fmt.Errorf("%w: no investment is configured: name its series under [investment]", errAbsent)
	}
	at, err := q.at(s.History.Now(), s.History.Location)
	if err != nil {
		return reply{}, err
	}
	shown, err := s.History.Stake(r.Context(), *s.Stake, q.span(), at)
	if err != nil {
		return reply{}, err
	}
	return asJSON(shown)
}

func (s *server) equivalences(_ *http.Request, q parameters) (reply, error) {
	w, isPower, err := q.number("power")
	if err != nil {
		return reply{}, err
	}
	wh, isEnergy, err := q.number("energy")
	if err != nil {
		return reply{}, err
	}
	if isPower == isEnergy {
		return reply{}, wrong("give one of power, in W, and energy, in Wh")
	}
	table, err := equivalence.Ready()
	if err != nil {
		return reply{}, err
	}
	told := table.Energy
	if isPower {
		wh, told = w, table.Power
	}
	return asJSON(struct {
		Equivalences []equivalence.Told `json:"equivalences"`
	}{told(wh, strings.Split(q.text("also"), ",")...)})
}
