package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parseMoment reads a time as a person writes it, in the household's zone where it has none of its own.
//
//	Format:  a day, or a time, of ISO 8601; how long ago, as -7d, -12h or -1d12h; now; today; yesterday
//	Example: 2026-11-01  2026-11-01T12:30  2026-11-01T12:30:00+01:00  -7d
func parseMoment(text string, now time.Time, location *time.Location) (time.Time, error) {
	switch text {
	case "now":
		return now, nil
	case "today":
		return midnight(now, location), nil
	case "yesterday":
		return midnight(midnight(now, location).Add(-time.Hour), location), nil
	}
	if ago, isAgo := strings.CutPrefix(text, "-"); isAgo && ago != "" {
		return parseAgo(ago, now, location)
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateTime} {
		if at, err := time.ParseInLocation(layout, text, location); err == nil {
			return at, nil
		}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, unreadable(text)
	}
	return at, nil
}

// parseAgo goes back by days of the calendar, which may have 23 or 25 hours, and by what is left.
func parseAgo(text string, now time.Time, location *time.Location) (time.Time, error) {
	at := now.In(location)
	if days, rest, hasDays := strings.Cut(text, "d"); hasDays {
		n, err := strconv.ParseUint(days, 10, 15)
		if err != nil {
			return at, unreadable("-" + text)
		}
		at, text = at.AddDate(0, 0, -int(n)), rest
	}
	if text == "" {
		return at, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return at, unreadable("-" + text)
	}
	return at.Add(-d), nil
}

func unreadable(text string) error {
	return fmt.Errorf("%q is not a time such as 2026-11-01, 2026-11-01T12:30, 2026-11-01T12:30:00+01:00, -7d or -12h", text)
}
