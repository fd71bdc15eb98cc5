package tic_test

import (
	"fmt"
	"testing"
	"time"
	_ "time/tzdata" // the machine may have no zones

	"releve/tic"
)

func TestHorodate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, raw string
		season    tic.Season
		degraded  bool
		want      string // RFC 3339; "" for none
	}{
		{"winter", "H240131174500", tic.Winter, false, "2024-01-31T17:45:00+01:00"},
		{"summer", "E250621143015", tic.Summer, false, "2025-06-21T14:30:15+02:00"},
		{"degraded winter", "h240131174500", tic.Winter, true, "2024-01-31T17:45:00+01:00"},
		{"degraded summer", "e100730120000", tic.Summer, true, "2010-07-30T12:00:00+02:00"},
		{"no season", " 250622060000", tic.NoSeason, false, ""},
		{"last second of winter", "H250330015959", tic.Winter, false, "2025-03-30T01:59:59+01:00"},
		{"first second of summer", "E250330030000", tic.Summer, false, "2025-03-30T03:00:00+02:00"},
		{"half past two for the first time", "E251026023000", tic.Summer, false, "2025-10-26T02:30:00+02:00"},
		{"half past two an hour later", "H251026023000", tic.Winter, false, "2025-10-26T02:30:00+01:00"},
		{"a meter that missed the change", "H250701120000", tic.Winter, false, "2025-07-01T12:00:00+01:00"},
		{"leap day", "H240229000000", tic.Winter, false, "2024-02-29T00:00:00+01:00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h, err := tic.ParseHorodate([]byte(test.raw))
			if err != nil {
				t.Fatal(err)
			}
			if h.Season != test.season || h.Degraded != test.degraded || h.String() != test.raw {
				t.Errorf("season %q, degraded %v, written %q", h.Season, h.Degraded, h)
			}
			got := ""
			if at := h.Time(); !at.IsZero() {
				got = at.Format(time.RFC3339)
			}
			if got != test.want {
				t.Errorf("Time: %s, want %s", got, test.want)
			}
		})
	}
}

func TestHorodateErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, raw, err string }{
		{"empty", "", "read horodate: 0 characters, want 13"},
		{"short", "H24013117450", "read horodate: 12 characters, want 13"},
		{"long", "H2401311745000", "read horodate: 14 characters, want 13"},
		{"season", "X240131174500", "read horodate: season is 'X', want H, E, h, e or space"},
		{"letter", "H24013117450O", `read horodate: "24013117450O" are not twelve digits`},
		{"month", "H241331174500", `read horodate: "241331174500" is no date`},
		{"day", "H230229000000", `read horodate: "230229000000" is no date`},
		{"day nought", "H230200000000", `read horodate: "230200000000" is no date`},
		{"hour", "H230201240000", `read horodate: "230201240000" is no date`},
		{"second", "H230201235960", `read horodate: "230201235960" is no date`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := tic.ParseHorodate([]byte(test.raw)); err == nil || err.Error() != test.err {
				t.Errorf("ParseHorodate: %v\nwant:          %s", err, test.err)
			}
		})
	}
}

