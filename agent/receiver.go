package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation"
	"releve/federation/peer"
	"releve/federation/xmpp"
	"releve/senml"
)

// errUndated is why nothing is taken yet: a time in the future could not be told from one that is right.
var errUndated = errors.New("the time is not known yet")

// receive takes packs from the sources that hand them to us, if there are any.
func (a *agent) receive() {
	senders := map[string]*source{} // by address, and by domain
	r := &peer.Receiver{Log: a.log}
	for _, s := range a.sources {
		if from, ok := s.origin.(config.FromReleve); ok {
			for _, one := range from.From() {
				senders[one.String()] = s
				r.From = append(r.From, one)
			}
		}
	}
	if len(senders) == 0 {
		return
	}
	r.Take = func(ctx context.Context, from xmpp.JID, p senml.Pack) error {
		if _, known := a.clock.Now(); !known {
			return errUndated
		}
		s := senders[from.String()]
		if s == nil { // nobody gets here whose domain is not one of them either
			s = senders[from.Domain().String()]
		}
		return s.handed(ctx, from, p)
	}
	r.Register(a.session)
	a.receiver = r
}

// handed stores a pack. Of one of which nothing can ever be kept its sender is told so.
func (s *source) handed(ctx context.Context, from xmpp.JID, p senml.Pack) error {
	by := giver{source: s.name}
	if len(s.origin.(config.FromReleve).Senders) > 0 { // or the source is its one sender
		by.sender = from.String()
	}
	t, err := s.keep(ctx, by, p)
	switch {
	case err != nil:
		return err
	case t.whole():
		return fmt.Errorf("%w: %s", federation.ErrRefused, federation.Discreet(t.Why.Error()))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range p {
		s.newest = max(s.newest, r.Time)
	}
	return nil
}

// handedFinding says how it stands with a source that hands us packs: what could not be kept, and what came last.
func (s *source) handedFinding() status.Finding {
	if refused, why := s.unkept(); refused > 0 {
		return unkeptFinding(refused, why)
	}
	s.mu.Lock()
	newest := s.newest
	s.mu.Unlock()
	if newest == 0 {
		return nothingYet()
	}
	return lastReading(time.Unix(int64(newest), 0).In(s.location))
}

func nothingYet() status.Finding {
	return status.Finding{State: status.Waiting, Text: status.Say("Rien n'est encore venu de cette source.", "Nothing has come from this source yet.")}
}

func lastReading(at time.Time) status.Finding {
	return status.Finding{Text: status.Sayf("Dernier relevé du %[1]s.", "Last reading of %[2]s.", at.Format("02/01/2006 à 15:04:05"), at.Format(time.DateTime))}
}
