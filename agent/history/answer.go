package history

import "time"

// Answer is what the archive has to say to a question, a line for each meter, register or phase, and as many again for the
// span before when it is compared.
type Answer struct {
	Question Question `json:"-"`
	Span     Span     `json:"span"`
	Step     Step     `json:"step"`
	Lines    []Line   `json:"lines"`
}

// Line is one quantity of one meter over a span.
type Line struct {
	Meter     string   `json:"meter"`
	Quantity  Quantity `json:"quantity"`
	Series    string   `json:"series,omitempty"`    // full name of the series it is made of; "" when it is made of several
	Number    int      `json:"number,omitempty"`    // of the register or the phase, 0 for all
	Unit      string   `json:"unit"`                // SenML: Wh, VA, V …
	Previous  bool     `json:"previous,omitempty"`  // it is the span before, that stands beside
	Estimated bool     `json:"estimated,omitempty"` // not measured as such: energy from means of power, injection that the meter does not count

	Span   Span    `json:"span"`
	Points []Point `json:"points"` // in order, the whole span, also what is not over; of raw readings those there are

	// Total is the sum of an energy over the span as far as it is known, Unplaced included; nil for other quantities and
	// when nothing is known.
	Total *float64 `json:"total"`
	// Unplaced is what an index has grown by, within the span, while nothing was heard: it belongs to no point.
	Unplaced float64 `json:"unplaced,omitempty"`
	// Whole tells that the total leaves nothing out of what is over.
	Whole bool `json:"whole"`
	// Mean is that of a quantity that is not an energy, each instant counting the same; nil otherwise.
	Mean *float64 `json:"mean"`
}

// Point is the quantity in one step.
type Point struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Value *float64  `json:"value"`         // nil: a gap
	Min   *float64  `json:"min,omitempty"` // of a quantity that has a mean; nil otherwise
	Max   *float64  `json:"max,omitempty"`
	Count int       `json:"count"` // readings it is made of
	Whole bool      `json:"whole"` // nothing of it is missing, up to now
	Final bool      `json:"final"` // it is over; only what comes late can change it
}
