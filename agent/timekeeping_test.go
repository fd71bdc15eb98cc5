package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/clock"
	"releve/agent/clock/clocktest"
	"releve/agent/config"
	"releve/agent/status"
	"releve/buffer"
	"releve/senml"
	"releve/tic"
	"releve/tic/linky"
)

// timeless is a house on a machine that does not know the time.
func timeless(t *testing.T) (house, *clocktest.Machine) {
	t.Helper()
	machine := clocktest.New("boot 0", time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC))
	machine.Pass(10 * time.Second)
	return timelessOn(t, machine, time.Time{}), machine
}

// timelessOn is one whose consent ends at some time; zero for never.
func timelessOn(t *testing.T, machine *clocktest.Machine, until time.Time) house {
	t.Helper()
	return newHouseOn(t, machine, func(c *config.Config) {
		c.Agent.TrustClock = false
		c.Grants[0].Until = until
	})
}

// lookAtClock lets the clock ask the kernel.
func (h house) lookAtClock(t *testing.T) {
	t.Helper()
	if err := h.clock.Look(); err != nil {
		t.Fatal(err)
	}
}

// tell lets the meter tell the time for more than a minute.
func (h house) tell(t *testing.T, machine *clocktest.Machine, wrong time.Duration, degraded bool) {
	t.Helper()
	for range 70 {
		machine.Pass(time.Second)
		f := &tic.Frame{Mode: tic.Standard, Complete: true, Groups: []tic.Group{
			{Label: []byte("DATE"), Horodate: []byte(meterDate(machine.Truth().Add(wrong), degraded))},
			{Label: []byte("SINSTS"), Value: []byte("00500")},
		}}
		h.meters[0].frame(f)
		h.lookAtClock(t)
	}
}

func TestClockFinding(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		live   func(t *testing.T, h house, machine *clocktest.Machine)
		state  status.State
		fr, en string
	}{
		{
			"at first", func(t *testing.T, h house, machine *clocktest.Machine) {
				h.meters[0].frame(&tic.Frame{Mode: tic.Historic, Groups: []tic.Group{{Label: []byte("PAPP"), Value: []byte("00500")}}})
				if err := h.gatherer.flush(); err != nil {
					t.Fatal(err)
				}
			}, status.Waiting,
			"L'heure n'est pas encore connue ; 1 relevés attendent leur date.", "The clock is not set yet; 1 readings wait for it.",
		},
		{
			"the meter's clock is degraded", func(t *testing.T, h house, machine *clocktest.Machine) { h.tell(t, machine, 0, true) }, status.Waiting,
			"L'heure n'est pas encore connue ; 0 relevés attendent leur date.", "The clock is not set yet; 0 readings wait for it.",
		},
		{"the meter tells", func(t *testing.T, h house, machine *clocktest.Machine) { h.tell(t, machine, 0, false) }, status.OK, "L'heure est celle du compteur.", "The time is the meter's."},
		{
			"the network tells", func(t *testing.T, h house, machine *clocktest.Machine) { machine.Set(0, true); h.lookAtClock(t) }, status.OK,
			"L'heure est celle du système.", "The time is the system's.",
		},
		{
			"the meter is an hour fast", func(t *testing.T, h house, machine *clocktest.Machine) {
				machine.Set(0, true)
				h.tell(t, machine, time.Hour, false)
			}, status.Warning,
			"L'horloge du compteur avance de 1h0m0s.", "The meter's clock is 1h0m0s fast.",
		},
		{
			"the meter is slow", func(t *testing.T, h house, machine *clocktest.Machine) {
				machine.Set(0, true)
				h.tell(t, machine, -2*time.Minute, false)
			}, status.Warning,
			"L'horloge du compteur retarde de 2m0s.", "The meter's clock is 2m0s slow.",
		},
		{
			"the network is ten years ahead", func(t *testing.T, h house, machine *clocktest.Machine) {
				machine.Set(0, true)
				h.lookAtClock(t)
				machine.Set(3650*24*time.Hour, true)
				h.lookAtClock(t)
			}, status.Warning,
			"Le système annonce une autre heure, 2036-05-29 12:00 ; elle n'est pas suivie tant que rien ne la confirme.",
			"The system tells another time, 2036-05-29 12:00; it is not followed until something confirms it.",
		},
		{
			"ten years ahead of what was known", func(t *testing.T, h house, machine *clocktest.Machine) {
				if err := h.clock.Start(machine.Truth().Add(-time.Hour), h.clock.Instant()); err != nil {
					t.Fatal(err)
				}
				machine.Set(3650*24*time.Hour, true)
				h.lookAtClock(t)
			}, status.Warning,
			"L'heure annoncée, 2036-05-29 12:00, n'est pas crédible : la dernière connue est 2026-06-01 11:00. 0 relevés attendent leur date.",
			"The time told, 2036-05-29 12:00, cannot be believed: the last that was known is 2026-06-01 11:00. 0 readings wait for their date.",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h, machine := timeless(t)
			test.live(t, h, machine)
			got := h.clockFinding()
			if diff := cmp.Diff(status.Say(test.fr, test.en), got.Text); diff != "" || got.State != test.state {
				t.Errorf("%s (-want +got):\n%s", got.State, diff)
			}
			if strings.Contains(got.Advice.String(), "degraded") != strings.Contains(test.name, "degraded") {
				t.Errorf("advice is %q", got.Advice)
			}
		})
	}
}

