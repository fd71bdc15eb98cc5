package buffer

import (
	"context"
	"fmt"
	"math"
	"time"

	"releve/senml"
)

// Period is what one series has said in a period, rolled up.
//
// A value is in force from its reading to the next, at most for Options.Hold. Mean, Min and Max are of the value
// in force, each instant counting the same, and so include one that was read before Begin. Readings that were
// stored twice count once. A period in which nothing was in force does not exist: gaps are not filled.
type Period struct {
	Begin, End time.Time
	// Count is how many readings there were; 0 when a value from before was in force.
	Count int
	// Covered is how long a value was in force.
	Covered time.Duration
	// Mean, Min and Max are NaN unless the series is a Quantity.
	Mean, Min, Max float64
	// First is the value in force at Since, and Last the one in force at the end, or the last there was. Since is
	// Begin, or later when nothing was in force then. Texts are cut to 32 bytes.
	First, Last senml.Value
	Since       time.Time
	// Changes is how often a Text changed while it was in force.
	Changes int
}

// Resolution is the length of periods. The zero value is none of them.
type Resolution uint8

// The resolutions: minutes and hours as they are in UTC, days and longer as they are in Options.Location.
const (
	TenMinutes Resolution = iota + 1
	HalfHour
	Hour
	Day
	Month
	Year
)

// length is the length in ms of periods that are always as long, and 0 of days and longer.
func (r Resolution) length() int64 {
	switch r {
	case TenMinutes:
		return msPerTen
	case HalfHour:
		return msPerHour / 2
	case Hour:
		return msPerHour
	}
	return 0
}

// begin is the first instant of the period that holds an instant, in Unix ms.
func (r Resolution) begin(ms int64, location *time.Location) int64 {
	if length := r.length(); length > 0 {
		return ms - ms%length
	}
	y, m, d := time.UnixMilli(ms).In(location).Date()
	if r >= Month {
		d = 1
	}
	if r == Year {
		m = time.January
	}
	return time.Date(y, m, d, 0, 0, 0, 0, location).UnixMilli()
}

// next is the first instant of the period after the one that begins then.
func (r Resolution) next(begin int64, location *time.Location) int64 {
	if length := r.length(); length > 0 {
		return begin + length
	}
	days := map[Resolution]int{Day: 1, Month: 31, Year: 366}[r] // at least one period, and less than two
	y, m, d := time.UnixMilli(begin).In(location).Date()
	return r.begin(time.Date(y, m, d+days, 12, 0, 0, 0, location).UnixMilli(), location)
}

// Periods returns the periods of a series with from ≤ begin < to, in order: the earliest limit of them, and
// whether there are more. The period that is not over goes to now. An unknown series has none.
func (b *Buffer) Periods(ctx context.Context, name string, r Resolution, from, to time.Time, limit int) ([]Period, bool, error) {
	if r < TenMinutes || r > Year {
		return nil, false, fmt.Errorf("roll up %q: resolution %d is unknown", name, r)
	}
	b.mu.Lock()
	s, known := b.series[name]
	b.mu.Unlock()
	if !known || limit < 1 || !from.Before(to) {
		return nil, false, nil
	}
	a := &assembler{
		resolution: r, location: b.o.Location, limit: limit,
		from: int64(math.Ceil(clampSeconds(from) * 1000)), to: int64(math.Ceil(clampSeconds(to) * 1000)),
		hold: b.o.Hold.Milliseconds(), now: b.o.now().UnixMilli(),
	}
	err := b.snap(func(at *snapshot) error {
		c := &cellReader{snapshot: at, series: s, hours: newHourReader(at, map[string]uint32{name: s.id})}
		return c.feed(ctx, a)
	})
	if err != nil {
		return nil, false, fmt.Errorf("roll up %q: %w", name, err)
	}
	if len(a.found) > limit {
		return a.found[:limit], true, nil
	}
	return a.found, false, nil
}
