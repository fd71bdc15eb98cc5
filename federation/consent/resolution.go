package consent

import (
	"slices"
	"strings"
	"time"
)

// Resolution is how finely a recipient may see: Live, or the length of periods in ISO 8601. Days are those of the
// household's zone, all others are as they are in UTC.
type Resolution string

// The resolutions that can be granted.
const (
	Live       Resolution = "live" // records as they are read
	TenSeconds Resolution = "PT10S"
	TenMinutes Resolution = "PT10M"
	HalfHour   Resolution = "PT30M"
	Hour       Resolution = "PT1H"
	Day        Resolution = "P1D"
)

// Resolutions returns all of them, from fine to coarse.
func Resolutions() []Resolution {
	return []Resolution{Live, TenSeconds, TenMinutes, HalfHour, Hour, Day}
}

// rank is the place from fine to coarse, -1 of none.
func (r Resolution) rank() int { return slices.Index(Resolutions(), r) }

// isFinerThan compares two that can be granted.
func (r Resolution) isFinerThan(other Resolution) bool { return r.rank() < other.rank() }

// length is how long the periods are; 0 of days, which have 23 to 25 hours, and of Live.
func (r Resolution) length() time.Duration {
	return map[Resolution]time.Duration{TenSeconds: 10 * time.Second, TenMinutes: 10 * time.Minute, HalfHour: 30 * time.Minute, Hour: time.Hour}[r]
}

// Begin is the first instant of the period that holds an instant.
func (r Resolution) Begin(t time.Time, location *time.Location) time.Time {
	if length := r.length(); length > 0 {
		return time.UnixMilli(t.UnixMilli() - t.UnixMilli()%length.Milliseconds())
	}
	y, m, d := t.In(location).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, location)
}

// Next is the first instant of the period after the one that begins then.
func (r Resolution) Next(begin time.Time, location *time.Location) time.Time {
	if length := r.length(); length > 0 {
		return begin.Add(length)
	}
	y, m, d := begin.In(location).Date()
	return r.Begin(time.Date(y, m, d+1, 12, 0, 0, 0, location), location)
}

// Words lists them for a sentence.
func Words() string {
	var list []string
	for _, r := range Resolutions() {
		list = append(list, string(r))
	}
	return strings.Join(list, ", ")
}