// The page shows what is heard before the time is known, and never a time of a stamp.
func TestUndatedIsShown(t *testing.T) {
	t.Parallel()
	h, machine := timeless(t)
	h.play(t, linky.Scenario{Seed: 3}, 3)
	if err := h.gatherer.flush(); err != nil {
		t.Fatal(err)
	}
	machine.Pass(10 * time.Millisecond) // three frames at one instant are told apart by some
	before := h.snapshot()
	isNow := func(at time.Time) bool { return machine.Truth().Sub(at) <= 10*time.Millisecond }
	if m := before.Meters[0]; m.Power == nil || len(m.Readings) == 0 || m.Today != nil || before.Now.Sub(m.LastFrame) > 10*time.Millisecond {
		t.Errorf("before: power %v, %d readings, today %v, last frame %s of %s", m.Power, len(m.Readings), m.Today, m.LastFrame, before.Now)
	}
	if n := h.buffer.Stats().Packs; n != 0 || h.buffer.Stats().Undated == 0 {
		t.Errorf("%d packs are in the log, %d readings wait", n, h.buffer.Stats().Undated)
	}
	machine.Set(0, true)
	h.lookAtClock(t)
	if err := h.dater.catchUp(); err != nil {
		t.Fatal(err)
	}
	after := h.snapshot()
	if m := after.Meters[0]; !after.Now.Equal(machine.Truth()) || !isNow(m.LastFrame) || !isNow(m.Power.At) {
		t.Errorf("after: %s, last frame %s, power of %s; it is %s", after.Now, m.LastFrame, m.Power.At, machine.Truth())
	}
	text, err := json.Marshal([]any{before, after})
	if err != nil || strings.Contains(string(text), `"1987-`) {
		t.Errorf("a stamp is shown as a time, %v", err)
	}
	if s := h.buffer.Stats(); s.Packs == 0 || s.Undated != 0 {
		t.Errorf("%+v", s)
	}
}

// While the time is not known a grant with an end does not hold, and a delivery waits: what a gate withholds is passed
// over for good.
func TestNothingLeavesWithoutTheTime(t *testing.T) {
	t.Parallel()
	machine := clocktest.New("boot 0", time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC))
	until := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	h := timelessOn(t, machine, until)
	if h.subscribers.book.Knows("client@sen2.example") {
		t.Error("a grant holds although nobody knows whether it has ended")
	}
	place, err := h.buffer.Cursor("c", buffer.Beginning())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.buffer.Put(senml.Pack{{Name: "linky/n", Value: senml.NumberValue(1), Time: float64(machine.Truth().Unix())}}); err != nil {
		t.Fatal(err)
	}
	c := cursor{place, h.clock.Known()}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if items, err := c.Next(ctx, 1); len(items) > 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d packs, %v", len(items), err)
	}
	got := make(chan error, 1)
	go func() {
		items, err := c.Next(t.Context(), 1)
		if len(items) != 1 {
			err = fmt.Errorf("%d packs, %w", len(items), err)
		}
		got <- err
	}()
	machine.Set(0, true)
	h.lookAtClock(t)
	if err := <-got; err != nil {
		t.Error(err)
	}
	if !h.subscribers.book.Knows("client@sen2.example") {
		t.Error("the grant does not hold")
	}
	machine.Set(0, true)
	machine.Pass(until.Sub(machine.Truth()))
	if h.subscribers.book.Knows("client@sen2.example") {
		t.Error("the grant has ended")
	}
}

