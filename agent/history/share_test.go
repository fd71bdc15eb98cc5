package history_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/history"
	"releve/agent/series"
)

// sunny is a household with panels whose production another meter counts: 120 W drawn, 60 W injected and 180 W produced by
// day, 60 W drawn by night.
func sunny(t *testing.T, now time.Time, from time.Time, produced func(day time.Time) bool) *store {
	s := newStore(t, now)
	byDay := func(day, night float64) func(time.Time) float64 {
		return func(at time.Time) float64 {
			days, hours := int(at.Sub(from).Hours())/24, min(at.Sub(from).Minutes()-float64(int(at.Sub(from).Hours())/24*1440), 1440)
			light := max(min(hours-480, 720), 0) // from 8 to 20
			return float64(days)*(720*day+720*night) + light*day + (hours-light)*night
		}
	}
	s.hear(drawn, "Wh", from, now, byDay(2, 1))
	s.hear("linky/"+series.PathInjectedIndex, "Wh", from, now, byDay(1, 0))
	for day := from; day.Before(now); day = history.Day.After(day) {
		if produced(day) {
			end := history.Day.After(day)
			if now.Before(end) {
				end = now
			}
			s.hear("sun/"+series.PathInjectedIndex, "Wh", day, end.Add(time.Minute), byDay(3, 0))
		}
	}
	s.Production = []string{"sun/" + series.PathInjectedIndex}
	return s
}

func TestShares(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, paris(t)) // a Monday
	always := func(time.Time) bool { return true }
	for _, c := range []struct {
		name     string
		now      time.Time
		produced func(time.Time) bool
		series   []string
		want     string
	}{
		{"a day", from.AddDate(0, 0, 3), always, nil, "drawn 2160, injected 720, produced 2160, self 1440: 0.66667 of production, 0.4 of consumption; 24h0m0s of 24h0m0s; missing []"},
		{"a gap of the production is not a zero", from.AddDate(0, 0, 3), func(day time.Time) bool { return !day.Equal(from.AddDate(0, 0, 1)) }, nil,
			"drawn unknown, injected unknown, produced unknown, self unknown: unknown of production, unknown of consumption; 0s of 24h0m0s; missing [production]"},
		{"no production is named", from.AddDate(0, 0, 3), always, []string{}, "drawn unknown, injected unknown, produced unknown, self unknown: unknown of production, unknown of consumption; 0s of 24h0m0s; missing [production]"},
		{"half a day, still dark for most of it", from.AddDate(0, 0, 1).Add(9 * time.Hour), always, nil, "drawn 580, injected 50, produced 150, self 100: 0.66667 of production, 0.14706 of consumption; 8h50m0s of 9h0m0s; missing []"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := sunny(t, c.now, from, c.produced)
			if c.series != nil {
				s.Production = c.series
			}
			x, err := s.Shares(t.Context(), "linky", history.Day, from.AddDate(0, 0, 1))
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprintf("drawn %s, injected %s, produced %s, self %s: %s of production, %s of consumption; %s of %s; missing %v",
				told(x.Drawn), told(x.Injected), told(x.Produced), told(x.SelfConsumed), told(x.SelfConsumption), told(x.SelfProduction), x.Known, x.Over, x.Missing)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Of the hour that is not over there is nothing, neither in the sums nor in the points.
func TestSharesOver(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 3, 0, 0, 0, 0, paris(t))
	s := sunny(t, from.Add(9*time.Hour+40*time.Minute), from, func(time.Time) bool { return true })
	x, err := s.SharesOver(t.Context(), "linky", history.Day, s.now, history.Hour)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("drawn %s, injected %s, produced %s, self %s; %s known", told(x.Drawn), told(x.Injected), told(x.Produced), told(x.SelfConsumed), x.Known)
	if want := "drawn 600, injected 60, produced 180, self 120; 9h0m0s known"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, line := range x.Lines {
		if line.Total != nil || line.Unplaced != 0 || len(line.Points) != 24 {
			t.Errorf("%s: total %s, %v unplaced, %d points", line.Quantity, told(line.Total), line.Unplaced, len(line.Points))
		}
		for _, p := range line.Points[9:] {
			if p.Value != nil {
				t.Errorf("%s: %s of the hour from %s", line.Quantity, told(p.Value), p.From.Format("15:04"))
			}
		}
	}
}

func TestUsual(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 4, 8, 0, 0, 0, 0, paris(t)) // Wednesday, ten days after the clocks went forward
	s := newStore(t, day.Add(10*time.Hour+7*time.Minute))
	from := day.AddDate(0, 0, -15)
	s.hear(drawn, "Wh", from, s.now, drawing(from, 0))
	u, err := s.Usual(t.Context(), "linky", s.now, 4)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%s: %s today, %s usually, %s a day, of %d", u.At.Format("15:04"), told(u.Today), told(u.SoFar), told(u.Day), u.Days)
	if want := "10:00: 600 today, 600 usually, 1440 a day, of 2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOutlook(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 8, 12, 0, 0, 0, paris(t))
	for _, c := range []struct {
		days int
		want string
	}{
		{0, "0 so far, 0 to come, by , of 0, 7 missing"},
		{4, "5759 so far, 32401 to come, by mean, of 3, 4 missing"},
		{20, "10799 so far, 32341 to come, by weekday, of 19, 0 missing"},
	} {
		s := newStore(t, now)
		from := time.Date(2026, 4, 8-c.days, 12, 0, 0, 0, paris(t))
		s.hear(drawn, "Wh", from, now, drawing(from, 0))
		all, err := s.Outlook(t.Context(), "linky", history.Energy, history.Month, now)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		o := all[0]
		got := fmt.Sprintf("%.5g so far, %.5g to come, by %s, of %d, %d missing", o.SoFar, o.Rest, o.Method, o.Days, o.Missing)
		if got != c.want {
			t.Errorf("%d days: got %s, want %s", c.days, got, c.want)
		}
	}
}
