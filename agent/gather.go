package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"releve/senml"
)

// gatherer collects records for a period and puts them into the buffer as one pack: fewer, larger writes are what
// an SD card lives long on. What it holds is what a crash can lose.
type gatherer struct {
	put    func(p senml.Pack) error
	period time.Duration
	log    *slog.Logger
	pulse  *pulse

	mu      sync.Mutex // guards everything below
	records senml.Pack
	dropped uint64
	err     error // of the last put, nil when it went well
}

const (
	maxGathered = 100_000 // held while the buffer takes nothing: some hours of one meter, 20 MB
	maxPack     = 10_000  // put at once: the buffer refuses packs of more than 4 MiB
)

// add takes records; it never waits for the disk.
func (g *gatherer) add(p senml.Pack) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.records = append(g.records, p...)
	if over := len(g.records) - maxGathered; over > 0 {
		g.records = append(senml.Pack(nil), g.records[over:]...)
		g.dropped += uint64(over)
	}
}

// String names the task.
func (g *gatherer) String() string { return "gatherer" }

// Run puts a pack each period, and what is left when ctx ends.
func (g *gatherer) Run(ctx context.Context) error {
	tick := time.NewTicker(g.period)
	defer tick.Stop()
	defer g.pulse.within(0)
	for {
		g.pulse.within(g.period + storeMost)
		select {
		case <-ctx.Done():
			return g.flush()
		case <-tick.C:
			if err := g.flush(); err != nil {
				g.log.Error("readings not stored", "error", err)
			}
		}
	}
}

// flush puts what was gathered. What the buffer cannot take is kept for the next time.
func (g *gatherer) flush() error {
	g.mu.Lock()
	records := g.records
	g.records = nil
	g.mu.Unlock()
	var err error
	for len(records) > 0 && err == nil {
		n := min(len(records), maxPack)
		if err = g.put(records[:n:n]); err == nil {
			records = records[n:]
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.err = err
	g.records = append(records, g.records...)
	return err
}

// trouble returns how many readings were lost since the start, and why none are stored now, or nil.
func (g *gatherer) trouble() (lost uint64, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dropped, g.err
}
