package xmpp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"releve/federation/lab"
)

// A server that takes less than we send ends the session: what we send becomes shorter until it is taken, in as many
// sessions as that takes and no more.
func TestIntegrationShorterStanzas(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			f := startWith(t, kind, lab.Options{ClientStanzaMax: 10_000})
			cfg := config(t, f, maison.String())
			cfg.Pace = PaceOff
			house, adviser := New(cfg), New(config(t, f, conseil.String()))
			failures := make(chan error, 100)
			house.OnFailure(func(err error) { failures <- err })
			got := make(chan int, 100)
			adviser.HandleMessage("urn:test", "data", func(_ context.Context, m Message) error {
				got <- len(m.Child("urn:test", "data").Text)
				return nil
			})
			run(t, house)
			run(t, adviser)
			size := 50_000
			for posted := false; !posted; {
				posted = postSized(t, house, &size)
			}
			if n := <-got; n != size || size < leastStanza/2 || size >= 10_000 {
				t.Errorf("%d bytes came, %d were sent", n, size)
			}
			if n := len(failures); n < 1 || n > 4 {
				t.Errorf("%d sessions ended", n)
			}
			for range len(failures) {
				if err := <-failures; !errors.Is(err, ErrShorter) {
					t.Errorf("a session ended with %v", err)
				}
			}
		})
	}
}

// postSized posts a message of that size, or of half as many when that is too large, and says whether it arrived.
func postSized(t *testing.T, c *Client, size *int) bool {
	t.Helper()
	ctx := within(t, time.Minute)
	receipt, err := c.Post(ctx, conseil, NewElement("urn:test", "data").WithText(strings.Repeat("x", *size)), true)
	switch {
	case errors.Is(err, ErrTooBig), errors.Is(err, ErrNoRoom):
		*size /= 2
		return false
	case err != nil:
		time.Sleep(20 * time.Millisecond)
		return false
	}
	return receipt.Wait(ctx) == nil
}
