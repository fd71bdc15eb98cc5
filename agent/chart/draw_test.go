package chart_test

import (
	"flag"
	"html/template"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"releve/agent/chart"
)

var update = flag.Bool("update", false, "write the drawings that are made as those that are wanted")

// midnight begins the day of the tests.
var midnight = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)

func at(hour float64) time.Time { return midnight.Add(time.Duration(hour * float64(time.Hour))) }

// hours are points of an hour each from midnight on; a negative value is a gap.
func hours(values ...float64) []chart.Point {
	var points []chart.Point
	for i, v := range values {
		p := chart.Point{From: at(float64(i)), To: at(float64(i + 1))}
		if v >= 0 {
			p.Value = &v
		}
		points = append(points, p)
	}
	return points
}

func axis() chart.Axis {
	return chart.Axis{From: at(0), To: at(6), Ticks: []chart.Tick{{At: at(0), Label: "0 h"}, {At: at(3), Label: "3 h", Fine: true}, {At: at(6), Label: "6 h"}}}
}

func label(v float64) string { return strings.TrimSuffix(time.Duration(v*1e9).String(), "s") }

func pointer(v float64) *float64 { return &v }

// drawings are one of each kind, with all that a kind can show.
func drawings() map[string]template.HTML {
	hostile := `"><script>alert(1)</script>`
	return map[string]template.HTML{
		"curve": chart.Curve{
			Name: "Peak of 30 VA", Axis: axis(), Label: label, Unit: "VA",
			Bands: []chart.Band{{From: at(0), To: at(2), Class: "off-peak", Label: "Off-peak"}, {From: at(-3), To: at(-1), Class: "out", Label: "before"}},
			Lines: []chart.Line{
				{Class: "drawn", Filled: true, Points: hours(10, 30, -1, 20, 20, -1)},
				{Class: "injected", Filled: true, Below: true, Points: hours(0, 0, 12, 0)},
			},
		}.Draw(),
		"curve-guided": chart.Curve{Name: "One above another", Axis: axis(), Label: label, Unit: "Wh", Guided: true, Lines: []chart.Line{{Class: "drawn", Points: hours(-1, 20, -1)}}}.Draw(),
		"curve-empty":  chart.Curve{Name: "Nothing", Axis: axis(), Label: label, Plain: true, Least: 50, Lines: []chart.Line{{Class: "drawn", Points: hours(-1, -1)}}}.Draw(),
		"bars": chart.Bars{
			Name: "12 kWh in all", Axis: axis(), Label: label, Unit: "kWh",
			Slots: []chart.Slot{
				{From: at(0), To: at(2), Label: "Mon", Up: []chart.Part{{"off-peak", 3}, {"peak", 5}}, Down: []chart.Part{{"injected", 2}}},
				{From: at(2), To: at(4), Label: "Tue", Up: []chart.Part{{"peak", 4}}, Before: pointer(6), Partial: true},
				{From: at(4), To: at(6), Label: "Wed"},
			},
		}.Draw(),
		"ring":         chart.Ring("30 %", "self", 0.3),
		"ring-nothing": chart.Ring("0 %", "self", 0),
		"ring-full":    chart.Ring("140 %", "warning", 1.4),
		"spark":        chart.Sparkline("the last hours", "drawn", hours(1, 2, -1, 4)),
		"hostile": chart.Bars{
			Name: hostile, Unit: hostile, Axis: chart.Axis{From: at(0), To: at(1), Ticks: []chart.Tick{{At: at(0), Label: hostile}}},
			Label: func(float64) string { return hostile }, Bands: []chart.Band{{From: at(0), To: at(1), Label: hostile}},
			Slots: []chart.Slot{{From: at(0), To: at(1), Label: hostile, Up: []chart.Part{{"drawn", 1}}}},
		}.Draw(),
	}
}

func TestDrawings(t *testing.T) {
	t.Parallel()
	for name, drawing := range drawings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join("testdata", name+".svg")
			got := strings.ReplaceAll(string(drawing), "><", ">\n<") + "\n"
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			named(t, string(drawing))
		})
	}
}

// named checks that each drawing has a name or is hidden, and lets nothing in that is not a drawing.
func named(t *testing.T, drawing string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(drawing))
	if err != nil {
		t.Fatal(err)
	}
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		attributes := map[string]string{}
		for _, a := range node.Attr {
			attributes[a.Key] = a.Val
		}
		if node.Data == "script" || attributes["style"] != "" {
			t.Errorf("<%s %v> does not belong to a drawing", node.Data, node.Attr)
		}
		if node.Data == "svg" && attributes["aria-hidden"] == "" && (attributes["role"] != "img" || attributes["aria-label"] == "") {
			t.Errorf("a drawing has no name: %v", node.Attr)
		}
	}
}

func TestScaleOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		low, high float64
		want      chart.Scale
	}{
		{0, 0, chart.Scale{High: 1, Step: 0.2}},
		{0, 1, chart.Scale{High: 1, Step: 0.2}},
		{0, 2810, chart.Scale{High: 3000, Step: 1000}},
		{0, 17.1, chart.Scale{High: 20, Step: 5}},
		{5, 17.1, chart.Scale{High: 20, Step: 5}},
		{-900, 2000, chart.Scale{Low: -1000, High: 2000, Step: 1000}},
		{-3, -1, chart.Scale{Low: -3, High: 0, Step: 1}},
	} {
		if got := chart.ScaleOf(c.low, c.high); got != c.want {
			t.Errorf("ScaleOf(%v, %v) = %+v, want %+v", c.low, c.high, got, c.want)
		}
	}
}

// Whatever the values, a scale holds them, in a number of lines that can be read.
func FuzzScaleOf(f *testing.F) {
	f.Add(-900.0, 2000.0)
	f.Add(0.0, 0.0)
	f.Fuzz(func(t *testing.T, low, high float64) {
		if !(low > -1e12 && low <= 0 && high >= 0 && high < 1e12) || high-low < 1e-6 {
			return
		}
		s := chart.ScaleOf(low, high)
		if s.Low > low || s.High < high || s.Step <= 0 || (s.High-s.Low)/s.Step > 10 {
			t.Errorf("ScaleOf(%v, %v) = %+v", low, high, s)
		}
	})
}
