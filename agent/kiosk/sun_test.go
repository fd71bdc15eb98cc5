package kiosk

import (
	"testing"
	"time"
)

// TestSun compares with the hours that almanacs give, to three minutes.
func TestSun(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name      string
		sky       Sky
		day       string
		rise, set string // "" when the sun does neither
	}{
		{"Paris, June", Sky{48.857, 2.352}, "2026-06-21", "05:47", "21:58"},
		{"Paris, December", Sky{48.857, 2.352}, "2026-12-21", "08:41", "16:56"},
		{"Paris, equinox", Sky{48.857, 2.352}, "2026-03-20", "06:54", "19:04"},
		{"Lorient, June", Sky{47.748, -3.366}, "2026-06-21", "06:15", "22:16"},
		{"North Cape, June", Sky{71.17, 25.78}, "2026-06-21", "", ""},
		{"North Cape, December", Sky{71.17, 25.78}, "2026-12-21", "", ""},
	} {
		begins, err := time.ParseInLocation(time.DateOnly, row.day, paris)
		if err != nil {
			t.Fatal(err)
		}
		rise, set := "", ""
		for m := range 24 * 60 {
			at := begins.Add(time.Duration(m) * time.Minute)
			switch before, after := row.sky.Up(at), row.sky.Up(at.Add(time.Minute)); {
			case !before && after:
				rise = at.Format("15:04")
			case before && !after:
				set = at.Format("15:04")
			}
		}
		if !near(t, rise, row.rise) || !near(t, set, row.set) {
			t.Errorf("%s: the sun rises at %q and sets at %q, want %q and %q", row.name, rise, set, row.rise, row.set)
		}
	}
	cape := Sky{71.17, 25.78}
	if june, december := time.Date(2026, 6, 21, 22, 0, 0, 0, time.UTC), time.Date(2026, 12, 21, 10, 0, 0, 0, time.UTC); !cape.Up(june) || cape.Up(december) {
		t.Error("at the North Cape it is night in June, or day in December")
	}
}

func near(t *testing.T, got, want string) bool {
	t.Helper()
	if got == "" || want == "" {
		return got == want
	}
	a, err := time.Parse("15:04", got)
	b, otherErr := time.Parse("15:04", want)
	if err != nil || otherErr != nil {
		t.Fatal(err, otherErr)
	}
	return a.Sub(b).Abs() <= 3*time.Minute
}
