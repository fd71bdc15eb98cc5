// Package clocktest is a machine whose clocks a test turns: what a clock asks comes out of what the test has set. It knows
// the truth, which the clock it is given to does not.
package clocktest

import (
	"sync"
	"time"

	"releve/agent/clock"
)

// Machine is a board without a battery. It is safe for use by several goroutines.
type Machine struct {
	mu      sync.Mutex // guards everything below
	boot    string
	on      time.Time // when it was switched on, in truth
	elapsed clock.Instant
	wrong   time.Duration // by which its time of day is ahead of the truth
	synced  bool
}

var _ clock.Machine = (*Machine)(nil)

// New switches a machine on that does not know the time: its clock says 1970.
func New(boot string, on time.Time) *Machine {
	return &Machine{boot: boot, on: on, wrong: time.Unix(0, 0).Sub(on)}
}

// Boot implements clock.Machine.
func (m *Machine) Boot() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.boot
}

// Elapsed implements clock.Machine.
func (m *Machine) Elapsed() clock.Instant {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.elapsed
}

// Look implements clock.Machine.
func (m *Machine) Look() clock.Look {
	m.mu.Lock()
	defer m.mu.Unlock()
	return clock.Look{At: m.elapsed, Wall: m.on.Add(m.elapsed + m.wrong), Synced: m.synced}
}

// Set makes the time of day wrong by so much, with or without being disciplined.
func (m *Machine) Set(wrong time.Duration, synced bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wrong, m.synced = wrong, synced
}

// Pass lets time go by.
func (m *Machine) Pass(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.elapsed += d
}

// Truth is what time it is.
func (m *Machine) Truth() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.on.Add(m.elapsed)
}

// Restart switches it off for a while and on again, in 1970.
func (m *Machine) Restart(boot string, off time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.on = m.on.Add(m.elapsed + off)
	m.boot, m.elapsed, m.synced = boot, 0, false
	m.wrong = time.Unix(0, 0).Sub(m.on)
}
