package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// task is long work with a name. Run returns nil when ctx ends, or before when there is nothing left to do.
type task interface {
	fmt.Stringer
	Run(ctx context.Context) error
}

// restart bounds how long a task that broke waits before it begins again.
const restart = time.Minute

// serve runs tasks until ctx ends. A task that breaks begins again after a pause; the others go on meanwhile.
func serve(ctx context.Context, log *slog.Logger, tasks []task) {
	var group sync.WaitGroup
	for _, t := range tasks {
		group.Go(func() { keep(ctx, log, t) })
	}
	group.Wait()
}

// keep runs one task again and again.
func keep(ctx context.Context, log *slog.Logger, t task) {
	pause := backoff.NewExponentialBackOff()
	pause.MaxInterval = restart
	for ctx.Err() == nil {
		began := time.Now()
		err := t.Run(ctx)
		switch {
		case err == nil && ctx.Err() == nil:
			log.Info("task finished", "task", t.String())
			return
		case err == nil:
			return
		case ctx.Err() != nil:
			log.Error("task did not stop cleanly", "task", t.String(), "error", err)
			return
		}
		if time.Since(began) > restart {
			pause.Reset()
		}
		wait := pause.NextBackOff()
		log.Warn("task stopped", "task", t.String(), "error", err, "retry_in", wait.Round(time.Millisecond))
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// named is a task made of a function.
type named struct {
	name string
	run  func(ctx context.Context) error
}

func (n named) String() string                { return n.name }
func (n named) Run(ctx context.Context) error { return n.run(ctx) }
