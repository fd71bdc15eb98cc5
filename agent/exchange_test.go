package main

import (
	"strings"
	"testing"
	"time"

	"releve/agent/config"
	"releve/agent/series"
	"releve/tic"
	"releve/tic/linky"
	"releve/tic/port"
)

// TestExchangeWhileOff: the technician takes the power away, Relève's with it, and hangs another meter on the wall. At
// the next start that is one event, and its indexes are recorded although they are far below the old ones.
func TestExchangeWhileOff(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	same := func(c *config.Config) { c.Agent.State = state }
	before := newHouse(t, same)
	secrets := before.play(t, linky.Scenario{Seed: 3}, 5)
	before.stop(t)

	again := newHouse(t, same)
	again.play(t, linky.Scenario{Seed: 3, Start: time.Date(2026, 1, 15, 17, 31, 0, 0, time.UTC)}, 5) // a minute later
	again.stop(t)
	if got := again.said.String(); strings.Contains(got, "msg=event") {
		t.Errorf("the same meter: log is\n%s", got)
	}

	replaced := linky.Scenario{Seed: 3, Changes: []linky.Change{{Do: (*linky.Meter).Replace}}}
	after := newHouse(t, same)
	secrets = append(secrets, after.play(t, replaced, 6)...)
	after.stop(t)
	got := after.said.String()
	if n := strings.Count(got, "msg=event"); n != 1 || !strings.Contains(got, "kind=meter-replaced") {
		t.Errorf("another meter: log is\n%s", got)
	}
	for _, secret := range secrets {
		if strings.Contains(got+before.said.String(), secret) {
			t.Error("an address is in the log")
		}
	}
	latest, _ := after.meters[0].recorder.Latest(series.PathDrawn)
	if n, ok := latest.Value.Number(); !ok || n > 1000 {
		t.Errorf("the index of the new meter is %v", latest.Value)
	}
}

// An index that cannot follow what the buffer holds is withheld at the start, too.
func TestIndexGoesOnFromTheBuffer(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	same := func(c *config.Config) { c.Agent.State = state }
	hear := func(h house, index string) {
		h.meters[0].frame(&tic.Frame{Mode: tic.Standard, Complete: true, Groups: []tic.Group{{Label: []byte("EAST"), Value: []byte(index)}}})
	}
	before := newHouse(t, same)
	hear(before, "000005000")
	before.stop(t)
	after := newHouse(t, same)
	hear(after, "000004000")
	if got := after.said.String(); !strings.Contains(got, "kind=index-withheld subject=consumption/energy/active/index") {
		t.Errorf("log is\n%s", got)
	}
	hear(after, "000005001")
	if latest, _ := after.meters[0].recorder.Latest(series.PathDrawn); latest.Value.String() != "5001" {
		t.Errorf("the index is %v", latest.Value)
	}
}

// stop ends an agent whose tasks never ran.
func (h house) stop(t *testing.T) {
	t.Helper()
	if err := h.gatherer.flush(); err != nil {
		t.Error(err)
	}
	if err := h.close(); err != nil {
		t.Error(err)
	}
}

// What the meter says of itself is on the page's tree, in a sentence, and does not stop anything.
func TestReadingsFinding(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		scenario linky.Scenario
		want     string
	}{
		"nothing": {linky.Scenario{}, "ok             readings: ok"},
		"cut off": {
			linky.Scenario{Condition: linky.Condition{Breaker: 4}}, "warning        readings: The breaker of the meter is open.",
		},
		"clock": {
			linky.Scenario{Condition: linky.Condition{Degraded: true}}, "warning        readings: The clock of the meter is degraded.",
		},
		"asleep": {
			linky.Scenario{Mode: tic.Historic, Model: linky.Electronic, Condition: linky.Condition{Output: linky.Standby}},
			"fault          readings: The meter is not in customer bus mode (standby). Ask the distributor to switch the customer bus on.",
		},
	} {
		h := newHouse(t, nil)
		test.scenario.Seed = 3
		h.play(t, test.scenario, 6)
		if got := h.tree(t); !strings.Contains(got, test.want+"\n") {
			t.Errorf("%s: want %q in\n%s", name, test.want, got)
		}
	}
	h := newHouse(t, nil)
	for _, index := range []string{"000005000", "000000000"} {
		h.meters[0].setState(port.State{Open: true})
		h.meters[0].frame(&tic.Frame{Mode: tic.Standard, Complete: true, Groups: []tic.Group{{Label: []byte("EAST"), Value: []byte(index)}}})
	}
	want := "warning        readings: An implausible index is withheld. Nothing to do: it is taken if the meter confirms it.\n"
	if got := h.tree(t); !strings.Contains(got, want) {
		t.Errorf("want %q in\n%s", want, got)
	}
}

// A meter of another home than the known one is a warning, for grants were given for that one.
func TestAnotherHome(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.play(t, linky.Scenario{Seed: 3}, 5)
	h.play(t, linky.Scenario{Seed: 4}, 5)
	want := "warning        readings: The meter says that it is of another delivery point than the known one. If that is so, give its number as prm in the configuration, and look at the grants again.\n"
	if got := h.tree(t); !strings.Contains(got, want) {
		t.Errorf("want %q in\n%s", want, got)
	}
}

// A meter that falls silent is an event in the buffer, though nothing is heard.
func TestSilenceIsRecorded(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.play(t, linky.Scenario{Seed: 3}, 1)
	recorder := h.meters[0].recorder
	latest, _ := recorder.Latest(series.PathPower)
	h.gatherer.add(recorder.Quiet(latest.Said.Add(series.SilentAfter + time.Second)))
	if err := h.gatherer.flush(); err != nil {
		t.Fatal(err)
	}
	for _, s := range h.buffer.Series() {
		if s.Name == "linky/"+series.PathEvent && s.Last.Value.String() == "meter-silent" {
			return
		}
	}
	t.Error("the buffer does not know")
}
