package quoalise

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/senml"
)

// coarse are periods of half an hour of a quantity, of which the second is known in part only.
func coarse(begin time.Time, mean ...float64) []Period {
	var all []Period
	for i, m := range mean {
		at := begin.Add(time.Duration(i) * 30 * time.Minute)
		all = append(all, Period{Begin: at, Since: at, Mean: m, Min: 0, Max: 9, First: senml.NumberValue(5), Count: 7, Whole: i != 1})
	}
	return all
}

// Who was granted half-hours gets half-hours whatever they ask for, of which all is known, and nothing that tells one
// reading out of a period.
func TestHistoryWithinConsent(t *testing.T) {
	t.Parallel()
	begin := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	half := []string{"/mean/PT30M 1", "/mean/PT30M 3"}
	for _, tt := range []struct {
		name, id, resolution string
		want                 []string
		err                  string
	}{
		{"as a client asks that knows nothing of it", current, "", half, ""},
		{"readings", current, "raw", half, ""},
		{"half-hours", current, "PT30M", half, ""},
		{"by the name", current + "/mean/PT30M", "", half, ""},
		{"days", current, "P1D", []string{"/mean/P1D 4"}, ""},
		{"the finest that fits", current, "auto", half, ""},
		{"counts", current + "/count/PT30M", "", []string{"/count/PT30M 7", "/count/PT30M 7"}, ""},
		{"ten minutes", current, "PT10M", nil, "not-authorized: the consent covers nothing finer than PT30M"},
		{"ten seconds, by the name", current + "/mean/PT10S", "", nil, "not-authorized: the consent covers nothing finer than PT30M"},
		{"the greatest reading", current + "/maximum/P1D", "", nil,
			"not-authorized: the consent does not cover single readings, such as the maximum of a period"},
		{"the first reading", current + "/first/PT30M", "", nil,
			"not-authorized: the consent does not cover single readings, such as the first of a period"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.Consent.(book)[conseil.Bare().String()]["finest linky/current/1"] = "PT30M"
			h.archive.put("linky/current/1", number("A", 8, seconds(begin)))
			h.archive.periods = map[Resolution][]Period{HalfHour: coarse(begin, 1, 2, 3), Day: coarse(begin, 4), TenMinutes: coarse(begin, 5)}
			outcome, err := h.session.run(conseil, "get_history", submit("identifier", tt.id, "resolution", tt.resolution,
				"start_time", "2023-01-01T00:00:00Z", "end_time", "2023-01-02T00:00:00Z"))
			if text(err) != tt.err {
				t.Fatalf("error %v, want %s", err, tt.err)
			}
			if err != nil {
				return
			}
			var got []string
			for _, r := range page(t, outcome) {
				got = append(got, r.Name[len(current):]+" "+r.Value.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// Of an index a period tells what was in force when it begins, and nothing when that is not known.
func TestIndexWithinConsent(t *testing.T) {
	t.Parallel()
	begin := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	h := newHouse(t)
	h.Consent.(book)[conseil.Bare().String()]["finest linky/current/1"] = "P1D"
	h.archive.put("linky/current/1", number("A", 8, seconds(begin)))
	index := Period{Begin: begin, Since: begin, Mean: math.NaN(), First: senml.NumberValue(100), Whole: true}
	late := index
	late.Begin, late.Since = begin.AddDate(0, 0, 1), begin.AddDate(0, 0, 1).Add(time.Minute)
	h.archive.periods = map[Resolution][]Period{Day: {index, late}}
	outcome, err := h.session.run(conseil, "get_history", submit("identifier", current,
		"start_time", "2023-01-01T00:00:00Z", "end_time", "2023-01-05T00:00:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	p := page(t, outcome)
	if len(p) != 1 || p[0].Name != current+"/first/P1D" || p[0].Time != seconds(begin) {
		t.Errorf("records %v", p)
	}
}
