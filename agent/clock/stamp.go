package clock

import (
	"math"
	"time"

	"releve/senml"
)

// stampBase is the time that records without a date bear for the beginning of their boot, in 1987: absolute for SenML
// (RFC 8428 §4.5.3), so that a pack of stamps is a pack; far from any true time, so that nobody takes it for one; with
// years before it, for what a meter says of the time before the boot.
const stampBase = 1 << 29

// Stamp is the time by which a reading goes, that was heard at an instant, until it is dated.
func Stamp(at Instant) time.Time { return time.Unix(stampBase, 0).Add(at) }

// Stamps gives the readings of one meter their stamps. A frame takes longer than a second to come, so a tenth of a second is
// all that can be known of when it was heard, and shorter to write: a stamp without milliseconds, to the hundredth, becomes a
// date to the tenth (see Mapping.Unix). Frames that come faster, as from a file, are told apart to the millisecond. Each
// stamp is so far behind the one before that their dates differ, also while a clock that was ahead runs at half speed.
type Stamps struct{ last Instant }

// Stamps begins with what is heard from now on.
func (c *Clock) Stamps() Stamps { return Stamps{last: c.Instant()} }

// Next is the stamp of a reading heard at an instant.
func (s *Stamps) Next(at Instant) time.Time {
	const far, near = 2 * tenth, 2 * time.Millisecond
	switch coarse := at.Truncate(hundredth); {
	case coarse >= s.last+far:
		at = coarse
	default:
		at = max(at.Truncate(time.Millisecond), s.last+near)
		if isCoarse(at) {
			at += time.Millisecond
		}
	}
	s.last = at
	return Stamp(at)
}

const (
	tenth     = 100 * time.Millisecond
	hundredth = 10 * time.Millisecond
)

// isCoarse tells whether the stamp of an instant becomes a date to the tenth.
func isCoarse(at Instant) bool { return at%hundredth == 0 }

// FromStamp is the instant of a stamp in seconds. It returns false for a time which is no stamp: a date the meter told.
func FromStamp(seconds float64) (Instant, bool) {
	at := Instant(math.Round((seconds-stampBase)*1000)) * time.Millisecond
	return at, seconds >= senml.FirstAbsolute && seconds < float64(earliest.Unix())
}

// Shown is the time of a stamp, and whether it is known; when not, it is what the machine believes. A time that is no
// stamp is known.
func (c *Clock) Shown(t time.Time) (time.Time, bool) {
	if _, ok := FromStamp(float64(t.Unix())); !ok {
		return t, true
	}
	return c.Date(t.Sub(Stamp(0)))
}

// Stamped moves a record that was dated before this boot, or in it, to the scale of its stamps; while the time is not
// known it stays as it is.
func (c *Clock) Stamped(r senml.Record) senml.Record {
	if m, known := c.Mapping(c.boot); known {
		r.Time += stampBase - float64(m.last().Began.UnixMilli())/1000
	}
	return r
}
