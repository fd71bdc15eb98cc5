package main

import (
	"context"
	"errors"
	"fmt"
)

type runVerb struct {
	configFile
	LogLevel string `help:"${enum}." enum:"debug,info,warn,error" default:"info"`
}

// Run starts every part and stops them all when ctx ends.
func (v runVerb) Run(ctx context.Context, t terminal) error {
	cfg, err := v.load()
	if err != nil {
		return err
	}
	log := newLog(t.err, v.LogLevel)
	a, err := newAgent(ctx, cfg, log)
	if err != nil {
		return err
	}
	log.Info("started", "version", versionText(), "meters", len(a.meters), "state", cfg.Agent.State)
	serve(ctx, log, a.tasks())
	err = errors.Join(a.gatherer.flush(), a.buffer.Close()) // the meters may have said something after the gatherer stopped
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	log.Info("stopped")
	return nil
}
