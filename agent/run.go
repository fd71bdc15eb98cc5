package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"

	"releve/agent/clock"
	"releve/agent/status"
	"releve/agent/update"
	"releve/systemd/notify"
)

type runVerb struct {
	configFile
	LogLevel string `help:"The least that is logged: ${enum}." enum:"debug,info,warn,error" default:"info"`
}

// tenure is what outlives the agents of a process, which begin anew.
type tenure struct {
	machine clock.Machine
	log     *slog.Logger
	lines   *logLines
	presses *presses // nil without [button]
	remote  *remote
	vigil   *vigil
	entry   *entry
	edition *edition
	porch   *status.Porch
}

// Run measures until ctx ends. The button can make it rest meanwhile.
func (v runVerb) Run(ctx context.Context, t terminal) error {
	base, err := v.read()
	if err != nil {
		return err
	}
	var l tenure
	if l.machine, err = clock.OpenSystem(); err != nil {
		return err
	}
	l.log, l.lines = remembered(newLog(t.err, v.LogLevel))
	l.vigil = newVigil(l.log)
	l.edition, l.porch = newEdition(update.OwnFolder, update.DpkgStatus), new(status.Porch)
	if l.remote, err = openRemote(base, l.machine, l.log); err != nil {
		return refusal{err}
	}
	if l.entry, err = openEntry(base.State(), l.machine, l.log); err != nil {
		return err
	}
	spareMemory()
	l.presses = watchButton(ctx, l.remote.choose().Button.Pin, l.log)
	err = l.measureOn(ctx)
	l.presses.close()
	if errors.Is(err, errRestart) {
		return reexec()
	}
	return err
}

// measureOn measures until ctx ends or a restart is asked for, and begins anew whenever the configuration changes or the
// button has had its rest.
func (l tenure) measureOn(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() { l.remote.watch(ctx) })
	group.Go(func() { l.vigil.keep(ctx, notify.Watchdog()) })
	defer group.Wait()
	defer cancel()
	defer l.porch.Shut()
	for {
		err := l.measure(ctx)
		switch {
		case errors.Is(err, errAgain) && ctx.Err() != nil: // it was about to begin anew
			return nil
		case errors.Is(err, errAgain):
		case !errors.Is(err, errRest):
			return err
		case !l.rest(ctx):
			return nil
		}
	}
}

// rest waits for the button with nothing open.
func (l tenure) rest(ctx context.Context) bool {
	l.porch.Shut()
	return rest(ctx, l.presses, l.log)
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

// measure starts every part and stops them all when ctx ends, or when the button asks to rest, somebody to restart, or the
// configuration changes or readings were erased: then it returns errRest, errRestart or errAgain.
func (l tenure) measure(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	l.remote.begins(stop)
	defer l.remote.ended()
	opening := l.vigil.pulse("opening")
	opening.within(openMost)
	defer opening.within(0)
	cfg := l.remote.choose().Config
	a, err := newAgent(ctx, cfg, l.machine, l.log, l.remote)
	switch {
	case err != nil && l.remote.failed(err):
		return errAgain
	case err != nil:
		return err
	}
	a.presses, a.rest, a.lines, a.entry, a.edition, a.porch = l.presses, stop, l.lines, l.entry, l.edition, l.porch
	if cfg.Status.Listen == "" {
		l.porch.Shut()
	}
	l.remote.opened(a)
	a.guard(l.vigil)
	opening.within(0)
	defer l.vigil.after(ctx, "closing", closeMost)()
	l.log.Info("started", "version", versionText(), "meters", len(a.meters), "state", cfg.Agent.State)
	serve(ctx, l.log, a.tasks())
	if err := a.stop(); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	l.log.Info("stopped")
	return restOrNil(ctx)
}

// restOrNil tells whether ctx ended and the process goes on: because of the button, to restart, or to begin anew.
func restOrNil(ctx context.Context) error {
	for _, goesOn := range []error{errRest, errRestart, errAgain} {
		if cause := context.Cause(ctx); errors.Is(cause, goesOn) {
			return cause
		}
	}
	return nil
}
