package clock_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"releve/agent/clock"
)

const day = 24 * time.Hour

// A kernel is believed when it is disciplined, not when it merely says something; from then on every instant of the
// boot has its date, also those before.
func TestKernel(t *testing.T) {
	t.Parallel()
	r := newRig(t).open(clock.Options{})
	heard := r.Instant()
	r.pass(time.Hour)
	r.m.Set(-3*day, false) // restored from a file
	r.pass(time.Hour)
	if r.isKnown() {
		t.Error("a clock that nothing disciplines is believed")
	}
	select {
	case <-r.Known():
		t.Error("it says that it is known")
	default:
	}
	r.m.Set(0, true)
	r.pass(time.Second)
	<-r.Known()
	if off := r.off(); off != 0 {
		t.Errorf("off by %s", off)
	}
	if at, known := r.Date(heard); !at.Equal(noon) || !known {
		t.Errorf("the first instant is dated %s, %v", at, known)
	}
	if s := r.State(); s.Source != clock.Kernel || !s.Synced || s.Corrections != 0 || s.Doubted != clock.Unknown {
		t.Errorf("state %+v", s)
	}
}

// A clock that is not disciplined may be told to be right.
func TestTrust(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.m.Set(0, false)
	r.open(clock.Options{Trust: true})
	if off := r.off(); off != 0 {
		t.Errorf("off by %s", off)
	}
}

func TestMeter(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		talk  func(r *rig)
		known bool
	}{
		{"steady for a minute", func(r *rig) { r.talk(62*time.Second, 0, false) }, true},
		{"too short", func(r *rig) { r.talk(50*time.Second, 0, false) }, false},
		{"degraded", func(r *rig) { r.talk(time.Hour, 0, true) }, false},
		{"degraded at the end", func(r *rig) { r.talk(59*time.Second, 0, false); r.talk(time.Second, 0, true); r.pass(time.Hour) }, false},
		{"set in between", func(r *rig) { r.talk(40*time.Second, 0, false); r.talk(40*time.Second, time.Hour, false) }, false},
		{"set, then steady", func(r *rig) { r.talk(40*time.Second, time.Hour, false); r.talk(62*time.Second, 0, false) }, true},
		{"stands still", func(r *rig) {
			for i := range 600 {
				r.talk(time.Second, -time.Duration(i)*time.Second, false)
			}
		}, false},
		{"silent for long", func(r *rig) {
			for range 20 {
				r.talk(2*time.Second, 0, false)
				r.pass(2 * time.Minute)
			}
		}, false},
		{"before 2020", func(r *rig) { r.talk(2*time.Minute, -7*365*day, false) }, false},
		{"of the next century", func(r *rig) { r.talk(2*time.Minute, 75*365*day, false) }, false},
		{"two that agree", func(r *rig) { r.both(20 * time.Second) }, true},
		{"two that differ", func(r *rig) { r.both(time.Hour) }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t).open(clock.Options{})
			row.talk(r)
			if r.isKnown() != row.known {
				t.Fatalf("known is %v, want %v\n%s", !row.known, row.known, r.log)
			}
			if row.known && (r.off().Abs() > 2*time.Second && row.name != "two that agree" || r.State().Source != clock.Meter) {
				t.Errorf("off by %s, %+v", r.off(), r.State())
			}
		})
	}
}

// both are two meters of which one is ahead.
func (r *rig) both(ahead time.Duration) {
	for range 70 {
		r.Hear("other", r.Instant(), r.m.Truth().Add(ahead).Truncate(time.Second), false)
		r.talk(time.Second, 0, false)
	}
}

// In the night in October that has an hour twice the meter's letter tells them apart: to the clock there is no step.
// Without network, a step of an hour by the meter alone is not followed.
func TestMeterIsNotFollowed(t *testing.T) {
	t.Parallel()
	for _, wrong := range []time.Duration{time.Hour, -time.Hour, 400 * day, -30 * day, 3 * time.Minute} {
		r := newRig(t).open(clock.Options{})
		r.talk(2*time.Minute, 0, false)
		r.talk(time.Hour, wrong, false)
		if off := r.off(); off.Abs() > 2*time.Second {
			t.Errorf("a meter that was set by %s set the clock by %s", wrong, off)
		}
		if s := r.State(); (s.Witnesses[0].Off-wrong).Abs() > 2*time.Second || s.Doubted != clock.Unknown {
			t.Errorf("state %+v", s)
		}
	}
}

