package linky

import "time"

// secondsPerDay is the length of a civil day without a change of hour.
const secondsPerDay = 24 * 3600

// moment is one second as the household lives it: legal time of metropolitan France.
type moment struct {
	unix    int64 // seconds since 1970, UTC
	lasts   int64 // seconds that it stands for: 1, or more when time goes in strides
	day     int64 // local days since 1970-01-01
	second  int64 // second of the local day, as a wall clock shows it
	date    date  // calendar date of day
	weekday time.Weekday
}

// date is a day of the calendar.
type date struct{ year, month, day int16 }

// legalTime turns successive seconds into moments, recomputing only what changed.
type legalTime struct {
	last   moment
	offset int64 // seconds east of UTC
	until  int64 // the offset holds up to, not including, this second
}

// at returns the moment of a second. Seconds may jump in either direction.
func (c *legalTime) at(unix int64) moment {
	if unix >= c.until || unix < c.last.unix {
		c.offset = offsetAt(unix)
		c.until = (unix/3600 + 1) * 3600 // France changes its hour on the hour
	}
	local := unix + c.offset
	next := c.last
	next.unix, next.second, next.lasts = unix, local%secondsPerDay, 1
	if day := local / secondsPerDay; day != next.day || next.date.year == 0 {
		next.day = day
		next.date, next.weekday = dateOf(day)
	}
	c.last = next
	return next
}

// dateOf returns the date of a local day number.
func dateOf(day int64) (date, time.Weekday) {
	t := time.Unix(day*secondsPerDay, 0).UTC()
	year, month, dayOfMonth := t.Date()
	return date{int16(year), int16(month), int16(dayOfMonth)}, t.Weekday()
}

// offsetAt returns the distance of French legal time from UTC, in seconds: one hour, or two from the last Sunday
// of March 01:00 UTC to the last Sunday of October 01:00 UTC (directive 2000/84/EC, decree of 3 April 2001).
// The rule is written out because a small board may have no time zone files.
func offsetAt(unix int64) int64 {
	year := time.Unix(unix, 0).UTC().Year()
	if unix >= lastSunday(year, time.March) && unix < lastSunday(year, time.October) {
		return 2 * 3600
	}
	return 3600
}

// lastSunday returns 01:00 UTC on the last Sunday of a month that has 31 days.
func lastSunday(year int, month time.Month) int64 {
	last := time.Date(year, month, 31, 1, 0, 0, 0, time.UTC)
	return last.Unix() - int64(last.Weekday())*secondsPerDay
}

// localMidnight returns the first second of the local day that contains unix.
func localMidnight(unix int64) int64 {
	day := (unix + offsetAt(unix)) / secondsPerDay
	return startOfDay(day)
}

// startOfDay returns the first second of a local day. Summer time never starts or ends before 02:00,
// so the offset one hour before UTC midnight of that date is the one in force at local midnight.
func startOfDay(day int64) int64 {
	utc := day * secondsPerDay
	return utc - offsetAt(utc-3600)
}

// appendHorodate appends a second as the meter writes it.
//
//	Format:  S AA MM JJ hh mm ss, S = H in winter (UTC+1), E in summer (UTC+2), h or e when the clock is degraded
//	Example: "H260115183000"
//
// Enedis-NOI-CPT_54E §6.2.1.1.
func appendHorodate(dst []byte, unix int64, degraded bool) []byte {
	offset := offsetAt(unix)
	season := byte('H')
	if offset != 3600 {
		season = 'E'
	}
	if degraded {
		season += 'a' - 'A'
	}
	return appendStamp(append(dst, season), unix+offset)
}

// appendPeakHorodate appends a minute of local time since 1970, at which a mobile peak starts or ends.
// Its season letter is a space: not applicable.
func appendPeakHorodate(dst []byte, minute int64) []byte {
	return appendStamp(append(dst, ' '), minute*60)
}

// appendStamp appends AAMMJJhhmmss of a second already moved to local time.
func appendStamp(dst []byte, local int64) []byte {
	t := time.Unix(local, 0).UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	for _, field := range [...]int{year % 100, int(month), day, hour, minute, second} {
		dst = append(dst, byte('0'+field/10), byte('0'+field%10))
	}
	return dst
}

// monthly is a quantity that follows the seasons: its values in the middle of January … December.
type monthly [12]int64

// at returns the value of a day, on a straight line between two mid-months.
func (m *monthly) at(d date) int64 {
	before, after, passed := d.month-1, d.month%12, int64(d.day-15)
	if passed < 0 {
		before, after, passed = (d.month+10)%12, d.month-1, passed+30
	}
	return m[before] + (m[after]-m[before])*min(passed, 30)/30
}
