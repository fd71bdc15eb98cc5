package pride

import (
	"context"
	"fmt"

	"releve/federation"
)

// Reach asks whether the platform takes the token, by an update of nothing: it is answered by who checks the token, and
// stores nothing. Its errors are federation.ErrStranger, federation.ErrDenied or those of the way there.
func (r *Recipient) Reach(ctx context.Context) error {
	token, err := r.Token()
	if err != nil {
		return err
	}
	return r.update(ctx, token, "", func() error { return nil })
}

// mostAsked is how many selectors Reach asks about.
const mostAsked = 10

// Reach asks how many series each of the first selectors has, and reads none. Its errors are those of Recipient.Reach, and
// federation.ErrAbsent where a selector has no series.
func (s *Supplier) Reach(ctx context.Context) error {
	token, err := s.Token()
	if err != nil {
		return err
	}
	for i, selector := range s.Selectors[:min(len(s.Selectors), mostAsked)] {
		body, err := s.post(ctx, execEndpoint, token, countScript(token, selector))
		if err != nil {
			return err
		}
		var count int
		switch err := answered(body, &count); {
		case err != nil:
			return federation.Meaning(err, federation.ErrStranger)
		case count == 0: // not repeated: it may hold a delivery point number
			return federation.Meaning(fmt.Errorf("selector %d has no series, for this token", i+1), federation.ErrAbsent)
		}
	}
	return nil
}
