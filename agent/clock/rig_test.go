package clock_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"releve/agent/clock"
	"releve/agent/clock/clocktest"
)

// noon is when the invented machines are switched on.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// rig is a clock on such a machine, and the file it writes.
type rig struct {
	*clock.Clock
	t        *testing.T
	m        *clocktest.Machine
	file     string
	writable bool
	log      *bytes.Buffer
}

// newRig switches a machine on that does not know the time: its clock says 1970.
func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, writable: true, file: filepath.Join(t.TempDir(), "clock.json"), log: &bytes.Buffer{}}
	r.m = clocktest.New("first", noon)
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

// pass lets time go by, with a look at the kernel each second, for an hour at most, and one at the end.
func (r *rig) pass(d time.Duration) {
	r.t.Helper()
	step := max(time.Second, d/3600)
	for ; d > 0; d -= step {
		r.m.Pass(min(step, d))
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
		r.Hear("linky", at, r.m.Truth().Add(wrong).Truncate(time.Second), degraded)
		r.pass(time.Second)
	}
}

// off is by how much the clock is ahead of the truth; it fails when the time is not known.
func (r *rig) off() time.Duration {
	r.t.Helper()
	now, known := r.Now()
	if !known {
		r.t.Errorf("the time is not known:\n%s", r.log)
	}
	return now.Sub(r.m.Truth())
}

func (r *rig) isKnown() bool {
	_, known := r.Now()
	return known
}
