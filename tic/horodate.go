package tic

import (
	"fmt"
	"time"
)

// Season is the first character of a horodate, without its case.
type Season byte

// The seasons.
const (
	NoSeason Season = ' ' // not applicable: DPMn and FPMn
	Winter   Season = 'H' // UTC+1
	Summer   Season = 'E' // UTC+2
)

// Horodate is a date as the meter writes it, in legal time of mainland France.
//
//	Format:  SAAMMJJhhmmss, S one of H E h e or space
//	Example: "H240131174500"
//
// A lower-case season means that the meter's clock is in degraded mode: it lost power and may be wrong.
type Horodate struct {
	Season   Season
	Degraded bool
	wall     time.Time // the digits, as if they were UTC
}

// ParseHorodate reads thirteen characters. A date the calendar does not have is an error.
func ParseHorodate(raw []byte) (Horodate, error) {
	if len(raw) != horodateLen {
		return Horodate{}, fmt.Errorf("read horodate: %d characters, want %d", len(raw), horodateLen)
	}
	season, degraded, err := parseSeason(raw[0])
	if err != nil {
		return Horodate{}, err
	}
	var n [6]int // year of the century, month, day, hour, minute, second
	for i := range n {
		tens, ones := raw[1+2*i]-'0', raw[2+2*i]-'0'
		if tens > 9 || ones > 9 {
			return Horodate{}, fmt.Errorf("read horodate: %q is not a number", raw[1+2*i:3+2*i])
		}
		n[i] = int(tens)*10 + int(ones)
	}
	wall := time.Date(2000+n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	h := Horodate{Season: season, Degraded: degraded, wall: wall}
	if h.String()[1:] != string(raw[1:]) { // time.Date carries 31 April over to 1 May
		return Horodate{}, fmt.Errorf("read horodate: %q is no date", raw[1:])
	}
	return h, nil
}

func parseSeason(c byte) (s Season, degraded bool, err error) {
	switch c {
	case 'H', 'E', ' ':
		return Season(c), false, nil
	case 'h', 'e':
		return Season(c - 'a' + 'A'), true, nil
	}
	return 0, false, fmt.Errorf("read horodate: season is %q, want H, E, h, e or space", c)
}

// String returns the thirteen characters.
func (h Horodate) String() string {
	season := byte(h.Season)
	if h.Degraded {
		season += 'a' - 'A'
	}
	return string(season) + h.wall.Format("060102150405")
}

// Time returns the moment by the season letter alone, never by rules about when summer begins: the letter is what
// tells the two hours apart that a night in October has twice. Without a season it is the zero time; use TimeIn.
func (h Horodate) Time() time.Time {
	switch h.Season {
	case Winter:
		return h.wall.Add(-time.Hour).In(time.FixedZone("CET", 3600))
	case Summer:
		return h.wall.Add(-2 * time.Hour).In(time.FixedZone("CEST", 7200))
	}
	return time.Time{}
}

// TimeIn returns the moment, and whether it had to be assumed: a horodate without a season is resolved by the rules
// of the location, usually Europe/Paris. Of an hour that the clocks pass twice the first is taken, and a time that
// the clocks jump over is moved on by the jump.
func (h Horodate) TimeIn(loc *time.Location) (t time.Time, assumed bool) {
	if h.Season == Winter || h.Season == Summer {
		return h.Time().In(loc), false
	}
	_, before := h.wall.Add(-26 * time.Hour).In(loc).Zone() // as of the day before, whatever the location
	first := h.wall.Add(-time.Duration(before) * time.Second).In(loc)
	if _, now := first.Zone(); now == before || h.wall.Equal(asUTC(first)) {
		return first, true
	}
	second := h.wall.Add(-offset(first)).In(loc)
	if h.wall.Equal(asUTC(second)) {
		return second, true
	}
	return first, true
}

// offset returns how far the clocks of t's location are ahead of UTC.
func offset(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}

// asUTC returns the digits a clock on the wall shows at t, as if they were UTC.
func asUTC(t time.Time) time.Time {
	return t.Add(offset(t)).UTC()
}
