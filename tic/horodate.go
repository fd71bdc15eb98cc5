package tic

import (
	"encoding/binary"
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

	year, month, day, hour, minute, second uint8 // year of the century
}

// ParseHorodate reads thirteen characters. A date the calendar does not have is an error.
func ParseHorodate(raw []byte) (Horodate, error) {
	h, ok := horodate(raw)
	switch {
	case ok:
		return h, nil
	case len(raw) != horodateLen:
		return Horodate{}, fmt.Errorf("read horodate: %d characters, want %d", len(raw), horodateLen)
	case h.Season == 0:
		return Horodate{}, fmt.Errorf("read horodate: season is %q, want H, E, h, e or space", raw[0])
	case !isDigits(raw[1:]):
		return Horodate{}, fmt.Errorf("read horodate: %q are not twelve digits", raw[1:])
	}
	return Horodate{}, fmt.Errorf("read horodate: %q is no date", raw[1:])
}

// horodate reads thirteen characters. What it could not read is zero.
func horodate(raw []byte) (h Horodate, ok bool) {
	if len(raw) != horodateLen {
		return h, false
	}
	if h.Season, h.Degraded, ok = season(raw[0]); !ok || !isDigits(raw[1:]) {
		return h, false
	}
	first := binary.LittleEndian.Uint64(raw[1:]) & (0x0F * lanes)
	last := binary.LittleEndian.Uint32(raw[9:]) & (0x0F * lanes & 0xFFFFFFFF)
	first, last = first*10+first>>8, last*10+last>>8 // each other byte is a number of two digits
	h.year, h.month, h.day, h.hour = uint8(first), uint8(first>>16), uint8(first>>32), uint8(first>>48)
	h.minute, h.second = uint8(last), uint8(last>>16)
	return h, h.exists()
}

// exists reports whether the calendar has the date and the clock the time.
func (h *Horodate) exists() bool {
	if h.month < 1 || h.month > 12 || h.hour > 23 || h.minute > 59 || h.second > 59 {
		return false
	}
	days := 30 + (h.month+h.month>>3)&1
	if h.month == 2 {
		days = 28
		if h.year%4 == 0 { // 2000 was a leap year, 2100 is out of reach
			days = 29
		}
	}
	return h.day >= 1 && h.day <= days
}

// season reads the first character.
func season(c byte) (s Season, degraded, ok bool) {
	switch c {
	case 'H', 'E', ' ':
		return Season(c), false, true
	case 'h', 'e':
		return Season(c - 'a' + 'A'), true, true
	}
	return 0, false, false
}

// String returns the thirteen characters.
func (h Horodate) String() string {
	season := byte(h.Season)
	if h.Degraded {
		season += 'a' - 'A'
	}
	return string(season) + fmt.Sprintf("%02d%02d%02d%02d%02d%02d", h.year, h.month, h.day, h.hour, h.minute, h.second)
}

// wall is the digits as if they were UTC.
func (h Horodate) wall() time.Time {
	return time.Date(2000+int(h.year), time.Month(h.month), int(h.day), int(h.hour), int(h.minute), int(h.second), 0, time.UTC)
}

// Clock is how far ahead of UTC a meter's clock is in each season.
type Clock struct{ Winter, Summer time.Duration }

// Mainland is the clock of metropolitan France.
func Mainland() Clock { return Clock{Winter: time.Hour, Summer: 2 * time.Hour} }

// Time returns the moment on the clock of metropolitan France, see TimeOn.
func (h Horodate) Time() time.Time { return h.TimeOn(Mainland()) }

// TimeOn returns the moment by the season letter alone, never by rules about when summer begins: the letter is what
// tells the two hours apart that a night in October has twice. Without a season it is the zero time; use TimeIn.
func (h Horodate) TimeOn(c Clock) time.Time {
	ahead, name := c.Winter, "CET"
	switch h.Season {
	case Winter:
	case Summer:
		ahead, name = c.Summer, "CEST"
	default:
		return time.Time{}
	}
	if c != Mainland() {
		name = "" // shown as its offset
	}
	return h.wall().Add(-ahead).In(time.FixedZone(name, int(ahead/time.Second)))
}

// TimeIn returns the moment, and whether it had to be assumed: a horodate without a season is resolved by the rules
// of the location, usually Europe/Paris. Of an hour that the clocks pass twice the first is taken, and a time that
// the clocks jump over is moved on by the jump.
func (h Horodate) TimeIn(loc *time.Location) (t time.Time, assumed bool) {
	if h.Season == Winter || h.Season == Summer {
		return h.Time().In(loc), false
	}
	wall := h.wall()
	_, before := wall.Add(-26 * time.Hour).In(loc).Zone() // as of the day before, whatever the location
	first := wall.Add(-time.Duration(before) * time.Second).In(loc)
	if _, now := first.Zone(); now == before || wall.Equal(asUTC(first)) {
		return first, true
	}
	second := wall.Add(-offset(first)).In(loc)
	if wall.Equal(asUTC(second)) {
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
