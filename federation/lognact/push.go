package lognact

import (
	"context"
	"errors"
	"fmt"
)

// Pusher hands values over by history.push, which Zabbix has from 7.0 on: it says of each value why it was refused.
type Pusher struct{ API *API }

func (p *Pusher) String() string { return p.API.URL }

const batchOfPusher = 1000

func (p *Pusher) most() int { return batchOfPusher }

// take hands values over and returns the first that was refused, and why.
func (p *Pusher) take(ctx context.Context, values []Value) (refused int, why string, err error) {
	var answer struct {
		Response string `json:"response"`
		Data     []struct {
			Error any `json:"error"`
		} `json:"data"`
	}
	if err := p.API.call(ctx, "history.push", values, &answer); err != nil {
		var told *Refused
		if errors.As(err, &told) {
			return 0, "", err
		}
		return 0, "", fmt.Errorf("%w: %w", ErrUnheard, err)
	}
	if answer.Response != "success" || len(answer.Data) != len(values) {
		return 0, "", fmt.Errorf("history.push of %d values: the answer is %q, of %d values", len(values), answer.Response, len(answer.Data))
	}
	for i, one := range answer.Data {
		if one.Error != nil {
			return i, fmt.Sprint(one.Error), nil
		}
	}
	return none, "", nil
}
