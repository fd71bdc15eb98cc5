package bmhs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"releve/federation"
)

// nobodys is the key of no user and the name of no device: what is asked with it stores and reads nothing.
const nobodys = "releve-doctor"

// Reach asks whether the server knows the user, with a key that is nobody's: with the right one a server would make an agent,
// or a token. So whether it takes the key, and whether the agent is activated, cannot be told. Its errors are
// federation.ErrStranger, federation.ErrDenied or those of the way there.
func (a Account) Reach(ctx context.Context, client *http.Client) error {
	a.Key, a.MAC = func() (string, error) { return nobodys, nil }, nobodys
	_, err := a.subscribe(ctx, client)
	switch {
	case errors.Is(err, errKey):
		return nil
	case err == nil:
		return stranger("what answers takes a key that is nobody's")
	}
	return examined(err)
}

// Reach asks for rows of a device that is nobody's. Its errors are those of Account.Reach.
func (d Data) Reach(ctx context.Context, client *http.Client) error {
	if err := d.ask(ctx, client, nobodys, time.UTC); !errors.Is(err, errNoDevice) {
		return err
	}
	return nil
}

// mostAsked is how many devices Reach asks about.
const mostAsked = 10

// Reach asks whether the first devices are there, and reads no rows of them. Its errors are those of Account.Reach, and
// federation.ErrAbsent.
func (s *Supplier) Reach(ctx context.Context) error {
	asked := map[string]bool{}
	for i, wanted := range s.Wanted {
		device := seriesOf(wanted).device
		if asked[device] || len(asked) == mostAsked {
			continue
		}
		asked[device] = true
		err := s.Data.ask(ctx, s.Client, device, s.Zone)
		switch {
		case errors.Is(err, errNoDevice): // its name is personal
			return federation.Meaning(fmt.Errorf("series %d: the server has no such device so far", i+1), federation.ErrAbsent)
		case err != nil:
			return err
		}
	}
	return nil
}

// ask asks for the rows of a device from an hour ahead on: there are none.
func (d Data) ask(ctx context.Context, client *http.Client, device string, zone *time.Location) error {
	_, err := d.fetch(ctx, client, series{device: device}, time.Now().Add(time.Hour), zone, 0)
	return examined(err)
}

// examined is an error as who examines means it: to what is asked here, a BMHS server knows its answers.
func examined(err error) error {
	if errors.Is(err, errUnknown) || errors.Is(err, errNoRows) {
		return federation.Meaning(err, federation.ErrStranger)
	}
	return err
}
