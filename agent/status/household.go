package status

import (
	"context"
	"time"

	"releve/agent/history"
	"releve/agent/objective"
	"releve/agent/tariff"
)

// Household is what its configuration lets the screens tell. The zero value tells nothing of it: each screen then says what to configure.
type Household struct {
	// Bill makes the statement of a month by one meter; nil while no prices are configured.
	Bill func(ctx context.Context, meter string, at time.Time) (tariff.Statement, error)
	// Cost tells what the energy of the day of an instant costs by one meter so far, without a subscription; nil while no prices are configured.
	Cost func(ctx context.Context, meter string, at time.Time) (tariff.Bill, error)
	// Standing tells how the year of an instant stands against the objective; nil while there is none.
	Standing func(ctx context.Context, at time.Time) (objective.Standing, error)

	Profiles []Profile
	Stake    *history.Stake // nil while the household has none
}

// Profile is a curve among others, and what is to be said of its building.
type Profile struct {
	history.Profile
	Caption Words
}
