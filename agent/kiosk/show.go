package kiosk

import (
	"image"
	"slices"
	"time"
)

// Show is what does not change from one slide to the next. The zero value shows each slide for twenty seconds, is dim
// from 21:00 to 7:00 and has no logo.
type Show struct {
	Typeface *Typeface
	Title    string // whose screen it is: "École de Kersabiec"
	Label    string // at the foot: "données publiques de ce bâtiment"
	Logo     image.Image
	Address  string // where a browser finds the logo
	Every    time.Duration
	Sky      *Sky // nil where nobody said where: then by the clock
	Dusk     int  // hour from which it is dim, by the clock; 21 when both are 0
	Dawn     int
}

const slideEvery = 20 * time.Second

// Turn returns which of the slides is on at an instant; view keeps to one of them by its name. A name that no slide has is
// as none. Forward are the slides that a hand went on by.
func (s Show) Turn(slides []Slide, view string, forward int, at time.Time) int {
	if len(slides) == 0 {
		return 0
	}
	if i := slices.IndexFunc(slides, func(one Slide) bool { return one.Name == view }); i >= 0 {
		return i
	}
	every := s.Every
	if every <= 0 {
		every = slideEvery
	}
	turn := (at.UnixNano()/int64(every) + int64(forward)) % int64(len(slides))
	return int((turn + int64(len(slides))) % int64(len(slides)))
}

// Night tells whether the screen is dim.
func (s Show) Night(at time.Time) bool {
	if s.Sky != nil {
		return !s.Sky.Up(at)
	}
	dusk, dawn := s.Dusk, s.Dawn
	if dusk == 0 && dawn == 0 {
		dusk, dawn = 21, 7
	}
	hour := at.Hour()
	if dusk < dawn {
		return dusk <= hour && hour < dawn
	}
	return hour >= dusk || hour < dawn
}

// shiftEvery is how long a screen stands still.
const shiftEvery = 5 * time.Minute

// shift goes around a small square, so that no edge burns in.
func shift(at time.Time, step int) image.Point {
	ring := [...]image.Point{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}, {0, -1}, {1, -1}}
	turn := int((at.Unix()/int64(shiftEvery.Seconds())%int64(len(ring)) + int64(len(ring))) % int64(len(ring)))
	return ring[turn].Mul(step)
}
