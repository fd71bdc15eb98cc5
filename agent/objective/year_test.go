package objective_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/objective"
)

func known(wh ...float64) []*float64 {
	var all []*float64
	for i := range wh {
		if wh[i] < 0 {
			all = append(all, nil)
			continue
		}
		all = append(all, &wh[i])
	}
	return all
}

func told(v *float64) string {
	if v == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.5g", *v)
}

func TestStand(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	// 1 200 kWh a month in winter and 600 in summer.
	reference, err := objective.ReferenceOf(2025, known(1200, 1200, 1200, 600, 600, 600, 600, 600, 600, 1200, 1200, 1200))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := objective.Parse("plan.toml", []byte(objective.Example()))
	if err != nil {
		t.Fatal(err)
	}
	year := time.Date(2027, 1, 1, 0, 0, 0, 0, paris)
	for _, c := range []struct {
		name string
		plan objective.Plan
		used []*float64
		now  time.Time
		want string
	}{
		{"the middle of April", objective.Plan{}, known(1000, 1000, 1100, 290), time.Date(2027, 4, 16, 0, 0, 0, 0, paris),
			"10% less: 10800 to 9720; used 3390, allowed 3510, before 3900; leads to 9387.7: reached"},
		{"more than the target", objective.Plan{}, known(1150, 1150, 1150, 300), time.Date(2027, 4, 16, 0, 0, 0, 0, paris),
			"10% less: 10800 to 9720; used 3750, allowed 3510, before 3900; leads to 10385: between"},
		{"more than the reference", objective.Plan{}, known(1300, 1200, 1300, 300), time.Date(2027, 4, 16, 0, 0, 0, 0, paris),
			"10% less: 10800 to 9720; used 4100, allowed 3510, before 3900; leads to 11354: above"},
		{"the plan has another percent for the year", plan, known(1000, 1000, 1100, 290), time.Date(2027, 4, 16, 0, 0, 0, 0, paris),
			"8% less: 10800 to 9936; used 3390, allowed 3588, before 3900; leads to 9387.7: reached"},
		{"a month is missing", objective.Plan{}, known(1000, -1, 1100, 290), time.Date(2027, 4, 16, 0, 0, 0, 0, paris),
			"10% less: 10800 to 9720; used unknown, allowed 3510, before 3900; leads to unknown: unknown"},
		{"too early to tell where it leads", objective.Plan{}, known(90), time.Date(2027, 1, 4, 2, 24, 0, 0, paris),
			"10% less: 10800 to 9720; used 90, allowed 108, before 120; leads to unknown: reached"},
		{"the year has not begun", objective.Plan{}, known(), time.Date(2026, 12, 4, 0, 0, 0, 0, paris),
			"10% less: 10800 to 9720; used unknown, allowed 0, before 0; leads to unknown: unknown"},
		{"the year is over", objective.Plan{}, known(1000, 1000, 1000, 600, 600, 600, 600, 600, 600, 1000, 1000, 1100), time.Date(2028, 2, 1, 0, 0, 0, 0, paris),
			"10% less: 10800 to 9720; used 9700, allowed 9720, before 10800; leads to 9700: reached"},
	} {
		s := objective.Stand(reference, c.plan, 10, year, c.used, c.now)
		got := fmt.Sprintf("%g%% less: %.5g to %.5g; used %s, allowed %.5g, before %.5g; leads to %s: %s",
			s.Percent, s.Reference, s.Target, told(s.Used), s.Allowed, s.Before, told(s.Projected), s.Verdict)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if len(s.Months) != 12 || s.Months[11].Reference != s.Reference || !s.Months[2].To.Equal(time.Date(2027, 4, 1, 0, 0, 0, 0, paris)) {
			t.Errorf("%s: months %+v", c.name, s.Months)
		}
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	if _, err := objective.ReferenceOf(2025, known(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, -1)); err == nil || !strings.Contains(err.Error(), "objective.kwh instead") {
		t.Errorf("a year that is not whole: %v", err)
	}
	if r := objective.ReferenceByNumber(366, objective.Plan{}, 2028); r.Wh[1] != 29 || r.Wh[11] != 31 {
		t.Errorf("a leap year: %v", r.Wh)
	}
	plan, err := objective.Parse("plan.toml", []byte("source = \"s\"\nmonths = [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]"))
	if err != nil {
		t.Fatal(err)
	}
	if r := objective.ReferenceByNumber(4000, plan, 2027); r.Wh != [12]float64{0: 2000, 10: 1000, 11: 1000} {
		t.Errorf("by the plan: %v", r.Wh)
	}
}

func TestWrongPlans(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                   "plan.toml: say where these parameters are from: source",
		"source = \"s\"\nmonths = [1, 2]":    "plan.toml: months: give twelve, of which one at least is more than 0, not 2",
		"source = \"s\"\nmonths = [1, -2]":   "plan.toml: months: a month cannot be less than nothing",
		"source = \"s\"\n[year]\nsoon = 3":   "plan.toml: year.soon: write a year and how many percent less it is for, as in 2027 = 8",
		"source = \"s\"\n[year]\n2027 = 120": "plan.toml: year.2027: write a year and how many percent less it is for, as in 2027 = 8",
	} {
		if _, err := objective.Parse("plan.toml", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(objective.Example()))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := objective.Parse("plan.toml", text)
		if err != nil {
			return
		}
		sum := 0.0
		for _, m := range p.Months {
			sum += m
		}
		if p.Months != nil && (sum < 0.999 || sum > 1.001) {
			t.Errorf("the months are %g of a year", sum)
		}
	})
}