// What a meter dates impossibly is let go, counted, and holds up nothing.
func TestImpossibleTimes(t *testing.T) {
	t.Parallel()
	h, machine := timeless(t)
	machine.Set(0, true)
	h.lookAtClock(t)
	at := func(value, seconds float64) senml.Record {
		return senml.Record{Name: "linky/n", Value: senml.NumberValue(value), Time: seconds}
	}
	now := float64(machine.Truth().Unix())
	stamp := float64(clock.Stamp(h.clock.Instant()).Unix())
	h.gatherer.add(senml.Pack{at(1, stamp), at(2, now+3600), at(3, 1_200_000_000), at(4, now-3600), at(5, stamp-1800), at(6, now+30)})
	if err := h.gatherer.flush(); err != nil {
		t.Fatal(err)
	}
	stored, _, err := h.buffer.History(t.Context(), "linky/n", machine.Truth().Add(-24*time.Hour), machine.Truth().Add(24*time.Hour), 10)
	var times []float64
	for _, r := range stored {
		times = append(times, r.Time-now)
	}
	if diff := cmp.Diff([]float64{-3600, -1800, 0, 30}, times); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got := h.clockFinding(); got.State != status.Warning || got.Text.EN != "2 readings bore an impossible time and were refused." {
		t.Errorf("finding %+v", got)
	}
}

func TestLegalTime(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ zone, horodate, want string }{
		{"Europe/Paris", "E260701120000", "2026-07-01T10:00:00Z"},
		{"Europe/Paris", "H260701120000", "2026-07-01T11:00:00Z"}, // by its letter, right or wrong
		{"Europe/Paris", "E261025023000", "2026-10-25T00:30:00Z"},
		{"Europe/Paris", "H261025023000", "2026-10-25T01:30:00Z"},
		{"Indian/Reunion", "H260701120000", "2026-07-01T08:00:00Z"},
		{"America/Martinique", "H260115120000", "2026-01-15T16:00:00Z"},
	} {
		location, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		f := &tic.Frame{Groups: []tic.Group{{Label: []byte("ADSC")}, {Label: []byte("DATE"), Horodate: []byte(test.horodate)}}}
		at, degraded, ok := told(f, location)
		if got := at.UTC().Format(time.RFC3339); got != test.want || degraded || !ok {
			t.Errorf("%s at %s is %s, %v, %v; want %s", test.horodate, test.zone, got, degraded, ok, test.want)
		}
	}
	for _, horodate := range []string{"", " 260701120000", "E269901120000"} {
		f := &tic.Frame{Groups: []tic.Group{{Label: []byte("DATE"), Horodate: []byte(horodate)}}}
		if at, _, ok := told(f, time.UTC); ok {
			t.Errorf("%q is read as %s", horodate, at)
		}
	}
}

// Readings that waited when the time becomes known are dated by the task that keeps the time, without a new one.
func TestKeepTime(t *testing.T) {
	t.Parallel()
	h, machine := timeless(t)
	h.play(t, linky.Scenario{Seed: 3}, 1)
	if err := h.gatherer.flush(); err != nil {
		t.Fatal(err)
	}
	c, err := h.buffer.Cursor("c", buffer.Beginning())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.keepTime(ctx) }()
	machine.Set(0, true)
	items, err := c.Next(t.Context(), 10)
	if err != nil || len(items) != 1 {
		t.Fatalf("%d packs, %v", len(items), err)
	}
	stamped := 0
	for _, r := range items[0].Pack {
		if off := time.UnixMilli(int64(r.Time * 1000)).Sub(machine.Truth()).Abs(); off < time.Second {
			stamped++
		}
	}
	if stamped < 10 {
		t.Errorf("%d records of %d are of now", stamped, len(items[0].Pack))
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
