package quoalise

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	askAgain  = 2 * time.Second // after a request that got no answer, at first
	askSeldom = 5 * time.Minute // in the end
)

// insist does a request again and again while what keeps it from being answered may pass: there is no session, the
// provider asks to wait, or nothing comes. It gives up when ctx ends, or when Patience does.
func (r *Remote) insist(ctx context.Context, request func(ctx context.Context) error) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = askAgain, askSeldom
	began := time.Now()
	for {
		err := refused(r.Provider, r.once(ctx, request))
		if !passing(err) {
			return err
		}
		wait := pause.NextBackOff()
		if r.Patience > 0 && time.Since(began)+wait > r.Patience {
			return fmt.Errorf("no answer within %s: %w", r.Patience, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("ask %s: %w", r.Provider, ctx.Err())
		case <-time.After(wait):
		}
	}
}

func (r *Remote) once(ctx context.Context, request func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return request(ctx)
}
