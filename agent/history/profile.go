package history

import (
	"context"
	"fmt"
	"time"
)

// Profile is a curve among others, of a building that is described.
type Profile struct {
	Name, Title, Meter string
	People, Area       int // m²; 0 when not known
}

// By is what curves of unlike buildings are made alike by.
type By string

// The ways: as it is, for each person, for each square metre.
const (
	Absolute  By = ""
	PerPerson By = "person"
	PerArea   By = "m2"
)

// ProfileShown is one curve.
type ProfileShown struct {
	Profile
	Line Line // energy drawn; of the same grid of points for all
	// Unscaled tells that it is not known for how many people or square metres it is: the line is then left out.
	Unscaled bool
}

// Profiles tells the energy of several buildings on the same axis of time.
func (e *Engine) Profiles(ctx context.Context, all []Profile, by By, c Calendar, at time.Time, step Step) ([]ProfileShown, error) {
	if by != Absolute && by != PerPerson && by != PerArea {
		return nil, fmt.Errorf("%w: by %q is not %q or %q", ErrQuestion, by, PerPerson, PerArea)
	}
	shown := []ProfileShown{}
	for _, p := range all {
		one := ProfileShown{Profile: p}
		divisor := map[By]int{Absolute: 1, PerPerson: p.People, PerArea: p.Area}[by]
		answer, err := e.Ask(ctx, Question{Meters: []string{p.Meter}, Quantity: Energy, Calendar: c, At: at, Step: step})
		if err != nil {
			return nil, err
		}
		one.Line, one.Unscaled = answer.Lines[0], divisor == 0
		if one.Unscaled {
			one.Line = Line{Meter: p.Meter, Quantity: Energy, Unit: "Wh", Span: answer.Span, Points: []Point{}}
		} else if divisor != 1 {
			one.Line = one.Line.Times(1 / float64(divisor))
		}
		shown = append(shown, one)
	}
	return shown, nil
}