// A machine without network drifts; the meter holds it.
func TestMeterHoldsDrift(t *testing.T) {
	t.Parallel()
	r := newRig(t).open(clock.Options{})
	last := time.Time{}
	for drift := range 200 { // seconds that the machine's clock is slow by
		r.talk(70*time.Second, time.Duration(drift)*time.Second, false)
		now, _ := r.Now()
		if off := now.Sub(r.m.Truth()) - time.Duration(drift)*time.Second; drift > 0 && off.Abs() > 8*time.Second {
			t.Fatalf("after %d s of drift off by %s", drift, off)
		}
		if now.Before(last) {
			t.Fatal("the time ran backwards")
		}
		last = now
	}
}

// TestLastKnown asks what may be believed beside the last known time.
func TestLastKnown(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		floor  time.Time
		kernel bool
		wrong  time.Duration
		after  time.Duration // until it is known; 0 for never, in three days
	}{
		{"a moment ago", noon.Add(-time.Minute), true, 0, time.Second},
		{"a year ago", noon.AddDate(-1, 0, 0), true, 0, time.Second},
		{"an hour ahead of the truth", noon.Add(time.Hour), true, 0, time.Second},
		{"three hours ahead", noon.Add(3 * time.Hour), true, 0, day},
		{"two years ago", noon.AddDate(-2, 0, 0), true, 0, day},
		{"the kernel is ten years ahead", noon, true, 3650 * day, day},
		{"the kernel is five years behind", noon, true, -5 * 365 * day, day},
		{"the kernel is in 1971", noon, true, -55 * 365 * day, 0},
		{"the meter is ten years ahead", noon, false, 3650 * day, 0},
		{"the meter is a month behind", noon, false, -30 * day, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t).openAfter(clock.Options{}, row.floor, 0)
			if row.kernel {
				r.m.Set(row.wrong, true)
			}
			step := func(d time.Duration) {
				if row.kernel {
					r.pass(d)
				} else {
					r.talk(d, row.wrong, false)
				}
			}
			if row.after == 0 {
				step(2 * time.Hour)
				if row.kernel {
					r.pass(3 * day)
				}
				if r.isKnown() || r.State().Doubted == clock.Unknown || !strings.Contains(r.log.String(), "a clock is not believed") {
					t.Errorf("known is %v, %+v", r.isKnown(), r.State())
				}
				return
			}
			if row.after > time.Second {
				r.pass(row.after - time.Minute)
				s := r.State()
				if r.isKnown() || s.Doubted != clock.Kernel || !s.Says.Equal(r.m.Truth().Add(row.wrong)) || !s.LastKnown.Equal(row.floor) {
					t.Errorf("too early: known is %v, %+v", r.isKnown(), s)
				}
			}
			r.pass(2 * time.Minute)
			if want := max(0, row.floor.Sub(noon)); row.after == time.Second && (r.off() < 0 || r.off() > want) || row.after > time.Second && r.off() != row.wrong {
				t.Errorf("off by %s", r.off())
			}
		})
	}
}

