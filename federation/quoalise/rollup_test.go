package quoalise

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/senml"
)

func TestSplitRollUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		id, series string
		want       rollUp
	}{
		{current, current, rollUp{}},
		{device, device, rollUp{}},
		{current + "/mean/PT10M", current, rollUp{mean, TenMinutes}},
		{current + "/maximum/P1D", current, rollUp{maximum, Day}},
		{current + "/minimum/P1Y", current, rollUp{minimum, Year}},
		{voltage + "/mean", voltage + "/mean", rollUp{}}, // what the meter itself calls the mean
		{voltage + "/mean/mean/P1M", voltage + "/mean", rollUp{mean, Month}},
		{voltage + "/max/P1D", voltage + "/max/P1D", rollUp{}}, // a word of series, not of roll-ups
		{current + "/mean/PT7M", current + "/mean/PT7M", rollUp{}},
		{"mean/P1D", "mean/P1D", rollUp{}},
		{"", "", rollUp{}},
	}
	for _, tt := range tests {
		series, got := splitRollUp(tt.id)
		if series != tt.series || got != tt.want {
			t.Errorf("%q: %q %+v, want %q %+v", tt.id, series, got, tt.series, tt.want)
		}
		if got != (rollUp{}) && series+got.suffix() != tt.id {
			t.Errorf("%q comes back as %q", tt.id, series+got.suffix())
		}
	}
}

// days are n periods of a quantity from the 1st of January 2023.
func days(n int) []Period {
	var days []Period
	for i := range n {
		begin := time.Date(2023, 1, 1+i, 0, 0, 0, 0, time.UTC)
		v := float64(i)
		days = append(days, Period{Begin: begin, Since: begin.Add(time.Minute), Mean: v + 1.0/3, Min: v, Max: v + 1, First: senml.NumberValue(v)})
	}
	return days
}

// counted are days of an index, which has no mean.
func counted(n int) []Period {
	list := days(n)
	for i := range list {
		list[i].Mean, list[i].Min, list[i].Max = math.NaN(), math.NaN(), math.NaN()
	}
	return list
}

// rolled is a record of a roll-up by name, value and time.
func rolled(name string, v float64, at time.Time) string {
	return fmt.Sprint(senml.Record{Name: name, Unit: "A", Value: senml.NumberValue(v), Time: seconds(at)})
}

