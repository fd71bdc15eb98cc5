package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation/sen1"
	"releve/senml"
)

// source is a source of the configuration on its way into the buffer.
type source struct {
	name       string
	origin     config.Origin
	renames    []config.Rename
	intake     *intake
	identities *identities
	location   *time.Location
	log        *slog.Logger

	finding func() status.Finding // how it stands, which its kind knows
	task    task                  // what asks for readings; nil of who sends them by itself

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
			name: cfg.Name, origin: cfg.Origin, renames: cfg.Renames, intake: a.intake, identities: a.identities, location: a.cfg.Agent.Location, log: a.log,
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
	_, err := s.keep(ctx, p)
	return err
}

func (s *source) keep(ctx context.Context, p senml.Pack) (taken, error) {
	var names []string
	for _, r := range p {
		names = append(names, r.Name)
	}
	s.meet(names)
	t, err := s.intake.take(ctx, s.name, p)
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
func (s *source) meet(series []string) {
	met := map[string]string{}
	for _, name := range series {
		device, _, _ := strings.Cut(name, "_")
		if prm, ok := strings.CutPrefix(device, "urn:dev:prm:"); ok && isPRM.MatchString(prm) {
			meter, _, _ := strings.Cut(s.intake.local(s.name, name), "/")
			met[meter] = prm
		}
	}
	s.identities.told(met)
}

// unkept returns how many records could never be kept, and why the last one.
func (s *source) unkept() (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused, s.why
}
