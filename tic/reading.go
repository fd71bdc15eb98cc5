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

// Reading is the value of a group by its type. Kind tells which field holds it; the others are left from the reading
// before.
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
}

// Read reads a group by what the table of labels says of it, into r. It allocates nothing unless it fails: on a label
// that is not known, a value outside the specification, a horodate that is no date.
func (g *Group) Read(r *Reading) error {
	if !g.bounded {
		return g.read(r)
	}
	r.Kind, r.Dated, r.Horodate, r.Quantity = Digits, g.existing, g.horodate, g.quantity
	return nil
}

// read reads a group of which the decoder knows no number.
func (g *Group) read(r *Reading) (err error) {
	l := g.label()
	if l == nil {
		return fmt.Errorf("read %s: not a known label", g.Label)
	}
	r.Kind, r.Dated = l.Kind, l.Horodate
	if r.Dated {
		if r.Horodate, err = g.Time(); err != nil {
			return err
		}
	}
	if l.Kind == Digits {
		r.Quantity, err = g.count(l)
		return err
	}
	if err = r.parse(g.Value); err != nil {
		return fmt.Errorf("read %s: %w", g.Label, err)
	}
	return nil
}

// label returns what the table says of the group, nil when it says nothing.
func (g *Group) label() *Label {
	if g.entry > 0 {
		return &labels[g.entry-1]
	}
	if i := index(g.Label); i >= 0 {
		return &labels[i]
	}
	return nil
}

// count reads a number and holds it against the bounds of its label.
func (g *Group) count(l *Label) (Quantity, error) {
	n, err := g.Uint()
	if err != nil {
		return Quantity{}, err
	}
	if !l.defines(n) {
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
