package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation"
	"releve/federation/sen1"
	"releve/senml"
)

// source is a source of the configuration on its way into the buffer.
type source struct {
	name       string
	origin     config.Origin
	renaming   *renaming
	intake     *intake
	identities *identities
	location   *time.Location
	log        *slog.Logger

	finding func() status.Finding // how it stands, which its kind knows
	task    task                  // what asks for readings; nil of who sends them by itself

	collection *federation.Collection // the task of one outside the federation; else nil

	mu      sync.Mutex // guards everything below
	refused uint64     // records that can never be kept
	why     error      // the last one was refused
	newest  float64    // time of the newest record that was handed to us, Unix seconds
}

// openSources prepares what brings readings from the sources of the configuration.
func (a *agent) openSources(context.Context) error {
	if len(a.cfg.Sources) == 0 {
		return nil
	}
	if err := os.MkdirAll(a.state("sources"), 0o700); err != nil {
		return fmt.Errorf("make the folder of the sources: %w", err)
	}
	for _, cfg := range a.cfg.Sources {
		s := &source{
			name: cfg.Name, origin: cfg.Origin, renaming: newRenaming(cfg.Renames), intake: a.intake, identities: a.identities, location: a.cfg.Agent.Location, log: a.log,
		}
		if err := a.tap(s); err != nil {
			return fmt.Errorf("prepare source %s: %w", cfg.Name, err)
		}
		a.sources = append(a.sources, s)
	}
	a.listen()
	a.receive()
	if len(a.proxies) > 0 {
		sen1.Register(a.session, a.proxies)
	}
	return nil
}

// tap gives a source what brings its readings, which each kind makes in a file of its own.
func (a *agent) tap(s *source) error {
	switch origin := s.origin.(type) {
	case config.FromBMHS:
		return a.tapBMHS(s, origin)
	case config.FromFederation:
		return a.follow(s, origin)
	case config.FromLognact:
		return a.tapLognact(s, origin)
	case config.FromReleve:
		s.finding = s.handedFinding // receive takes what it hands us
		return nil
	case config.FromSEN1:
		a.tapSEN1(s, origin)
		return nil
	case config.FromPride:
		return a.tapPride(s, origin)
	}
	return fmt.Errorf("kind %T cannot be asked", s.origin)
}

// tasksOfSources is what runs to ask sources for readings.
func (a *agent) tasksOfSources() []task {
	var tasks []task
	for _, s := range a.sources {
		if s.task != nil {
			tasks = append(tasks, s.task)
		}
	}
	return tasks
}

// take keeps records. One that never can be kept is counted, and no reason to have the others again.
func (s *source) take(ctx context.Context, p senml.Pack) error {
	_, err := s.keep(ctx, giver{source: s.name}, p)
	return err
}

// keep is take of one of the senders of a source that has many.
func (s *source) keep(ctx context.Context, from giver, p senml.Pack) (taken, error) {
	p, foreign := s.own(from, p)
	var names []string
	for _, r := range p {
		names = append(names, r.Name)
	}
	s.meet(from, names)
	t, err := s.intake.take(ctx, from, p)
	if foreign > 0 {
		t.Refused, t.Why = t.Refused+foreign, errOthersPoint
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.Refused > 0 && s.refused == 0 { // once; the page counts
		s.log.Warn("readings of a source cannot be kept", "source", s.name, "error", t.Why)
	}
	if t.Refused > 0 {
		s.refused, s.why = s.refused+uint64(t.Refused), t.Why
	}
	return t, err
}

// meet notes which delivery points stand behind meters in the buffer: who was granted the identity may see it.
func (s *source) meet(from giver, series []string) {
	met := map[string]string{}
	for _, name := range series {
		if prm := deliveryPoint(name); prm != "" {
			met[s.intake.meter(from, name)] = prm
		}
	}
	s.identities.told(met)
}

// errOthersPoint is why a reading of a delivery point is refused that another sender spoke for first.
var errOthersPoint = errors.New("another sender of this source spoke for its delivery point first; who moved to another account is to be named in a [[source]] of its own")

// own leaves out the records of delivery points that another sender of the source spoke for before: of whom it is believed
// that it reads a meter, nobody else is.
func (s *source) own(from giver, p senml.Pack) (kept senml.Pack, foreign int) {
	if from.sender == "" {
		return p, 0
	}
	mine := map[string]bool{} // by the device
	kept = make(senml.Pack, 0, len(p))
	for _, r := range p {
		device, _, _ := strings.Cut(r.Name, "_")
		is, asked := mine[device]
		if !asked {
			point := deliveryPoint(r.Name)
			is = point == "" || s.identities.free(point, s.name+".", s.intake.meter(from, device), s.intake.meter(from, device+"_"))
			mine[device] = is
		}
		if is {
			kept = append(kept, r)
		}
	}
	return kept, len(p) - len(kept)
}

// deliveryPoint is the delivery point that a series is named after, or "".
func deliveryPoint(name string) string {
	device, _, _ := strings.Cut(name, "_")
	if prm, ok := strings.CutPrefix(device, "urn:dev:prm:"); ok && isPRM.MatchString(prm) {
		return prm
	}
	return ""
}

// unkept returns how many records could never be kept, and why the last one.
func (s *source) unkept() (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused, s.why
}
