package bmhs

import (
	"math"
	"time"
)

// dateLayout has exactly three decimals: without them the server refuses a date, with more it shifts it by minutes.
const dateLayout = "2006-01-02T15:04:05.000Z"

// Date writes an instant for a server whose local zone is given, as dateValue and timezoneOffset. The server takes the
// digits of the date as its own local time, whatever follows them, and subtracts offset minutes. So the offset is not that
// of the instant but that of the digits, which differ for some hours when summer time begins and ends.
//
//	Example: 2026-03-29T01:10:00.000Z, -60 in Europe/Paris: in the server's words 01:10 there, which is 00:10 UTC
func Date(t time.Time, zone *time.Location) (value string, offset int) {
	t = t.UTC().Truncate(time.Millisecond)
	return t.Format(dateLayout), int(parsed(t, zone).Sub(t) / time.Minute)
}

// parsed is what a server in that zone takes the digits of a wall clock for. A time that does not exist is moved on by
// the hour that is missing, and of two times with the same digits it is the second, of winter: java.util's rule.
func parsed(wall time.Time, zone *time.Location) time.Time {
	read := func(from *time.Location) time.Time {
		return time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), from)
	}
	guess := read(zone)
	_, before := guess.Add(-24 * time.Hour).Zone()
	_, after := guess.Add(24 * time.Hour).Zone()
	early, late := min(before, after), max(before, after)
	if early == late {
		return guess
	}
	winter := read(time.UTC).Add(-time.Duration(early) * time.Second) // the later of the two readings
	summer := read(time.UTC).Add(-time.Duration(late) * time.Second)
	_, inWinter := winter.In(zone).Zone()
	_, inSummer := summer.In(zone).Zone()
	switch {
	case inWinter == early: // also of two times with the same digits
		return winter
	case inSummer == late:
		return summer
	}
	// Neither: digits of the missing hour. With the offset before the change they are the same hour later.
	return read(time.UTC).Add(-time.Duration(before) * time.Second)
}

// queryLayout is how a fetch names its bounds: whole seconds, whose Z is only a letter.
const queryLayout = "2006-01-02T15:04:05Z"

// bound writes a lower bound for a server in that zone, never later than the instant: in the hour that comes twice the
// server takes the second one, so the bound is then an hour early, and what comes too much is known already.
func bound(t time.Time, zone *time.Location) string {
	wall := t.In(zone).Truncate(time.Second)
	for parsed(wall, zone).After(t) {
		wall = wall.Add(-time.Hour)
	}
	return wall.Format(queryLayout)
}

// day is the local day of an instant, which the server adds energy up by.
func day(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.DateOnly) }

// instant is a SenML time, which is exact to the millisecond.
func instant(seconds float64) time.Time { return time.UnixMilli(int64(math.Round(seconds * 1000))) }
