package main

import (
	"testing"
	"time"
)

func TestParseMoment(t *testing.T) {
	t.Parallel()
	location := paris(t)
	now := time.Date(2026, 10, 26, 9, 30, 0, 0, time.UTC) // the day after the end of summer time
	for text, want := range map[string]string{
		"now": "2026-10-26T10:30:00+01:00", "today": "2026-10-26T00:00:00+01:00", "yesterday": "2026-10-25T00:00:00+02:00",
		"2026-10-25": "2026-10-25T00:00:00+02:00", "2026-11-01": "2026-11-01T00:00:00+01:00",
		"2026-11-01T12:30": "2026-11-01T12:30:00+01:00", "2026-11-01 12:30": "2026-11-01T12:30:00+01:00",
		"2026-07-01T12:30:05": "2026-07-01T12:30:05+02:00", "2026-11-01T12:30:00-05:00": "2026-11-01T18:30:00+01:00",
		"-1d": "2026-10-25T10:30:00+01:00", "-2d": "2026-10-24T10:30:00+02:00", "-12h": "2026-10-25T22:30:00+01:00",
		"-1d12h": "2026-10-24T23:30:00+02:00", "-90s": "2026-10-26T10:28:30+01:00",
	} {
		got, err := parseMoment(text, now, location)
		if got.In(location).Format(time.RFC3339) != want || err != nil {
			t.Errorf("%s is %s, %v, want %s", text, got.In(location).Format(time.RFC3339), err, want)
		}
	}
	for _, text := range []string{"", "-", "soon", "2026-13-01", "--1d", "-1", "-1w", "-99999d", "-1d-1h", "7d", "2026-11-01T12:30Z"} {
		if got, err := parseMoment(text, now, location); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
}