func TestHistoryRollsUp(t *testing.T) {
	t.Parallel()
	first, second := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2023, 1, 2, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name           string
		periods        []Period
		id, resolution string
		want           []string
		meta           string
	}{
		{
			"means, by the identifier", days(2), current + "/mean/P1D", "",
			[]string{rolled(current+"/mean/P1D", 0.333, first), rolled(current+"/mean/P1D", 1.333, second)}, "mean P1D",
		},
		{
			"maxima", days(2), current + "/maximum/P1D", "",
			[]string{rolled(current+"/maximum/P1D", 1, first), rolled(current+"/maximum/P1D", 2, second)}, "maximum P1D",
		},
		{
			"the field says no more than the identifier", days(1), current + "/minimum/P1D", "P1D",
			[]string{rolled(current+"/minimum/P1D", 0, first)}, "minimum P1D",
		},
		{
			"means, by the field", days(1), current, "P1D",
			[]string{rolled(current+"/mean/P1D", 0.333, first)}, "mean P1D",
		},
		{
			"an index at its instant", counted(2), current + "/first/P1D", "",
			[]string{rolled(current+"/first/P1D", 0, first.Add(time.Minute)), rolled(current+"/first/P1D", 1, second.Add(time.Minute))}, " P1D",
		},
		{
			"an index, by the field", counted(1), current, "P1D",
			[]string{rolled(current+"/first/P1D", 0, first.Add(time.Minute))}, " P1D",
		},
		{"nothing", nil, current + "/mean/P1D", "", nil, "mean P1D"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.archive.periods = map[Resolution][]Period{Day: tt.periods}
			outcome, err := h.session.run(conseil, "get_history", submit("identifier", tt.id, "resolution", tt.resolution,
				"start_time", "2023-01-01T00:00:00Z", "end_time", "2023-01-03T00:00:00Z"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range page(t, outcome) {
				got = append(got, fmt.Sprint(r))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			meta := outcome.Payload[0].Child("", "data").Child("", "meta").Child("", "measurement")
			if got := meta.Attr("aggregation") + " " + meta.Attr("sampling-interval"); got != tt.meta || meta.Attr("unit") != "A" {
				t.Errorf("meta says %q: %s", got, meta)
			}
		})
	}
}

// Whoever asks for auto gets the finest that one answer can hold: a year comes as days.
func TestHistoryChoosesItsResolution(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	year := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 2 * MaxRecords {
		h.archive.put("linky/current/1", number("A", float64(i), seconds(year)+float64(i)))
	}
	fine := make([]Period, MaxRecords+1)
	for i := range fine {
		fine[i] = Period{Begin: year.Add(time.Duration(i) * 10 * time.Minute), Mean: 1}
	}
	h.archive.periods = map[Resolution][]Period{TenMinutes: fine, HalfHour: fine, Hour: fine, Day: days(365)}
	outcome, err := h.session.run(conseil, "get_history", submit("identifier", current, "resolution", "auto",
		"start_time", "2023-01-01T00:00:00Z", "end_time", "2024-01-01T00:00:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	if p := page(t, outcome); len(p) != 365 || p[0].Name != current+"/mean/P1D" {
		t.Errorf("%d records of %s", len(p), p[0].Name)
	}
	outcome, err = h.session.run(conseil, "get_history", submit("identifier", current, "resolution", "auto",
		"start_time", "2023-01-01T00:00:00Z", "end_time", "2023-01-01T00:10:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	if p := page(t, outcome); len(p) != 600 || p[0].Name != current {
		t.Errorf("ten minutes: %d records of %s", len(p), p[0].Name)
	}
}

func TestHistoryRefusesRollUps(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, id, resolution, err string }{
		{"no such resolution", current, "PT7M", `bad-request: resolution "PT7M" is unknown; it may be raw, auto, PT10S, PT10M, PT30M, PT1H, P1D, P1M or P1Y`},
		{"very long, and not repeated", current, strings.Repeat("'", 100_000), "bad-request: resolution has more than 64 bytes"},
		{"two of them", current + "/mean/P1D", "PT1H", "bad-request: the identifier asks for resolution P1D already; leave the field resolution out"},
		{"the mean of an index", current + "/mean/P1M", "", "bad-request: this series has no mean; ask for first"},
		{"not granted", device + "_tariff/label/first/P1D", "", "not-authorized: no consent covers this series, or it does not exist"},
		{
			"too many", current + "/mean/P1D", "",
			"bad-request: more than 1000 records; ask for a shorter time, for example until 2025-09-26T00:00:00Z, and go on from there, or for a coarser resolution",
		},
	}
	h := newHouse(t)
	h.archive.periods = map[Resolution][]Period{Day: days(1200), Month: counted(3)}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := h.session.run(conseil, "get_history", submit("identifier", tt.id, "resolution", tt.resolution,
				"start_time", "2023-01-01T00:00:00Z", "end_time", "2033-01-01T00:00:00Z"))
			if text(err) != tt.err {
				t.Errorf("got  %v\nwant %s", err, tt.err)
			}
		})
	}
}

// Without a start, a roll-up goes back as far as it takes to show something.
func TestHistoryReachesBack(t *testing.T) {
	t.Parallel()
	for _, r := range append([]Resolution{""}, resolutions()...) {
		q, err := ask(current, submit("resolution", string(r)), now)
		if got := q.to.Sub(q.from); err != nil || got != r.reach() || r != "" && got < 24*time.Hour {
			t.Errorf("%q goes back %s, %v", r, got, err)
		}
	}
}

func FuzzSplitRollUp(f *testing.F) {
	for _, id := range []string{current, current + "/mean/P1D", "/mean/P1D", "//"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		series, wanted := splitRollUp(id)
		if wanted == (rollUp{}) && series != id || wanted != (rollUp{}) && series+wanted.suffix() != id {
			t.Errorf("%q became %q %+v", id, series, wanted)
		}
	})
}
