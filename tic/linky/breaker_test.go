package linky

import (
	"testing"
	"time"

	"releve/tic"
)

// TestBreaker holds the time to open against the filter of the specification, worked out in floating point: never below
// 1.3 times the power, and sooner the higher it is.
func TestBreaker(t *testing.T) {
	t.Parallel()
	for power, want := range map[int64]int64{
		6000: 0, 7700: 0, 7900: 459, 9000: 174, 12_000: 69, 24_000: 14, // 6 kVA
	} {
		var b breaker
		opened := int64(0)
		for unix := int64(1); unix <= 7200 && opened == 0; unix++ {
			if b.watch(power, 6, unix, 0) == overpower {
				opened = unix
			}
		}
		if difference := opened - want; difference < -1 || difference > 1 {
			t.Errorf("%d VA on 6 kVA open the breaker after %d s, want %d", power, opened, want)
		}
	}
}

// TestBreakerCloses follows a home that is far above its power until the breaker opens: no current for a minute, the reason
// in the register, and then current again. A breaker that the scenario opened stays open.
func TestBreakerCloses(t *testing.T) {
	t.Parallel()
	m, err := New(Scenario{Mode: tic.Standard})
	if err != nil {
		t.Fatal(err)
	}
	m.breaker.heat = 8000 * 8000
	m.Advance(time.Second)
	for second := range closedAfter {
		if m.condition.Breaker != overpower || m.status()>>statusBreaker&7 != overpower || second > 0 && m.now.totalDrawn != 0 {
			t.Fatalf("after %d s the breaker is %d, the power %d VA", second, m.condition.Breaker, m.now.totalDrawn)
		}
		m.Advance(time.Second)
	}
	m.Advance(time.Second)
	if m.condition.Breaker != 0 || m.now.totalDrawn == 0 {
		t.Errorf("afterwards the breaker is %d, the power %d VA", m.condition.Breaker, m.now.totalDrawn)
	}
	if err := m.Set(Condition{Breaker: overpower}); err != nil {
		t.Fatal(err)
	}
	m.Advance(time.Hour)
	if m.condition.Breaker != overpower {
		t.Error("a breaker that the scenario opened was closed")
	}
}
