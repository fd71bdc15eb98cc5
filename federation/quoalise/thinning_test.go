package quoalise

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/senml"
)

func band(n float64) *float64 { return &n }

// aMoment is the beginning of an hour, so that spans begin there.
const aMoment = 1_700_002_800.0

// reading is a record so many seconds after aMoment.
func reading(after, v float64) senml.Record {
	return senml.Record{Name: "linky/current/1", Unit: "A", Value: senml.NumberValue(v), Time: aMoment + after}
}

func TestThinning(t *testing.T) {
	t.Parallel()
	said := func(after float64, s string) senml.Record {
		return senml.Record{Name: "linky/current/1", Value: senml.TextValue(s), Time: aMoment + after}
	}
	second, minute, hour := Interval(time.Second), Interval(time.Minute), Interval(time.Hour)
	tests := []struct {
		name    string
		wanted  Thinning
		records senml.Pack
		want    []float64 // times that go, after aMoment
	}{
		{
			"a dead-band counts from what was sent", Thinning{DeadBand: band(10)},
			senml.Pack{reading(1, 100), reading(2, 105), reading(3, 109), reading(4, 110), reading(5, 101), reading(6, 100)}, []float64{1, 4, 6},
		},
		{"a dead-band of 0 lets changes through", Thinning{DeadBand: band(0)}, senml.Pack{reading(1, 5), reading(2, 5), reading(3, 6)}, []float64{1, 3}},
		{"what never changes is heard of in each hour", Thinning{DeadBand: band(10)}, senml.Pack{reading(0, 5), reading(3599, 5), reading(3600, 5), reading(7300, 5)}, []float64{0, 3600, 7300}},
		{
			"a shortest time", Thinning{MinInterval: minute},
			senml.Pack{reading(0, 1), reading(59.999, 2), reading(60, 3), reading(119, 4), reading(125, 5)}, []float64{0, 60, 125},
		},
		{
			"a longest time", Thinning{DeadBand: band(1000), MaxInterval: minute},
			senml.Pack{reading(30, 1), reading(50, 2), reading(61, 3), reading(100, 4), reading(130, 5)}, []float64{30, 61, 130},
		},
		{
			"what changed too soon goes when it is time", Thinning{DeadBand: band(10), MinInterval: 10 * second},
			senml.Pack{reading(0, 0), reading(5, 50), reading(9, 51), reading(10, 52), reading(30, 53)}, []float64{0, 10},
		},
		{
			"all three", Thinning{DeadBand: band(10), MinInterval: 10 * second, MaxInterval: minute},
			senml.Pack{reading(0, 0), reading(5, 50), reading(12, 50), reading(30, 55), reading(59, 55), reading(65, 55)}, []float64{0, 12, 65},
		},
		{"texts, when they change", Thinning{DeadBand: band(10)}, senml.Pack{said(1, "HC"), said(2, "HC"), said(3, "HP")}, []float64{1, 3}},
		{"a text after a number", Thinning{DeadBand: band(10)}, senml.Pack{reading(1, 1), said(2, "HC"), reading(3, 1)}, []float64{1, 2, 3}},
		{"an hour is the least of spans", Thinning{MinInterval: hour}, senml.Pack{reading(0, 1), reading(1800, 1), reading(3600, 1)}, []float64{0, 3600}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var state thinned
			var got []float64
			for _, r := range tt.records {
				if state.goes(r, tt.wanted) {
					got = append(got, float64(time.Duration((r.Time-aMoment)*1000+0.5))/1000)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSubscribeChecksThinning(t *testing.T) {
	t.Parallel()
	const notIntervals = " is not an ISO 8601 duration of days, hours, minutes and seconds, such as PT10M"
	const notBands = "bad-request: dead_band is not a number from 0 on, in the unit of the series, such as 50"
	tests := []struct {
		name   string
		id     string
		fields []string
		want   string // what is kept
		err    string
	}{
		{"nothing", current, nil, "everything", ""},
		{"empty fields", current, []string{"dead_band", "", "min_interval", " "}, "everything", ""},
		{"all", current, []string{"dead_band", "0.5", "min_interval", "PT10S", "max_interval", "PT60M"}, "0.5 PT10S PT1H", ""},
		{"a dead-band of 0", current, []string{"dead_band", "0"}, "0 PT0S PT0S", ""},
		{"intervals of a device", device, []string{"min_interval", "PT1M"}, "none PT1M PT0S", ""},
		{"a dead-band of a device", device, []string{"dead_band", "5"}, "", "bad-request: dead_band is in the unit of one series; subscribe to the series, not to the whole device"},
		{"not a number", current, []string{"dead_band", "50 W"}, "", notBands},
		{"negative", current, []string{"dead_band", "-1"}, "", notBands},
		{"not finite", current, []string{"dead_band", "Inf"}, "", notBands},
		{"none at all", current, []string{"dead_band", "NaN"}, "", notBands},
		{"very long, and not repeated", current, []string{"dead_band", strings.Repeat("9", 100_000)}, "", notBands},
		{"not an interval", current, []string{"min_interval", "10"}, "", "bad-request: min_interval" + notIntervals},
		{"months", current, []string{"max_interval", "P1M"}, "", "bad-request: max_interval" + notIntervals},
		{"too short", current, []string{"min_interval", "PT0.5S"}, "", "bad-request: min_interval is not from PT1S to P1D"},
		{"too long", current, []string{"max_interval", "P2D"}, "", "bad-request: max_interval is not from PT1S to P1D"},
		{"crossed", current, []string{"min_interval", "PT1H", "max_interval", "PT1M"}, "", "bad-request: max_interval is shorter than min_interval"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			_, err := h.session.run(conseil, "subscribe", submit(append([]string{"identifier", tt.id}, tt.fields...)...))
			if text(err) != tt.err {
				t.Fatalf("got  %v\nwant %s", err, tt.err)
			}
			if err != nil {
				if n := len(h.Subscriptions.All()); n != 0 {
					t.Errorf("%d subscriptions", n)
				}
				return
			}
			again := openList(t, h.Subscriptions.file) // as a restart finds it
			if got := thinningText(again.All()[0].Thinning(current)); got != tt.want {
				t.Errorf("kept %s, want %s", got, tt.want)
			}
		})
	}
}

func thinningText(t Thinning) string {
	switch {
	case t.isZero():
		return "everything"
	case t.DeadBand == nil:
		return fmt.Sprint("none ", t.MinInterval, " ", t.MaxInterval)
	}
	return fmt.Sprint(*t.DeadBand, " ", t.MinInterval, " ", t.MaxInterval)
}

// The latest subscription of an identifier counts, and that of a series before that of its device.
func TestThinningOfSubscriptions(t *testing.T) {
	t.Parallel()
	minute, hour := Thinning{MinInterval: Interval(time.Minute)}, Thinning{MinInterval: Interval(time.Hour)}
	s := openList(t, filepath.Join(t.TempDir(), "subscriptions.json"))
	of := func(aliases ...string) Thinning { return s.All()[0].Thinning(aliases...) }
	keepAll(t, s.add("a@x.example", device, hour, true), s.add("a@x.example", current, minute, true))
	other := "urn:dev:org:60060-ab_current/1"
	if of(current) != minute || of(other, current) != minute || of(voltage) != hour || of(other) != (Thinning{}) {
		t.Errorf("kept %+v", s.All())
	}
	keepAll(t, s.add("a@x.example", current, Thinning{}, true))
	if !of(current).isZero() || of(voltage) != hour {
		t.Errorf("asked again: %+v", s.All())
	}
	keepAll(t, s.remove("a@x.example", device), s.add("a@x.example", current, minute, true), s.add("a@x.example", voltage, minute, true))
	if of(current) != minute || of("urn:dev:prm:x_current/1") != (Thinning{}) {
		t.Errorf("after the device went: %+v", s.All())
	}
	keepAll(t, s.remove("a@x.example", current))
	if len(s.All()[0].Thinned) != 1 || of(voltage) != minute {
		t.Errorf("after a series went: %+v", s.All())
	}
}
