package lognact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"releve/federation"
)

// ErrNoPush marks a Zabbix before 7.0, which has no history.push.
var ErrNoPush = errors.New("this Zabbix has no history.push")

// Reach sends a message without values, which stores nothing. That it is answered is all it can tell: a trapper has no
// password, and counts what it does not take. Its errors are federation.ErrStranger, or those of the way there.
func (t *Trapper) Reach(ctx context.Context) error {
	message, err := json.Marshal(request{"sender data", []Value{}})
	if err != nil {
		return fmt.Errorf("write a message without values: %w", err)
	}
	answer, err := t.exchange(ctx, encodeFrame(append(message, '\n'), false)) // a server of lines or of HTTP answers a line's end
	switch {
	case errors.Is(err, errNoFrame), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return federation.Meaning(fmt.Errorf("send nothing to %s: %w", t.Address, err), federation.ErrStranger)
	case err != nil:
		return fmt.Errorf("send nothing to %s: %w", t.Address, err)
	}
	_, err = readAnswer(answer)
	if errors.Is(err, ErrUnheard) {
		return federation.Meaning(err, federation.ErrStranger)
	}
	return err
}

// Reach asks for the items of hosts, or for any host if there are none. Its errors are federation.ErrStranger,
// federation.ErrDenied, federation.ErrAbsent where a host has no item that takes values, or those of the way there.
func (a *API) Reach(ctx context.Context, hosts []string) error {
	if err := a.identify(ctx); err != nil {
		return err
	}
	if len(hosts) == 0 {
		return a.reachAny(ctx)
	}
	found, err := itemsOf(ctx, a, hosts)
	if err != nil {
		return denied(err)
	}
	ready, why := map[string]bool{}, "no such host with items, for this token"
	for _, k := range found {
		if reason := k.why(); reason == "" {
			ready[k.host()] = true
		} else if !ready[k.host()] {
			why = reason
		}
	}
	lacking := 0
	for _, host := range hosts {
		if !ready[host] {
			lacking++
		}
	}
	if lacking > 0 { // a host is not named: that may be somebody's name
		return federation.Meaning(fmt.Errorf("%d of %d hosts take no values: %s", lacking, len(hosts), why), federation.ErrAbsent)
	}
	return nil
}

// Reach is that of the API, and asks whether it has history.push.
func (p *Pusher) Reach(ctx context.Context, hosts []string) error {
	if err := p.API.identify(ctx); err != nil {
		return err
	}
	if v, err := p.API.learnVersion(ctx); err != nil || v.major < 7 {
		return errors.Join(err, ErrNoPush)
	}
	return p.API.Reach(ctx, hosts)
}

// Reach asks whether there is an item to read. Its errors are those of the API's.
func (s *Supplier) Reach(ctx context.Context) error {
	if err := s.API.identify(ctx); err != nil {
		return err
	}
	names, err := s.Series(ctx)
	switch {
	case err != nil:
		return denied(err)
	case len(names) == 0:
		return federation.Meaning(errors.New("there is no item that hosts and keys name, for this token"), federation.ErrAbsent)
	}
	return nil
}

// identify asks for the version, which needs no token.
func (a *API) identify(ctx context.Context) error {
	_, err := a.learnVersion(ctx)
	var refused *Refused
	if errors.As(err, &refused) {
		return federation.Meaning(err, federation.ErrStranger)
	}
	return err
}

// reachAny asks whether the token sees a host.
func (a *API) reachAny(ctx context.Context) error {
	var found []struct{}
	if err := a.call(ctx, "host.get", map[string]any{"output": []string{"hostid"}, "limit": 1}, &found); err != nil {
		return denied(err)
	}
	if len(found) == 0 {
		return federation.Meaning(errors.New("the token sees no host"), federation.ErrAbsent)
	}
	return nil
}

// denied says what a refusal of a question that is right means: it is the token.
func denied(err error) error {
	var refused *Refused
	if errors.As(err, &refused) {
		return federation.Meaning(err, federation.ErrDenied)
	}
	return err
}
