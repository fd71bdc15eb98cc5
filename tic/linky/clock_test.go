package linky

import (
	"testing"
	"time"
	_ "time/tzdata" // the test must not depend on the machine's files
)

// TestLegalTime holds the written-out rule against the time zone database, every six hours of the century
// and every second around each change.
func TestLegalTime(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	check := func(unix int64) {
		if _, want := time.Unix(unix, 0).In(paris).Zone(); offsetAt(unix) != int64(want) {
			t.Fatalf("%v: offset %d s, want %d", time.Unix(unix, 0).UTC(), offsetAt(unix), want)
		}
	}
	for unix := int64(earliestStart); unix <= latestStart; unix += 6 * 3600 {
		check(unix)
	}
	for year := 2001; year <= 2098; year++ {
		for _, month := range []time.Month{time.March, time.October} {
			change := lastSunday(year, month)
			for unix := change - 3; unix <= change+3; unix++ {
				check(unix)
			}
		}
	}
}

// TestCalendar holds the shortcuts of legalTime against the time zone database, forwards, backwards and across changes.
func TestCalendar(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	var c legalTime
	for _, start := range []time.Time{
		time.Date(2026, 3, 28, 22, 0, 0, 0, time.UTC),
		time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC),
		time.Date(2025, 12, 31, 22, 0, 0, 0, time.UTC), // back
	} {
		for unix := start.Unix(); unix < start.Unix()+8*3600; unix += 61 {
			got, want := c.at(unix), time.Unix(unix, 0).In(paris)
			seconds := int64(want.Hour()*3600 + want.Minute()*60 + want.Second())
			day := date{int16(want.Year()), int16(want.Month()), int16(want.Day())}
			if got.unix != unix || got.second != seconds || got.date != day || got.weekday != want.Weekday() {
				t.Fatalf("%v is %+v", want, got)
			}
		}
	}
}

func TestHorodate(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, instant, want string }{
		{"winter", "2026-01-15T17:30:00Z", "H260115183000"},
		{"summer", "2026-07-14T21:59:59Z", "E260714235959"},
		{"last second of winter", "2026-03-29T00:59:59Z", "H260329015959"},
		{"first second of summer", "2026-03-29T01:00:00Z", "E260329030000"},
		{"first pass of the hour that comes twice", "2026-10-25T00:30:00Z", "E261025023000"},
		{"last second of summer", "2026-10-25T00:59:59Z", "E261025025959"},
		{"first second of winter", "2026-10-25T01:00:00Z", "H261025020000"},
		{"second pass of the hour that comes twice", "2026-10-25T01:30:00Z", "H261025023000"},
		{"new year comes an hour early", "2025-12-31T23:00:00Z", "H260101000000"},
		{"leap day", "2028-02-29T12:00:00Z", "H280229130000"},
	}
	for _, test := range tests {
		instant, err := time.Parse(time.RFC3339, test.instant)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(appendHorodate(nil, instant.Unix(), false)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
		degraded := string(test.want[0]-'A'+'a') + test.want[1:]
		if got := string(appendHorodate(nil, instant.Unix(), true)); got != degraded {
			t.Errorf("%s, with a degraded clock: %s, want %s", test.name, got, degraded)
		}
	}
}

func TestPeakHorodate(t *testing.T) {
	t.Parallel()
	minute := time.Date(2026, 7, 2, 6, 30, 0, 0, time.UTC).Unix() / 60
	if got, want := string(appendPeakHorodate(nil, minute)), " 260702063000"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestLocalMidnight also takes the days of 23 and of 25 hours.
func TestLocalMidnight(t *testing.T) {
	t.Parallel()
	tests := []struct{ instant, want string }{
		{"2026-01-15T17:30:00Z", "2026-01-14T23:00:00Z"},
		{"2026-01-14T23:00:00Z", "2026-01-14T23:00:00Z"},
		{"2026-01-14T22:59:59Z", "2026-01-13T23:00:00Z"},
		{"2026-03-29T20:00:00Z", "2026-03-28T23:00:00Z"},
		{"2026-03-29T22:00:00Z", "2026-03-29T22:00:00Z"},
		{"2026-10-25T22:30:00Z", "2026-10-24T22:00:00Z"},
		{"2026-10-25T23:00:00Z", "2026-10-25T23:00:00Z"},
	}
	for _, test := range tests {
		instant, err := time.Parse(time.RFC3339, test.instant)
		if err != nil {
			t.Fatal(err)
		}
		got := time.Unix(localMidnight(instant.Unix()), 0).UTC().Format(time.RFC3339)
		if got != test.want {
			t.Errorf("midnight before %s: %s, want %s", test.instant, got, test.want)
		}
	}
}

func TestMonthly(t *testing.T) {
	t.Parallel()
	m := monthly{100, 400, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40}
	tests := []struct {
		date date
		want int64
	}{
		{date{2026, 1, 15}, 100},
		{date{2026, 2, 15}, 400},
		{date{2026, 1, 25}, 200},
		{date{2026, 2, 5}, 300},
		{date{2026, 12, 15}, 40},
		{date{2026, 12, 30}, 70},
		{date{2026, 1, 1}, 72},
		{date{2026, 12, 31}, 72},
		{date{2026, 6, 7}, 0},
	}
	for _, test := range tests {
		if got := m.at(test.date); got != test.want {
			t.Errorf("%v: %d, want %d", test.date, got, test.want)
		}
	}
}

// TestDice pins the generator to the published first outputs of splitmix64 for seed 1234567.
func TestDice(t *testing.T) {
	t.Parallel()
	d := dice(1234567)
	for i, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423} {
		if got := d.roll(); got != want {
			t.Errorf("roll %d is %d, want %d", i, got, want)
		}
	}
	for range 1000 {
		if n := d.between(-3, 3); n < -3 || n > 3 {
			t.Fatalf("between(-3, 3) is %d", n)
		}
	}
	one, other := castFor(1, forDay, 20000), castFor(1, forDay, 20001)
	if one.roll() == other.roll() {
		t.Error("two days roll the same")
	}
}
