package linky

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMeasure measures single seconds by hand: the signs are those of 54E §6.2.3.
func TestMeasure(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		loads  [3]load
		phases int
		want   measure
	}{
		{"drawing", [3]load{{1840, 1380}}, 1, measure{
			volts: [3]int64{230}, amps: [3]int64{10}, drawn: [3]int64{2300}, totalDrawn: 2300, active: 1840, reactive: 1380}},
		{"injecting", [3]load{{-2000, 0}}, 1, measure{
			volts: [3]int64{236}, amps: [3]int64{8}, totalSent: 2000, active: -2000}},
		{"nothing", [3]load{}, 1, measure{volts: [3]int64{233}}},
		{"one phase injects more than the others draw", [3]load{{-2000, 0}, {500, 0}, {300, 0}}, 3, measure{
			volts: [3]int64{236, 232, 232}, amps: [3]int64{8, 2, 1}, drawn: [3]int64{0, 500, 300}, totalSent: 1200, active: -1200}},
		{"one phase injects less", [3]load{{-200, 0}, {500, 0}, {300, 0}}, 3, measure{
			volts: [3]int64{233, 232, 232}, amps: [3]int64{1, 2, 1}, drawn: [3]int64{0, 500, 300}, totalDrawn: 600, active: 600}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := grid{level: [3]int64{2330, 2330, 2330}}
			var got measure
			got.see(&test.loads, &g, test.phases)
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(measure{})); diff != "" {
				t.Errorf("measure (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRoot(t *testing.T) {
	t.Parallel()
	for n := int64(0); n < 1<<17; n += 7 {
		if root(n*n) != n || n > 0 && root(n*n-1) != n-1 {
			t.Fatalf("root of the square of %d is %d, and of one less %d", n, root(n*n), root(n*n-1))
		}
	}
}

// TestGrid holds the voltage to what a healthy street has, whatever the load, and wants it to move.
func TestGrid(t *testing.T) {
	t.Parallel()
	g := newGrid(1)
	seen := map[int64]bool{}
	for range 24 * 3600 {
		g.drift()
		for _, watts := range []int64{-3000, 0, 9000} {
			volts := g.volts(1, watts)
			if volts < 225 || volts > 238 {
				t.Fatalf("%d V at %d W, want 225 to 238", volts, watts)
			}
		}
		seen[g.volts(1, 0)] = true
	}
	if len(seen) < 3 {
		t.Errorf("the voltage takes %d values in a day, want it to drift", len(seen))
	}
}