// What the kernel says against the last known time is believed at once when the meter says so too, and when only the
// meter is likely, the meter is.
func TestKernelAndMeter(t *testing.T) {
	t.Parallel()
	r := newRig(t).openAfter(clock.Options{}, noon.AddDate(10, 0, 0), 0)
	r.m.Set(0, true)
	r.talk(2*time.Minute, time.Second, false)
	if off := r.off(); off != 0 || r.State().Source != clock.Kernel {
		t.Errorf("off by %s, %+v", off, r.State())
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r.m.Restart("second", time.Minute)
	r.openAfter(clock.Options{}, noon.AddDate(9, 0, 0), r.m.Elapsed()) // of a reading stored while the clock was wrong
	r.m.Set(0, true)
	r.pass(time.Second)
	if off := r.off(); off != 0 {
		t.Errorf("after that, off by %s", off)
	}

	r = newRig(t).openAfter(clock.Options{}, noon, 0)
	r.m.Set(10*365*day, true)
	r.talk(2*time.Minute, 0, false)
	if off := r.off(); off.Abs() > 2*time.Second || r.State().Source != clock.Meter || r.State().Doubted != clock.Kernel {
		t.Errorf("off by %s, %+v", off, r.State())
	}
}

// TestCorrections steps a disciplined kernel.
func TestCorrections(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		by   time.Duration // the kernel was wrong, until it was corrected
		took time.Duration // until the clock is right
	}{
		{"behind", -3 * time.Hour, time.Second},
		{"a little behind", -200 * time.Millisecond, time.Second},
		{"a little ahead", 200 * time.Millisecond, 2 * time.Second},
		{"ten seconds ahead", 10 * time.Second, 21 * time.Second},
		{"an hour ahead", time.Hour, 2*time.Hour + time.Second},
		{"three hours ahead", 3 * time.Hour, day + time.Second},
		{"two years behind", -2 * 365 * day, day + time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.m.Set(row.by, true)
			r.open(clock.Options{})
			r.pass(time.Minute)
			r.m.Set(0, true)
			before, _ := r.Now()
			r.pass(row.took / 2)
			if now, _ := r.Now(); now.Before(before) {
				t.Errorf("the time ran backwards from %s to %s", before, now)
			}
			r.pass(row.took/2 + 30*time.Second)
			if off := r.off(); off != 0 || r.State().Corrections != 1 {
				t.Errorf("still off by %s, %+v", off, r.State())
			}
			if at, _ := r.Date(30 * time.Second); !at.Equal(noon.Add(30*time.Second + row.by)) {
				t.Errorf("what was dated before has another date now: %s", at)
			}
		})
	}
}

// A kernel that is stepped by hand is not disciplined any more, and is not followed.
func TestHandIsNotFollowed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.m.Set(0, true)
	r.open(clock.Options{})
	r.m.Set(-5*time.Hour, false)
	r.pass(time.Hour)
	if off := r.off(); off != 0 || r.State().Corrections != 0 {
		t.Errorf("off by %s", off)
	}
}

// A program that is started anew in the same boot knows the time at once and dates instants as before.
func TestRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.m.Set(40*time.Second, true)
	r.open(clock.Options{})
	r.pass(time.Minute)
	r.m.Set(0, true)
	r.pass(20 * time.Second)
	r.m.Set(-9*day, false)
	var before []time.Time
	for at := clock.Instant(0); at < 3*time.Minute; at += time.Second {
		date, _ := r.Date(at)
		before = append(before, date)
	}
	r.openAfter(clock.Options{}, noon.Add(-time.Hour), r.m.Elapsed())
	for i, want := range before {
		if got, known := r.Date(time.Duration(i) * time.Second); !got.Equal(want) || !known {
			t.Fatalf("%d s are dated %s, %v; want %s", i, got, known, want)
		}
	}
	r.m.Restart("second", time.Hour)
	r.open(clock.Options{})
	if r.isKnown() {
		t.Error("another boot knows the time at once")
	}
	if m, ok := r.Mapping("first"); !ok || !m.Date(0).Equal(before[0]) {
		t.Errorf("the first boot is dated %v, %v", m, ok)
	}
	if _, ok := r.Mapping("third"); ok {
		t.Error("a boot that never was is dated")
	}
}

// The first instants of a boot are dated after the last known time, also when the clock before was a little ahead.
func TestBootsAreInOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.m.Set(10*time.Minute, true)
	r.open(clock.Options{})
	r.pass(time.Minute)
	last, _ := r.Now()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r.m.Restart("second", 20*time.Second)
	r.m.Pass(5 * time.Second)
	r.openAfter(clock.Options{}, time.Time{}, 2*time.Second)
	r.m.Set(0, true)
	r.pass(10 * time.Second)
	if first, _ := r.Date(2 * time.Second); !first.Equal(last) {
		t.Errorf("the first instant is dated %s, want %s", first, last)
	}
	if at, _ := r.Date(time.Minute); !at.After(last) {
		t.Errorf("a minute later it is %s, want it after %s", at, last)
	}
	r.pass(20 * time.Minute)
	if off := r.off(); off != 0 {
		t.Errorf("off by %s", off)
	}
}

