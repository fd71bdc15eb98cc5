package status

import (
	"context"
	"time"

	"releve/agent/history"
)

// Past is what the screens ask about what meters have said; a *history.Engine answers.
type Past interface {
	Ask(context.Context, history.Question) (history.Answer, error)
	Shares(ctx context.Context, meter string, c history.Calendar, at time.Time) (history.Shares, error)
	SharesOver(ctx context.Context, meter string, c history.Calendar, at time.Time, step history.Step) (history.Shares, error)
	Usual(ctx context.Context, meter string, at time.Time, weeks int) (history.Usual, error)
	Outlook(ctx context.Context, meter string, q history.Quantity, c history.Calendar, at time.Time) ([]history.Outlook, error)
}

var _ Past = (*history.Engine)(nil)
