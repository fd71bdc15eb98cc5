package history_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/history"
	"releve/agent/series"
)

func TestProfiles(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 4, 0, 0, 0, 0, paris(t))
	s := newStore(t, day.AddDate(0, 0, 2))
	s.hear(drawn, "Wh", day.AddDate(0, 0, -1), day.AddDate(0, 0, 2), drawing(day, 5000))
	all := []history.Profile{{Name: "school", Meter: "linky", People: 120}, {Name: "home", Meter: "other", People: 2}}
	for by, want := range map[history.By][]string{
		history.Absolute:  {"school [04 00:00 ×24 60 whole final] 1440 false", "home [04 00:00 ×24 gap final] unknown false"},
		history.PerPerson: {"school [04 00:00 ×24 0.5 whole final] 12 false", "home [04 00:00 ×24 gap final] unknown false"},
		history.PerArea:   {"school [] unknown true", "home [] unknown true"},
	} {
		shown, err := s.Profiles(t.Context(), all, by, history.Day, day, history.Hour)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range shown {
			got = append(got, fmt.Sprint(p.Name, " ", inShort(p.Line.Points), " ", told(p.Line.Total), " ", p.Unscaled))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("by %q (-want +got):\n%s", by, diff)
		}
	}
	if _, err := s.Profiles(t.Context(), all, "litre", history.Day, day, history.Hour); !errors.Is(err, history.ErrQuestion) {
		t.Errorf("by litre: %v", err)
	}
}

func TestStake(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 4, 0, 0, 0, 0, paris(t))
	s := newStore(t, day.AddDate(0, 0, 2))
	const roof, wall = "lucioles.0123456789abcdef/" + series.PathInjectedIndex, "lucioles.fedcba9876543210/production/power/active/mean"
	s.hear(roof, "Wh", day.AddDate(0, 0, -1), day.AddDate(0, 0, 2), drawing(day, 5000))
	s.hear(wall, "W", day.AddDate(0, 0, -1), day.AddDate(0, 0, 2), func(time.Time) float64 { return 40 })
	stake := history.Stake{Title: "Toit", Series: []string{roof, wall}, Shares: 4, Of: 100, Area: 300}
	shown, err := s.Stake(t.Context(), stake, history.Day, day)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%s of %s, %s m², %s €, estimated %v: %v", told(shown.Mine.Total), told(shown.All.Total), told(shown.Area), told(shown.Budget), shown.All.Estimated, inShort(shown.Mine.Points))
	if want := "96 of 2400, 12 m², unknown €, estimated true: [04 00:00 ×144 0.66667 whole final]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