func TestHorodateTimeIn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, raw, zone, want string
		assumed               bool
	}{
		{"a letter needs no rules", "H250701120000", "Europe/Paris", "2025-07-01T11:00:00Z", false},
		{"winter", " 250115060000", "Europe/Paris", "2025-01-15T05:00:00Z", true},
		{"summer", " 250622060000", "Europe/Paris", "2025-06-22T04:00:00Z", true},
		{"before the change in spring", " 250330015959", "Europe/Paris", "2025-03-30T00:59:59Z", true},
		{"jumped over", " 250330023000", "Europe/Paris", "2025-03-30T01:30:00Z", true},
		{"after the change in spring", " 250330030000", "Europe/Paris", "2025-03-30T01:00:00Z", true},
		{"midday after it", " 250330120000", "Europe/Paris", "2025-03-30T10:00:00Z", true},
		{"before the change in autumn", " 251026015959", "Europe/Paris", "2025-10-25T23:59:59Z", true},
		{"passed twice", " 251026023000", "Europe/Paris", "2025-10-26T00:30:00Z", true},
		{"after the change in autumn", " 251026030000", "Europe/Paris", "2025-10-26T02:00:00Z", true},
		{"the day after", " 251027060000", "Europe/Paris", "2025-10-27T05:00:00Z", true},
		{"overseas", " 250622060000", "Indian/Reunion", "2025-06-22T02:00:00Z", true},
		{"far west", " 250622060000", "Pacific/Tahiti", "2025-06-22T16:00:00Z", true},
		{"far east", " 250622060000", "Pacific/Wallis", "2025-06-21T18:00:00Z", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation(test.zone)
			if err != nil {
				t.Fatal(err)
			}
			h, err := tic.ParseHorodate([]byte(test.raw))
			if err != nil {
				t.Fatal(err)
			}
			at, assumed := h.TimeIn(zone)
			if got := at.UTC().Format(time.RFC3339); got != test.want || assumed != test.assumed {
				t.Errorf("TimeIn: %s, assumed %v, want %s, %v", got, assumed, test.want, test.assumed)
			}
			if at.Location() != zone {
				t.Errorf("location is %s, want %s", at.Location(), zone)
			}
		})
	}
}

// Overseas the letters mean another offset, and it never changes.
func TestHorodateTimeOn(t *testing.T) {
	t.Parallel()
	reunion := tic.Clock{Winter: 4 * time.Hour, Summer: 4 * time.Hour}
	for _, test := range []struct {
		clock     tic.Clock
		raw, want string
	}{
		{tic.Mainland(), "H240131174500", "2024-01-31T17:45:00+01:00"},
		{tic.Mainland(), "E250621143015", "2025-06-21T14:30:15+02:00"},
		{reunion, "H240131174500", "2024-01-31T17:45:00+04:00"},
		{reunion, "h250621143015", "2025-06-21T14:30:15+04:00"},
		{tic.Clock{Winter: -4 * time.Hour}, "H240131174500", "2024-01-31T17:45:00-04:00"},
		{reunion, " 240131174500", "0001-01-01T00:00:00Z"},
	} {
		h, err := tic.ParseHorodate([]byte(test.raw))
		if err != nil {
			t.Fatal(err)
		}
		if got := h.TimeOn(test.clock).Format(time.RFC3339); got != test.want {
			t.Errorf("%q on %+v is %s, want %s", test.raw, test.clock, got, test.want)
		}
	}
}

// Every day there is is read, and no other: what time.Date carries over is no date.
func TestHorodateCalendar(t *testing.T) {
	t.Parallel()
	for year := range 100 {
		for month := range 14 {
			for day := range 33 {
				at := time.Date(2000+year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
				exists := int(at.Month()) == month && at.Day() == day
				if _, err := tic.ParseHorodate(fmt.Appendf(nil, "H%02d%02d%02d000000", year, month, day)); (err == nil) != exists {
					t.Errorf("%02d-%02d-%02d: %v, though it exists: %v", year, month, day, err, exists)
				}
			}
		}
	}
}

// FuzzHorodate holds that what is read is written the same, and that its clock shows the same digits wherever its
// season is known.
func FuzzHorodate(f *testing.F) {
	for _, raw := range []string{"H240131174500", "e100730120000", " 250330023000", "E251026023000", "H230229000000"} {
		f.Add([]byte(raw))
	}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := tic.ParseHorodate(raw)
		if err != nil {
			return
		}
		if got := h.String(); got != string(raw) {
			t.Fatalf("%q is written again as %q", raw, got)
		}
		if h.Season != tic.NoSeason {
			if got := h.Time().Format("060102150405"); got != string(raw[1:]) {
				t.Fatalf("%q is %s on its own clock", raw, got)
			}
		}
		at, assumed := h.TimeIn(paris)
		if assumed != (h.Season == tic.NoSeason) {
			t.Fatalf("%q: assumed is %v", raw, assumed)
		}
		if again, _ := h.TimeIn(time.UTC); at.Sub(again).Abs() > 2*time.Hour {
			t.Fatalf("%q is %s in Paris, more than two hours from %s", raw, at, again)
		}
	})
}
