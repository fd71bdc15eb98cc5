package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"

	"releve/agent/clock"
	"releve/agent/config"
)

type runVerb struct {
	configFile
	LogLevel string `help:"${enum}." enum:"debug,info,warn,error" default:"info"`
}

// Run measures until ctx ends. The button can make it rest meanwhile.
func (v runVerb) Run(ctx context.Context, t terminal) error {
	cfg, err := v.load()
	if err != nil {
		return err
	}
	log, lines := remembered(newLog(t.err, v.LogLevel))
	spareMemory()
	presses := watchButton(ctx, cfg.Button.Pin, log)
	defer presses.close()
	for {
		err := measure(ctx, cfg, log, lines, presses)
		switch {
		case errors.Is(err, errRestart):
			presses.close()
			return reexec()
		case !errors.Is(err, errRest):
			return err
		}
		if !rest(ctx, presses, log) {
			return nil
		}
	}
}

// memoryLimit is what memory may be taken before garbage is collected at once, unless GOMEMLIMIT says otherwise. Who needs more has it.
const memoryLimit = 18 << 20 // bytes

// spareMemory has garbage collected sooner, unless GOGC says when: opening a month of readings leaves as much garbage as
// the agent needs afterwards, as does each turn of a delivery that has fallen behind, and a Pi has 512 MB. With this, half the
// turns and a month that waits for a subscriber, anonymous memory was 15 MB while it was away and at most 23 when it had come
// back, instead of 36 and 49 (TestIntegrationMemory, amd64); as a 386 program, 14 at most,
// and 11 on an emulated ARMv6 with a day that waits.
func spareMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// measure starts every part and stops them all when ctx ends, or when the button asks to rest or somebody to restart: then
// it returns errRest or errRestart.
func measure(ctx context.Context, cfg config.Config, log *slog.Logger, lines *logLines, presses *presses) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	machine, err := clock.OpenSystem()
	if err != nil {
		return err
	}
	a, err := newAgent(ctx, cfg, machine, log)
	if err != nil {
		return err
	}
	a.presses, a.rest, a.lines = presses, stop, lines
	log.Info("started", "version", versionText(), "meters", len(a.meters), "state", cfg.Agent.State)
	serve(ctx, log, a.tasks())
	if err := a.stop(); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	log.Info("stopped")
	return restOrNil(ctx)
}

// restOrNil tells whether ctx ended and the process goes on: because of the button, or to restart.
func restOrNil(ctx context.Context) error {
	if cause := context.Cause(ctx); errors.Is(cause, errRest) || errors.Is(cause, errRestart) {
		return cause
	}
	return nil
}
