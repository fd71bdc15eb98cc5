package consent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"releve/federation/consent"
)

// A day on which the clocks change has 46 or 50 half-hours, and 23 or 25 hours.
func TestPeriodsOfDays(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		day  time.Time
		want string
	}{
		{time.Date(2026, 3, 29, 12, 0, 0, 0, paris), "46 half-hours, 23 hours, 1 day"},
		{time.Date(2026, 6, 1, 12, 0, 0, 0, paris), "48 half-hours, 24 hours, 1 day"},
		{time.Date(2026, 10, 25, 12, 0, 0, 0, paris), "50 half-hours, 25 hours, 1 day"},
	} {
		count := func(r consent.Resolution) (n int) {
			begin := consent.Day.Begin(test.day, paris)
			for end := consent.Day.Next(begin, paris); begin.Before(end); begin = r.Next(begin, paris) {
				if !r.Begin(begin.Add(time.Millisecond), paris).Equal(begin) {
					t.Errorf("%v does not begin %s", begin, r)
				}
				n++
			}
			return n
		}
		got := fmt.Sprintf("%d half-hours, %d hours, %d day", count(consent.HalfHour), count(consent.Hour), count(consent.Day))
		if got != test.want {
			t.Errorf("%v: %s, want %s", test.day, got, test.want)
		}
	}
}

// Where the disk cannot be written the places in memory are right, and a file that is none is set aside.
func TestPlacesDamaged(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "places.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	places, err := consent.OpenPlaces(file)
	if err == nil || places == nil {
		t.Fatalf("%v, %v", places, err)
	}
	if err := places.Save(); err != nil {
		t.Error(err)
	}
}
