package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"releve/federation/lab"
)

// randomFor is how long faults happen at random. FAULT_TIME=1h makes it the long proof.
const randomFor = time.Minute

// TestIntegrationRandomFaults: faults of the table, in any order, as long as they please and before the one before is
// got over; in the end what was measured is what arrived. FAULT_SEED repeats a run, as far as servers are repeatable.
func TestIntegrationRandomFaults(t *testing.T) {
	t.Parallel()
	requireSlixmpp(t)
	lasts, seed := randomFor, rand.Uint64()
	_, _ = fmt.Sscan(os.Getenv("FAULT_SEED"), &seed)
	if d, err := time.ParseDuration(os.Getenv("FAULT_TIME")); err == nil {
		lasts = d
	}
	atOnce(t, func(t *testing.T, own lab.Kind) {
		t.Logf("FAULT_SEED=%d", seed)
		h := newHousehold(t, own)
		h.arrives(20)
		h.row("none")
		h.wander(rand.New(rand.NewPCG(seed, uint64(own))), lasts)
		h.drain()
		h.check()
	})
}

// wander lets faults happen at random until the time is over. Of every two pauses one is too short to get over them.
func (h *household) wander(random *rand.Rand, lasts time.Duration) {
	h.t.Helper()
	faults := slices.Concat(serverFaults(), accountFaults(), endFaults(), []fault{freeze, strand, mute})
	for end := time.Now().Add(lasts); time.Now().Before(end); {
		f := faults[random.IntN(len(faults))]
		row := h.row(f.name)
		mend := f.strike(h)
		h.pass(row, time.Duration(random.ExpFloat64()*float64(8*time.Second)))
		mend()
		h.pass(row, time.Duration(random.ExpFloat64()*float64(8*time.Second)))
	}
}

// pass lets time pass, up to two minutes, and looks at the agent meanwhile.
func (h *household) pass(row *loss, d time.Duration) {
	for end := time.Now().Add(min(d, 2*time.Minute)); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		row.memory = max(row.memory, h.agent.anonymous())
		if said := h.sentences(); len(said) > 0 && row.sentence.IsZero() {
			row.sentence = said[0]
		}
	}
}
