package clock_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"releve/agent/clock"
)

// noon is when the invented machines are switched on.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// machine is a kernel whose clocks a test turns.
type machine struct {
	mu      sync.Mutex // guards everything below
	boot    string
	on      time.Time // when it was switched on, in truth
	elapsed clock.Instant
	wrong   time.Duration // by which its time of day is ahead of the truth
	synced  bool
}

func (m *machine) Boot() string { return m.boot }

func (m *machine) Elapsed() clock.Instant {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.elapsed
}

func (m *machine) Look() clock.Look {
	m.mu.Lock()
	defer m.mu.Unlock()
	return clock.Look{At: m.elapsed, Wall: m.on.Add(m.elapsed + m.wrong), Synced: m.synced}
}

// set makes the kernel's clock say another time, with or without being disciplined.
func (m *machine) set(wrong time.Duration, synced bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wrong, m.synced = wrong, synced
}

// rig is a clock on such a machine, and the file it writes.
type rig struct {
	*clock.Clock
	t        *testing.T
	m        *machine
	file     string
	writable bool
	log      *bytes.Buffer
}

// newRig switches a machine on that does not know the time: its clock says 1970.
func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, writable: true, file: filepath.Join(t.TempDir(), "clock.json"), log: &bytes.Buffer{}}
	r.m = &machine{boot: "first", on: noon, wrong: time.Unix(0, 0).Sub(noon)}
	return r
}

// open starts the program, which knows of no reading.
func (r *rig) open(o clock.Options) *rig { return r.openAfter(o, time.Time{}, r.m.Elapsed()) }

func (r *rig) openAfter(o clock.Options, newest time.Time, first clock.Instant) *rig {
	r.t.Helper()
	o.Machine, o.File, o.Log = r.m, r.file, slog.New(slog.NewTextHandler(r.log, nil))
	c, err := clock.Open(o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.Clock = c
	if err := c.Start(newest, first); err != nil && r.writable {
		r.t.Fatal(err)
	}
	return r
}

// reboot switches the machine off for a while and on again.
func (r *rig) reboot(boot string, off time.Duration) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	r.m.on = r.m.on.Add(r.m.elapsed + off)
	r.m.boot, r.m.elapsed, r.m.synced = boot, 0, false
	r.m.wrong = time.Unix(0, 0).Sub(r.m.on)
}

// pass lets time go by, with a look at the kernel each second, for an hour at most, and one at the end.
func (r *rig) pass(d time.Duration) {
	r.t.Helper()
	step := max(time.Second, d/3600)
	for ; d > 0; d -= step {
		r.m.mu.Lock()
		r.m.elapsed += min(step, d)
		r.m.mu.Unlock()
		if err := r.Look(); err != nil {
			r.t.Fatal(err)
		}
	}
}

// talk is a meter that tells the time each second for a while, wrong by that much.
func (r *rig) talk(d, wrong time.Duration, degraded bool) {
	r.t.Helper()
	for ; d > 0; d -= time.Second {
		at := r.m.Elapsed()
		r.Hear("linky", at, r.truth().Add(wrong).Truncate(time.Second), degraded)
		r.pass(time.Second)
	}
}

func (r *rig) truth() time.Time {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	return r.m.on.Add(r.m.elapsed)
}

// off is by how much the clock is ahead of the truth; it fails when the time is not known.
func (r *rig) off() time.Duration {
	r.t.Helper()
	now, known := r.Now()
	if !known {
		r.t.Errorf("the time is not known:\n%s", r.log)
	}
	return now.Sub(r.truth())
}

func (r *rig) isKnown() bool {
	_, known := r.Now()
	return known
}
