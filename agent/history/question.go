package history

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Quantity is what is asked of a meter: one of the words below, or the path of any series, such as voltage/1.
type Quantity string

// The quantities that have a name of their own.
const (
	Energy        Quantity = "energy"         // drawn, Wh, by the index of all registers
	Injected      Quantity = "injected"       // Wh, by the index of a producer's meter
	Production    Quantity = "production"     // Wh, of the series that the household has named
	Tariffs       Quantity = "tariffs"        // drawn, Wh, a line for each register of the supplier
	Power         Quantity = "power"          // apparent power drawn, VA
	InjectedPower Quantity = "injected-power" // apparent power injected, VA; estimated where the meter does not say it
	Phases        Quantity = "phases"         // apparent power drawn, VA, a line for each phase
)

// Quantities lists those with a name.
func Quantities() []Quantity {
	return []Quantity{Energy, Injected, Production, Tariffs, Power, InjectedPower, Phases}
}

// Compare says what stands beside.
type Compare string

// What may stand beside: nothing, or the span before. Another meter is one more of [Question.Meters].
const (
	Nothing  Compare = ""
	Previous Compare = "previous"
)

// Question is what somebody wants to know.
type Question struct {
	Meters   []string // names of meters, or <source>.<device>
	Quantity Quantity
	Calendar Calendar
	At       time.Time // any instant of the span; its zone does not matter
	Step     Step      // "" for what fits the span
	Compare  Compare
}

// ErrQuestion is the error of a question that has no answer whatever the archive holds.
var ErrQuestion = errors.New("the question cannot be answered")

// mostMeters is how many meters may be compared at once.
const mostMeters = 8

// checked is the question with its defaults, and its span in a zone.
func (q Question) checked(location *time.Location) (Question, Span, error) {
	refuse := func(err error) (Question, Span, error) { return q, Span{}, fmt.Errorf("%w: %w", ErrQuestion, err) }
	span, err := SpanOf(q.Calendar, q.At.In(location))
	if err != nil {
		return refuse(err)
	}
	q.Step = cmp.Or(q.Step, q.Calendar.usual())
	q.Quantity = cmp.Or(q.Quantity, Energy)
	if err := q.Step.check(q.Calendar); err != nil {
		return refuse(err)
	}
	switch {
	case len(q.Meters) == 0:
		return refuse(errors.New("name a meter"))
	case len(q.Meters) > mostMeters:
		return refuse(fmt.Errorf("%d meters are named, at most %d can be compared", len(q.Meters), mostMeters))
	case q.Compare != Nothing && q.Compare != Previous:
		return refuse(fmt.Errorf("compare %q is not %q", q.Compare, Previous))
	case !q.Quantity.isKnown():
		return refuse(fmt.Errorf("quantity %q is not one of %v, nor the path of a series such as voltage/1", q.Quantity, Quantities()))
	}
	return q, span, nil
}

func (q Quantity) isKnown() bool {
	for _, known := range Quantities() {
		if q == known {
			return true
		}
	}
	return strings.Contains(string(q), "/") && len(q) <= 128
}

// mostPoints bounds an answer, some 15 MB of it.
const mostPoints = 60_000

// points is how many an answer has, of so many lines a meter.
func (q Question) points(span Span, lines int) int {
	length := q.Step.length()
	if q.Step == Raw {
		length = rawEvery
	}
	if length == 0 {
		length = 24 * time.Hour
	}
	n := int(span.To.Sub(span.From)/length) * lines * len(q.Meters)
	if q.Compare == Previous {
		n *= 2
	}
	return n
}
