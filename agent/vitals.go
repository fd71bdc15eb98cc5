package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"releve/agent/clock"
	"releve/agent/doctor"
	"releve/agent/status"
	"releve/agent/update"
	"releve/tic"
)

// vitals is what the page is told of the machine and of the age of what is kept. Files are read for it, so that it is
// looked at now and then, however many pages are open.
type vitals struct {
	mu      sync.Mutex // guards everything below
	looked  clock.Instant
	known   bool
	machine status.Machine
	oldest  time.Time
}

// vitalsEvery is how old what the page says of the machine may be.
const vitalsEvery = 10 * time.Second

// vitalsShown returns how the machine is doing, and since when readings are kept.
func (a *agent) vitalsShown() (status.Machine, time.Time) {
	v := &a.vitals
	v.mu.Lock()
	defer v.mu.Unlock()
	if now := a.clock.Instant(); !v.known || now-v.looked >= vitalsEvery {
		v.known, v.looked = true, now
		v.machine = machineOf(doctor.ThisHost().Vitals(a.cfg.Agent.State))
		v.machine.Newer = update.Waits(a.state(update.Folder))
		v.oldest = time.Time{}
		if from, _, err := a.buffer.Span(); err == nil { // otherwise the buffer's own check says so
			v.oldest = from
		}
	}
	return v.machine, v.oldest
}

// machineOf words what the doctor has seen.
func machineOf(v doctor.Vitals) status.Machine {
	m := status.Machine{Model: v.Model, Temperature: v.Temperature, Watched: v.Throttled != nil}
	if v.Space != nil {
		m.DiskFree, m.DiskTotal, m.ReadOnly = v.Space.Free, v.Space.Total, v.Space.ReadOnly
	}
	if v.Throttled == nil {
		return m
	}
	for _, strain := range []struct {
		bit  uint32
		name status.Strain
	}{{doctor.LowVoltage, status.Undervoltage}, {doctor.Hot, status.Hot}, {doctor.Slowed, status.Slowed}, {doctor.Capped, status.Capped}} {
		if *v.Throttled&strain.bit != 0 {
			m.Now = append(m.Now, strain.name)
		}
		if *v.Throttled&doctor.Since(strain.bit) != 0 {
			m.Before = append(m.Before, strain.name)
		}
	}
	return m
}

// clocksAhead tells by how many seconds the clock of each meter is ahead of ours, of those that tell the time.
func (a *agent) clocksAhead() map[string]*float64 {
	ahead := map[string]*float64{}
	state := a.clock.State()
	for _, w := range state.Witnesses {
		if w.Steady && state.Source == clock.Kernel { // it is no judge of itself
			seconds := w.Off.Seconds()
			ahead[w.Name] = &seconds
		}
	}
	return ahead
}

// wire keeps the last frames of a meter word for word, but for what says whose it is.
type wire struct {
	mu    sync.Mutex
	last  []wired // the latest last
	spare []byte
}

// wired is one frame as text, and the stamp of when it was heard.
type wired struct {
	stamp    time.Time
	complete bool
	text     string
}

// wireKeeps is how many frames are kept.
const wireKeeps = 3

// frame notes a frame while the decoder still owns its bytes.
func (w *wire) frame(f *tic.Frame, stamp time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spare = w.spare[:0]
	for i, g := range f.Groups {
		if i > 0 {
			w.spare = append(w.spare, '\n')
		}
		w.spare = fmt.Appendf(w.spare, "%-9s", g.Label)
		if g.Horodate != nil {
			w.spare = fmt.Appendf(w.spare, "%s ", g.Horodate)
		}
		if personal[string(g.Label)] {
			w.spare = append(w.spare, "…"...)
			continue
		}
		w.spare = append(w.spare, g.Value...)
	}
	w.last = append(w.last, wired{stamp, f.Complete, string(w.spare)})
	if len(w.last) > wireKeeps {
		w.last = append(w.last[:0], w.last[1:]...)
	}
}

// shown returns the last frames, the latest first; date gives a stamp its time.
func (w *wire) shown(date func(stamp time.Time) time.Time) []status.Wire {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []status.Wire
	for i := len(w.last) - 1; i >= 0; i-- {
		one := w.last[i]
		all = append(all, status.Wire{At: date(one.stamp), Complete: one.complete, Lines: strings.Split(one.text, "\n")})
	}
	return all
}
