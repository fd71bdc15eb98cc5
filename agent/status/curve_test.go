package status

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// at makes a point some seconds before noon; a negative power is injected.
func at(seconds int, va VoltAmpere) Point {
	point := Point{At: noon.Add(-time.Duration(seconds) * time.Second)}
	if va < 0 {
		point.Injected = -va
	} else {
		point.Apparent = va
	}
	return point
}

func TestCurve(t *testing.T) {
	t.Parallel()
	fr, _ := bothCatalogues(t)
	const peak = "pointe\u00a0: 1\u202f000\u00a0VA à "
	table := []struct {
		name   string
		points []Point
		want   *curveView
	}{
		{name: "nothing"},
		{name: "one point is no curve", points: []Point{at(0, 500)}},
		{
			name:   "over a hundred seconds",
			points: []Point{at(100, 1000), at(75, 0), at(50, 750), at(25, 750), at(0, 375)},
			want: &curveView{
				Width: 1000, Height: 240, Zero: 240, Middle: 120, Top: "1\u202f500\u00a0VA", From: "il y a 1\u00a0min",
				Drawn: "M0 80L0 80L250 240L500 120L750 120L1000 180",
				Area:  "M0 240L0 80L250 240L500 120L750 120L1000 180L1000 240Z",
				Last:  "M1000 180h0", Way: drawn,
				Peak: peak + "11:58", Summary: "Courbe de la puissance sur 1\u00a0min. " + peak + "11:58.",
			},
		},
		{
			name:   "a young curve leaves room on its left",
			points: []Point{at(30, 1000), at(0, 750)},
			want: &curveView{
				Width: 1000, Height: 240, Zero: 240, Middle: 120, Top: "1\u202f500\u00a0VA", From: "il y a 1\u00a0min",
				Drawn: "M500 80L500 80L1000 120", Area: "M500 240L500 80L1000 120L1000 240Z",
				Last: "M1000 120h0", Way: drawn,
				Peak: peak + "11:59", Summary: "Courbe de la puissance sur 1\u00a0min. " + peak + "11:59.",
			},
		},
		{
			name:   "a hole is not drawn over",
			points: []Point{at(100, 1000), at(80, 1000), at(20, 750), at(0, 750)},
			want: &curveView{
				Width: 1000, Height: 240, Zero: 240, Middle: 120, Top: "1\u202f500\u00a0VA", From: "il y a 1\u00a0min",
				Drawn: "M0 80L0 80L200 80M800 120L800 120L1000 120",
				Area:  "M0 240L0 80L200 80L200 240ZM800 240L800 120L1000 120L1000 240Z",
				Last:  "M1000 120h0", Way: drawn,
				Peak: peak + "11:58", Summary: "Courbe de la puissance sur 1\u00a0min. " + peak + "11:58.",
			},
		},
		{
			name:   "injection goes below zero, in a line of its own",
			points: []Point{at(60, 1000), at(30, -1000), at(0, -500)},
			want: &curveView{
				Width: 1000, Height: 240, Zero: 120, Middle: 60, Top: "1\u202f500\u00a0VA", From: "il y a 1\u00a0min",
				Drawn:    "M0 40L0 40",
				Below:    "M0 40L500 200L1000 160",
				Area:     "M0 120L0 40L500 120L1000 120L1000 120Z",
				Injected: "M0 120L0 120L500 200L1000 160L1000 120Z",
				Last:     "M1000 160h0", Way: injected,
				Peak:         peak + "11:59",
				PeakInjected: "pointe injectée\u00a0: 1\u202f000\u00a0VA à 11:59",
				Summary:      "Courbe de la puissance sur 1\u00a0min. " + peak + "11:59, pointe injectée\u00a0: 1\u202f000\u00a0VA à 11:59.",
			},
		},
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(row.want, fr.curve(row.points, noon)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLongCurveKeepsItsPeakAndStaysSmall(t *testing.T) {
	t.Parallel()
	fr, _ := bothCatalogues(t)
	var points []Point
	for s := 3600; s >= 0; s-- {
		points = append(points, at(s, 200))
	}
	points[1234].Apparent = 9000 // one second, and it must be seen
	view := fr.curve(points, noon)
	if !strings.Contains(view.Drawn, " 24L") { // 9000 of 10000 VA: 240 × 0.1 from the top
		t.Errorf("the peak is not drawn: %s", view.Drawn)
	}
	if len(view.Drawn) > 4000 {
		t.Errorf("the line takes %d bytes", len(view.Drawn))
	}
}

func TestRoundUp(t *testing.T) {
	t.Parallel()
	table := []struct {
		va   VoltAmpere
		want float64
	}{{0, 200}, {100, 200}, {200, 300}, {900, 1000}, {1000, 1500}, {1800, 2000}, {5200, 6000}, {9000, 10000}, {9500, 15000}, {36000, 40000}}
	for _, row := range table {
		if got := roundUp(row.va); got != row.want {
			t.Errorf("roundUp(%v) = %v, want %v", row.va, got, row.want)
		}
	}
}

func FuzzCurve(f *testing.F) {
	f.Add(int64(10), int64(20), 100.0, 0.0)
	f.Add(int64(-10), int64(1<<40), 1e12, 1e-3)
	f.Add(int64(0), int64(0), 0.0, 3.0)
	fr, _ := bothCatalogues(f)
	// Whatever the clock or the meter says, what is drawn stays a path of plain integers.
	f.Fuzz(func(t *testing.T, first, second int64, apparent, given float64) {
		points := []Point{
			{At: noon.Add(-time.Duration(first)), Apparent: VoltAmpere(apparent)},
			{At: noon.Add(-time.Duration(second)), Injected: VoltAmpere(given)},
		}
		view := fr.curve(points, noon)
		for _, path := range []string{view.Drawn, view.Area, view.Below, view.Injected, view.Last} {
			if strings.Trim(path, "MLZh 0123456789-") != "" {
				t.Errorf("path %q", path)
			}
		}
	})
}
