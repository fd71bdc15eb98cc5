package main

import (
	"context"
	"maps"
	"slices"
	"syscall"
	"testing"

	"releve/federation/lab"
	"releve/tic"
)

// The whole path, and a kill -9 in the middle of it, with either server at home.
func TestIntegrationKillLosesNothing(t *testing.T) {
	t.Parallel()
	for _, own := range []lab.Kind{lab.Ejabberd, lab.Prosody} {
		t.Run(own.String(), func(t *testing.T) {
			t.Parallel()
			h := newHousehold(t, own)
			h.arrives(20)
			for range 2 {
				h.agent.end(syscall.SIGKILL)
				h.startAgent()
				h.arrives(20)
			}
			h.drain()
			h.check()
		})
	}
}

// The agent's server goes away; what is read meanwhile arrives after it, in order.
func TestIntegrationOutage(t *testing.T) {
	t.Parallel()
	h := newHousehold(t, lab.Ejabberd)
	h.arrives(10)
	server := h.servers.Server(houseDomain)
	if err := server.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	h.until("readings waiting", patience, func() bool {
		s, err := h.snapshot()
		return err == nil && len(s.Recipients) == 1 && s.Recipients[0].Pending >= 8 && s.Health.Ready() == nil
	})
	if err := server.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	h.arrives(20)
	h.drain()
	h.check()
}

// secrets are the identities the meter of this test has.
func (h *household) secrets() []string {
	h.t.Helper()
	found := map[string]bool{}
	decoder := tic.NewDecoder(tic.Standard, func(f *tic.Frame) {
		for _, g := range f.Groups {
			if label := string(g.Label); label == "ADSC" || label == "PRM" {
				found[string(g.Value)] = true
			}
		}
	})
	_, _ = decoder.Write(h.simulated(1)) // never fails
	if len(found) != 2 {
		h.t.Fatalf("the meter has %d identities, want 2", len(found))
	}
	return slices.Sorted(maps.Keys(found))
}
