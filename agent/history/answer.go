package history

import "time"

// Answer is what the archive has to say to a question, a line for each meter, register or phase, and as many again for the
// span before when it is compared.
type Answer struct {
	Question Question
	Span     Span
	Lines    []Line
}

// Line is one quantity of one meter over a span.
type Line struct {
	Meter     string
	Quantity  Quantity
	Series    string // full name of the series it is made of; "" when it is made of several
	Number    int    // of the register or the phase, 0 for all
	Unit      string // SenML: Wh, VA, V …
	Previous  bool   // it is the span before, that stands beside
	Estimated bool   // not measured as such: energy from means of power, injection that the meter does not count

	Span   Span
	Points []Point // in order, the whole span, also what is not over; of raw readings those there are

	// Total is the sum of an energy over the span as far as it is known, Unplaced included; nil for other quantities and
	// when nothing is known.
	Total *float64
	// Unplaced is what an index has grown by, within the span, while nothing was heard: it belongs to no point.
	Unplaced float64
	// Whole tells that the total leaves nothing out of what is over.
	Whole bool
	// Mean is that of a quantity that is not an energy, each instant counting the same; nil otherwise.
	Mean *float64
}

// Point is the quantity in one step.
type Point struct {
	From, To time.Time
	Value    *float64 // nil: a gap
	Min, Max *float64 // of a quantity that has a mean; nil otherwise
	Count    int      // readings it is made of
	Whole    bool     // nothing of it is missing, up to now
	Final    bool     // it is over; only what comes late can change it
}
