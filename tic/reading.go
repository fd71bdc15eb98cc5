package tic

import (
	"fmt"
	"strings"
)

// Quantity is a number with its unit.
type Quantity struct {
	Amount uint64
	Unit   Unit
}

// String returns the number and the unit, "1234 Wh".
func (q Quantity) String() string {
	if q.Unit == NoUnit {
		return fmt.Sprint(q.Amount)
	}
	return fmt.Sprintf("%d %s", q.Amount, q.Unit)
}

// Reading is the value of a group by its type. Kind tells which of the fields from Quantity on holds it.
type Reading struct {
	Kind     Kind
	Dated    bool
	Horodate Horodate // when Dated

	Quantity  Quantity // Digits
	Text      []byte   // Text, Identity, Hexadecimal: a view of the group, padding kept
	Status    Status
	Relays    Relays
	Missing   MissingPhases
	Option    Option
	Period    Period
	Colour    Colour
	Timetable Timetable
	Profile   Profile

	entry uint8 // of the label in labels, plus 1; 0 when it is not known
}

// Reading reads a group by what the table of labels says of it. A label that is not known, a value outside the
// specification and a horodate that is no date are errors. What is read is the decoder's, like the group itself, and it
// is read once: while the meter repeats itself, only the first to ask waits for it. It allocates nothing unless it fails.
func (g *Group) Reading() (*Reading, error) {
	if g.reading != nil {
		return g.reading, nil
	}
	return g.read()
}

// read reads what nobody asked for yet.
func (g *Group) read() (*Reading, error) {
	r := g.own
	if r == nil { // not the decoder's
		r = &Reading{entry: uint8(index(g.Label) + 1)}
	}
	if r.entry == 0 {
		return nil, fmt.Errorf("read %s: not a known label", g.Label)
	}
	l := &labels[r.entry-1]
	r.Kind, r.Dated = l.Kind, l.Horodate
	var err error
	if r.Dated {
		if r.Horodate, err = ParseHorodate(g.Horodate); err != nil {
			return nil, fmt.Errorf("read %s: %w", g.Label, err)
		}
	}
	if r.Kind == Digits {
		r.Quantity, err = g.quantity(l)
	} else if err = r.parse(g.Value); err != nil {
		err = fmt.Errorf("read %s: %w", g.Label, err)
	}
	if err != nil {
		return nil, err
	}
	g.reading = g.own
	return r, nil
}

// quantity reads a number and holds it against the bounds of its label.
func (g *Group) quantity(l *Label) (Quantity, error) {
	n, ok := decimal(g.Value)
	switch {
	case !ok:
		_, err := g.Uint()
		return Quantity{}, err
	case !l.defines(n):
		return Quantity{}, fmt.Errorf("read %s: %d is not %d to %d", g.Label, n, l.Low, l.High)
	}
	return Quantity{n, l.Unit}, nil
}

// parse reads a value that is no number as its kind.
func (r *Reading) parse(value []byte) (err error) {
	switch r.Kind {
	case Text, Identity, Hexadecimal:
		r.Text = value
	case StatusRegister:
		r.Status, err = ParseStatus(value)
	case RelayStates:
		r.Relays, err = ParseRelays(value)
	case PhaseStates:
		r.Missing, err = ParseMissingPhases(value)
	case TariffOption:
		r.Option, err = ParseOption(value)
	case TariffPeriod:
		r.Period, err = ParsePeriod(value)
	case DayColour:
		r.Colour, err = ParseColour(value)
	case HoursGroup:
		r.Timetable, err = ParseTimetable(value)
	case DayPlan:
		err = r.Profile.read(value)
	}
	return err
}

// String returns the value in words, without its date; "" for a label that is nothing but a date.
func (r *Reading) String() string {
	switch r.Kind {
	case Digits:
		return r.Quantity.String()
	case Text, Identity, Hexadecimal:
		return strings.TrimSpace(string(r.Text))
	case StatusRegister:
		return r.Status.String()
	case RelayStates:
		return r.Relays.String()
	case PhaseStates:
		return r.Missing.String()
	case TariffOption:
		return r.Option.String()
	case TariffPeriod:
		return r.Period.String()
	case DayColour:
		return r.Colour.String()
	case HoursGroup:
		return r.Timetable.String()
	case DayPlan:
		return r.Profile.String()
	}
	return ""
}
