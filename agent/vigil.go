package main

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"releve/systemd/notify"
)

// How long work that waits for nobody may take. A card that is dying takes minutes to store a little, and its readings are
// worth waiting for.
const (
	decodeMost  = 2 * time.Minute  // for what was read of a line at once
	storeMost   = 10 * time.Minute // for what a gatherer holds
	openMost    = 14 * time.Minute // for a store, after a power cut; less than TimeoutStartSec of releve.service
	closeMost   = 10 * time.Minute
	vigilSeldom = time.Minute // between two looks when systemd asks for none
)

// vigil watches over a whole run that what was begun goes on, and tells systemd so as long as all does (sd_notify(3),
// WATCHDOG=1). Only work counts, not waiting for somebody: a meter that is silent and a network that is away are no reason
// to begin anew, a decoder or a delivery that does not return is. A nil one watches nothing.
type vigil struct {
	now  func() time.Duration // since some instant, never back
	tell func(most time.Duration) error
	log  *slog.Logger

	mu     sync.Mutex // guards everything below
	due    map[*pulse]time.Duration
	hangs  string // what hung at the last look
	untold bool   // systemd could not be told at the last look
}

// pulse is of one loop.
type pulse struct {
	name string
	of   *vigil
}

func newVigil(log *slog.Logger) *vigil {
	began := time.Now()
	return &vigil{now: func() time.Duration { return time.Since(began) }, tell: notify.Alive, log: log, due: map[*pulse]time.Duration{}}
}

// pulse returns one for a loop to tell its steps.
func (v *vigil) pulse(name string) *pulse {
	if v == nil {
		return nil
	}
	return &pulse{name: name, of: v}
}

// within says that the next step is done within this time; 0 that the loop waits for what may never come.
func (p *pulse) within(most time.Duration) {
	if p == nil {
		return
	}
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	if most == 0 {
		delete(p.of.due, p)
		return
	}
	p.of.due[p] = p.of.now() + most
}

// after bounds what is to be done once ctx has ended, until ended is called.
func (v *vigil) after(ctx context.Context, name string, most time.Duration) (ended func()) {
	p, began := v.pulse(name), make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		p.within(most)
		close(began)
	})
	return func() {
		if !stop() {
			<-began
		}
		p.within(0)
	}
}

// keep looks until ctx ends, three times in each period that systemd gives (watchdog), at once first.
func (v *vigil) keep(ctx context.Context, watchdog time.Duration) {
	every := cmp.Or(watchdog/3, vigilSeldom)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		v.look(watchdog)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look tells systemd that all goes on, or the log once what does not.
func (v *vigil) look(watchdog time.Duration) {
	v.mu.Lock()
	hangs, late := v.late()
	news := hangs != v.hangs
	v.hangs = hangs
	v.mu.Unlock()
	switch {
	case hangs != "" && news:
		v.log.Error("something hangs: the watchdog is not fed", "what", hangs, "late_by", late.Round(time.Second))
	case hangs == "" && news:
		v.log.Warn("nothing hangs any more")
	}
	if hangs != "" || watchdog == 0 {
		return
	}
	err := v.tell(watchdog)
	if err != nil && !v.untold {
		v.log.Warn("systemd is not told that all goes on", "error", err)
	}
	v.untold = err != nil
}

// late names what hangs, and by how much at most. The caller holds mu.
func (v *vigil) late() (names string, most time.Duration) {
	var all []string
	for p, due := range v.due {
		if over := v.now() - due; over > 0 {
			all, most = append(all, p.name), max(most, over)
		}
	}
	if len(all) == 0 {
		return "", 0
	}
	slices.Sort(all)
	return strings.Join(all, ", "), most
}

// guard has the loops of an agent tell their steps.
func (a *agent) guard(v *vigil) {
	a.gatherer.pulse = v.pulse(a.gatherer.String())
	for _, m := range a.meters {
		m.pulse = v.pulse(m.String())
	}
	if a.subscribers != nil {
		a.subscribers.vigil = v
	}
	for _, r := range a.recipients {
		r.delivery.Step = v.pulse(r.delivery.String()).within
	}
	for _, s := range a.sources {
		if s.collection != nil {
			s.collection.Step = v.pulse(s.collection.String()).within
		}
	}
}
