package bmhs

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDateAtChanges holds the offsets around the two changes of a year, as measured on the server's own code.
func TestDateAtChanges(t *testing.T) {
	t.Parallel()
	paris := zone(t, "Europe/Paris")
	for _, tt := range []struct {
		at     string
		offset int
	}{
		{"2026-03-29T00:50:00.000Z", -60},
		{"2026-03-29T01:10:00.000Z", -60},
		{"2026-03-29T02:10:00.000Z", -60},
		{"2026-03-29T03:10:00.000Z", -120},
		{"2026-10-25T00:10:00.000Z", -120},
		{"2026-10-25T01:10:00.000Z", -120},
		{"2026-10-25T02:10:00.000Z", -60},
		{"2026-11-23T08:13:04.061Z", -60},
	} {
		value, offset := Date(at(tt.at), paris)
		if diff := cmp.Diff([]any{tt.at, tt.offset}, []any{value, offset}); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestDateHasThreeDecimals holds the only form that the server reads as it is meant.
func TestDateHasThreeDecimals(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2026-11-23T09:13:04+01:00":        "2026-11-23T08:13:04.000Z",
		"2026-11-23T09:13:04.061999+01:00": "2026-11-23T08:13:04.061Z",
	} {
		if got, _ := Date(at(in), zone(t, "Europe/Paris")); got != want {
			t.Errorf("%s is written %s, want %s", in, got, want)
		}
	}
}

// serverReads is what the server makes of a date: digits as local time, less the offset. In mainland France Go reads wall
// clocks that do not exist, or exist twice, as Java does; that was compared for every ten minutes of seven years.
func serverReads(t *testing.T, value string, offset int, zone *time.Location) time.Time {
	t.Helper()
	wall, err := time.ParseInLocation("2006-01-02T15:04:05.000Z", value, zone)
	if err != nil {
		t.Fatal(err)
	}
	return wall.Add(-time.Duration(offset) * time.Minute)
}

// TestDateOverYears holds that the server reads every ten minutes of eleven years as they are.
func TestDateOverYears(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Paris", "America/Martinique", "Pacific/Noumea", "Indian/Reunion", "UTC"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			z := zone(t, name)
			wrong := 0
			for i := at("2020-01-01T00:00:00Z"); i.Year() < 2031; i = i.Add(10 * time.Minute) {
				value, offset := Date(i, z)
				if got := serverReads(t, value, offset, z); !got.Equal(i) {
					if wrong++; wrong < 5 {
						t.Errorf("%s, %d is read as %s, want %s", value, offset, got.UTC(), i)
					}
				}
			}
		})
	}
}

// TestBoundMissesNothing holds that a lower bound is never read as later than it is, and at most an hour too early.
func TestBoundMissesNothing(t *testing.T) {
	t.Parallel()
	paris := zone(t, "Europe/Paris")
	early := map[time.Duration]int{}
	for i := at("2026-01-01T00:00:00Z"); i.Year() < 2028; i = i.Add(10 * time.Minute) {
		got, err := time.ParseInLocation("2006-01-02T15:04:05Z", bound(i, paris), paris)
		if err != nil {
			t.Fatal(err)
		}
		if got.After(i) {
			t.Fatalf("the bound of %s is read as %s", i, got.UTC())
		}
		early[i.Sub(got)]++
	}
	if len(early) > 2 || early[0] == 0 || early[2*time.Hour]+early[time.Hour] > 24 {
		t.Errorf("too early: %v", fmt.Sprint(early))
	}
}
