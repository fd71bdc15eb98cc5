package clock

import "time"

// What makes a witness steady.
const (
	steadyFor  = time.Minute
	steadyHeld = 10              // dates
	steadyIn   = 4 * time.Second // a date is cut to the second, and two frames may bear the same
	silentFor  = time.Minute     // after which it is no witness any more
)

// witness is one who tells dates: a meter. What it says is kept as when, by its word, the machine was started; that
// is the same with every date as long as its clock runs evenly.
type witness struct {
	degraded  bool
	held      int // dates in a row that agree
	since, at Instant
	low, high time.Time // of the dates in a row
}

// hear takes a date.
func (w *witness) hear(at Instant, told time.Time, degraded bool) {
	began := told.Add(-at)
	w.degraded = degraded
	apart := w.high.Sub(began) > steadyIn || began.Sub(w.low) > steadyIn
	if degraded || w.held == 0 || apart || at-w.at > silentFor {
		w.held, w.since, w.low, w.high = 0, at, began, began
	}
	w.at = at
	if degraded {
		return
	}
	w.held++
	if began.Before(w.low) {
		w.low = began
	}
	if began.After(w.high) {
		w.high = began
	}
}

// steady tells whether a witness can be believed at an instant.
func (w *witness) steady(now Instant) bool {
	return !w.degraded && w.held >= steadyHeld && w.at-w.since >= steadyFor && now-w.at <= silentFor
}

// began is when the machine was started, by the word of this witness: by the date that was least late.
func (w *witness) began() time.Time { return w.high }