// readAside reads the one file that was set aside.
func readAside(file string) ([]byte, error) {
	aside, err := filepath.Glob(file + ".damaged-*")
	if err != nil || len(aside) != 1 {
		return nil, fmt.Errorf("set aside: %v, %w", aside, err)
	}
	return os.ReadFile(aside[0])
}

func TestDamagedFile(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "{", `{"boots":[{"boot":"first","mapping":[]}]}`, `{"boots":[{"boot":"","mapping":[{"from":0,"began":"2026-03-01T12:00:00Z"}]}]}`,
		`{"boots":[{"boot":"first","mapping":[{"from":0,"began":"1926-03-01T12:00:00Z"}]}]}`,
		`{"boots":[{"boot":"first","mapping":[{"from":0,"began":"2026-03-01T12:00:00Z","ahead":-5}]}]}`,
	} {
		r := newRig(t)
		if err := os.WriteFile(r.file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r.open(clock.Options{})
		kept, err := readAside(r.file)
		if r.isKnown() || err != nil || string(kept) != text || !strings.Contains(r.log.String(), "set aside") {
			t.Errorf("%q: known is %v, kept %q, %v:\n%s", text, r.isKnown(), kept, err, r.log)
		}
		r.m.Set(0, true)
		r.pass(time.Second)
		if off := r.off(); off != 0 {
			t.Errorf("%q: off by %s", text, off)
		}
	}
}

// A state folder that cannot be written is told, and the time is known all the same.
func TestFileCannotBeWritten(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.file, r.writable = filepath.Join(t.TempDir(), "gone", "clock.json"), false
	r.open(clock.Options{})
	r.m.Set(0, true)
	err := r.Look()
	if err == nil || !strings.HasPrefix(err.Error(), "write down what time it is: ") {
		t.Errorf("error is %v", err)
	}
	if off := r.off(); off != 0 {
		t.Errorf("off by %s", off)
	}
}

// TestNeverBackwards corrects a clock again and again, also while the last correction is being worked off.
func TestNeverBackwards(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := newRig(t)
		r.m.Set(0, true)
		r.openAfter(clock.Options{}, noon.Add(-time.Minute), r.m.Elapsed())
		var dates []time.Time
		for range 40 {
			r.m.Set(time.Duration(random.Int64N(int64(time.Hour)))-30*time.Minute, random.IntN(3) > 0)
			for range 1 + random.IntN(300) {
				r.pass(time.Second)
				now, _ := r.Now()
				dates = append(dates, now)
			}
		}
		for i, date := range dates {
			if i > 0 && date.Sub(dates[i-1]) < time.Second/2 {
				t.Fatalf("seed %d: from %s to %s in a second", seed, dates[i-1], date)
			}
			if again, _ := r.Date(time.Duration(i+1) * time.Second); !again.Equal(date) && len(dates)-i < 1000 {
				t.Fatalf("seed %d: second %d was %s and is %s", seed, i+1, date, again)
			}
		}
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t).open(clock.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Watch(ctx) }()
		time.Sleep(5 * time.Second)
		r.m.Set(0, true)
		<-r.Known()
		r.m.Set(time.Minute, true)
		time.Sleep(11 * time.Second)
		if off := r.off(); off != time.Minute {
			t.Errorf("off by %s", off)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// The kernel under the test has both clocks.
func TestSystem(t *testing.T) {
	t.Parallel()
	s, err := clock.OpenSystem()
	if err != nil {
		t.Fatal(err)
	}
	before, look, after := s.Elapsed(), s.Look(), s.Elapsed()
	if len(s.Boot()) != 36 || before > look.At || look.At > after || before <= 0 {
		t.Errorf("boot %q, %s, %s, %s", s.Boot(), before, look.At, after)
	}
	if apart := time.Since(look.Wall); apart < 0 || apart > time.Minute {
		t.Errorf("the time of day is %s ago", apart)
	}
}
