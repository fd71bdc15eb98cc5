package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"releve/agent/config"
	"releve/agent/history"
	"releve/agent/objective"
)

// objectiveStanding tells how the year of an instant stands against the objective.
func (a *agent) objectiveStanding(ctx context.Context, at time.Time) (objective.Standing, error) {
	o := a.cfg.Objective
	plan, err := objectivePlan(o)
	if err != nil {
		return objective.Standing{}, err
	}
	meter := o.Meter
	if meter == "" && len(a.meters) > 0 {
		meter = a.meters[0].cfg.Name
	}
	year, used, err := a.months(ctx, meter, at)
	if err != nil {
		return objective.Standing{}, err
	}
	reference, err := a.reference(ctx, meter, plan, year)
	if err != nil {
		return objective.Standing{}, err
	}
	return objective.Stand(reference, plan, float64(o.Percent), year, used, a.now()), nil
}

// reference is what a year is held against: the year of the configuration, or its number.
func (a *agent) reference(ctx context.Context, meter string, plan objective.Plan, year time.Time) (objective.Reference, error) {
	o := a.cfg.Objective
	if o.KWh > 0 {
		return objective.ReferenceByNumber(float64(o.KWh)*1000, plan, year.Year()), nil
	}
	_, months, err := a.months(ctx, meter, time.Date(o.Reference, time.July, 1, 0, 0, 0, 0, a.cfg.Agent.Location))
	if err != nil {
		return objective.Reference{}, err
	}
	return objective.ReferenceOf(o.Reference, months)
}

// objectivePlan reads the file of parameters, if one is named.
func objectivePlan(o config.Objective) (objective.Plan, error) {
	if o.File == "" {
		return objective.Plan{}, nil
	}
	text, err := os.ReadFile(o.File)
	if err != nil {
		return objective.Plan{}, fmt.Errorf("objective.file: %w", err)
	}
	return objective.Parse(o.File, text)
}

// months are the energies drawn in the months of a year; nil where one is not known. When only what was drawn in a silence
// over the end of a month has no place, it is of the month that ended.
func (a *agent) months(ctx context.Context, meter string, at time.Time) (year time.Time, months []*float64, err error) {
	answer, err := a.engine().Ask(ctx, history.Question{
		Meters: []string{cmp.Or(meter, "none")}, Quantity: history.Energy, Calendar: history.Year, At: at, Step: history.Monthly,
	})
	if err != nil {
		return year, nil, err
	}
	line := answer.Lines[0]
	left := line.Unplaced
	for _, p := range line.Points {
		v := p.Value
		if v != nil && !p.Whole {
			sum := *v + left
			v, left = &sum, 0
			if !line.Whole {
				v = nil
			}
		}
		months = append(months, v)
	}
	return answer.Span.From, months, nil
}
