package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"releve/agent/config"
	"releve/federation/quoalise"
	"releve/senml"
)

// source is a provider of the federation, or one that hands us packs, on its way into the buffer.
type source struct {
	cfg        config.Source
	follower   *quoalise.Follower // nil of one that hands us packs
	intake     *intake
	identities *identities
	up         func() bool // whether there is a session
	location   *time.Location
	log        *slog.Logger

	mu      sync.Mutex // guards everything below
	refused uint64     // records that can never be kept
	why     error      // the last one was refused
	newest  float64    // time of the newest record that was handed to us, Unix seconds
}

// pauseOfPushes is how long a source has to push nothing until what it has pushed is written: a household pushes each of its
// series in a message of its own, one right after the other, and a card wears by how often it is written.
const pauseOfPushes = 200 * time.Millisecond

// openSources prepares what follows the providers of the configuration.
func (a *agent) openSources(context.Context) error {
	if len(a.cfg.Sources) == 0 {
		return nil
	}
	folder := a.state("sources")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make the folder of the sources: %w", err)
	}
	listener := &quoalise.Listener{Session: a.session}
	for _, cfg := range a.cfg.Sources {
		if cfg.Kind == config.KindReleve {
			a.sources = append(a.sources, a.bareSource(cfg))
			continue
		}
		s, err := a.newSource(cfg, filepath.Join(folder, cfg.Name+".json"))
		if err != nil {
			return err
		}
		a.sources = append(a.sources, s)
		listener.Followers = append(listener.Followers, s.follower)
	}
	listener.Register()
	a.receive()
	return nil
}

func (a *agent) newSource(cfg config.Source, file string) (*source, error) {
	progress, err := quoalise.OpenProgress(file)
	if progress == nil {
		return nil, err
	}
	if err != nil {
		a.log.Warn("all of a source is asked for again", "source", cfg.Name, "error", err)
	}
	s := a.bareSource(cfg)
	s.meet(progress.Series())
	s.follower = &quoalise.Follower{
		Remote:      &quoalise.Remote{Session: a.session, Provider: cfg.Provider, Location: a.cfg.Agent.Location},
		Identifiers: cfg.Identifiers, Since: cfg.Since, Every: cfg.Repair, Progress: progress,
		Ready: a.clock.Known(), Now: a.now, Take: s.take, Gather: pauseOfPushes, Log: a.log,
	}
	return s, nil
}

func (a *agent) bareSource(cfg config.Source) *source {
	return &source{
		cfg: cfg, intake: a.intake, identities: a.identities, up: func() bool { return a.session.State().Up },
		location: a.cfg.Agent.Location, log: a.log,
	}
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
	t, err := s.intake.take(ctx, s.cfg.Name, p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.Refused > 0 && s.refused == 0 { // once; the page counts
		s.log.Warn("readings of a source cannot be kept", "source", s.cfg.Name, "error", t.Why)
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
			meter, _, _ := strings.Cut(s.intake.local(s.cfg.Name, name), "/")
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
