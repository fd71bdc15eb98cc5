package clock

import (
	"context"
	"maps"
	"slices"
	"time"
)

// claim is what a source says: when the machine was started.
type claim struct {
	source Source
	began  time.Time
}

// doubt is a claim that is not believed yet.
type doubt struct {
	claim
	since Instant
}

// How often the kernel is asked.
const (
	askUnknown = time.Second
	askKnown   = 10 * time.Second
)

// Watch asks the kernel again and again until ctx ends.
func (c *Clock) Watch(ctx context.Context) error {
	for {
		if err := c.Look(); err != nil {
			c.log.Error("time not written down", "error", err)
		}
		pause := askUnknown
		if _, known := c.Now(); known {
			pause = askKnown
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// Look asks the kernel once. Its error is that of writing down what has become known, which is known all the same.
func (c *Clock) Look() error {
	look := c.machine.Look()
	look.Synced = look.Synced || c.trust
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look = look
	return c.consider(look.At)
}

// Hear takes the date that a meter tells in a frame heard at an instant; the next Look weighs it. A meter that calls its
// clock degraded is not believed.
func (c *Clock) Hear(meter string, at Instant, told time.Time, degraded bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.witnesses[meter]
	if w == nil {
		w = &witness{}
		c.witnesses[meter] = w
	}
	w.hear(at, told, degraded)
}

// consider believes the best claim that can be believed. The caller holds mu, as of all below.
func (c *Clock) consider(now Instant) error {
	for _, said := range c.claims(now) {
		if c.credible(said, now) {
			return c.believe(said, now)
		}
	}
	return nil
}

// credible tells whether to believe a claim, and keeps in mind one that has to be confirmed. A meter does not overrule a
// clock that is known.
func (c *Clock) credible(said claim, now Instant) bool {
	same := c.doubt != nil && c.doubt.source == said.source
	if c.plausible(said, now) || c.corroborated(said, now) {
		if same {
			c.doubt = nil
		}
		return true
	}
	if said.source == Meter && (len(c.mapping) > 0 || c.doubt != nil && !same) {
		return false
	}
	if !same || distance(c.doubt.began, said.began) > alike {
		c.log.Warn("a clock is not believed", "source", said.source.String(), "says", said.began.Add(now), "last_known", c.floor)
		c.doubt = &doubt{said, now}
	}
	if said.source != Kernel || now-c.doubt.since < confirmed || !possible(said.began.Add(now)) {
		return false
	}
	c.doubt = nil
	return true
}

func possible(t time.Time) bool { return t.After(earliest) && t.Before(latest) }

func distance(a, b time.Time) time.Duration { return a.Sub(b).Abs() }

// claims is what the sources say, the best first: the kernel while it is disciplined, the meters.
func (c *Clock) claims(now Instant) []claim {
	var all []claim
	if c.look.Synced {
		all = append(all, claim{Kernel, c.look.Wall.Add(-c.look.At)})
	}
	if began, ok := c.testimony(now); ok {
		all = append(all, claim{Meter, began})
	}
	return all
}

// testimony is what all steady witnesses say; false when there is none, or when they differ.
func (c *Clock) testimony(now Instant) (began time.Time, ok bool) {
	for _, name := range slices.Sorted(maps.Keys(c.witnesses)) {
		w := c.witnesses[name]
		switch {
		case !w.steady(now):
		case !ok:
			began, ok = w.began(), true
		case distance(began, w.began()) > alike:
			return time.Time{}, false
		}
	}
	return began, ok
}

// plausible tells whether a claim goes with what is known.
func (c *Clock) plausible(said claim, now Instant) bool {
	at := said.began.Add(now)
	if !possible(at) {
		return false
	}
	if len(c.mapping) > 0 {
		by := said.began.Sub(c.mapping.last().Began)
		if said.source == Meter {
			return by.Abs() <= meterDrift
		}
		return -maxBack <= by && by <= maxForward
	}
	began := said.began.Add(c.first) // what waits was heard after the last known time
	return c.floor.IsZero() || began.After(c.floor.Add(-maxBack)) && at.Before(c.floor.Add(maxForward))
}

// corroborated tells whether kernel and meter agree on a claim.
func (c *Clock) corroborated(said claim, now Instant) bool {
	began, ok := c.testimony(now)
	return ok && said.source == Kernel && distance(began, said.began) <= alike && possible(said.began.Add(now))
}

// believe dates the instants of this boot by a claim from now on; the first that is believed, from the first.
func (c *Clock) believe(said claim, now Instant) error {
	if len(c.mapping) == 0 {
		defer close(c.known)
		return c.turn(said, Piece{From: c.first, Began: said.began}, c.floor)
	}
	if distance(said.began, c.mapping.last().Began) < tolerance(said.source) {
		if said.source == Kernel {
			c.source = Kernel
		}
		return nil
	}
	c.corrections++
	return c.turn(said, Piece{From: now, Began: said.began}, c.mapping.Date(now))
}

// turn begins a piece where the time had come to had.
func (c *Clock) turn(said claim, p Piece, had time.Time) error {
	switch ahead := had.Sub(p.date(p.From)); {
	case ahead > maxBack && !had.IsZero(): // it was confirmed
		c.past.Wrong = later(c.past.Wrong, had)
	case ahead > 0:
		p.Ahead = ahead
	}
	c.mapping, c.source = c.mapping.with(p), said.source
	now := c.mapping.Date(c.look.At)
	c.log.Info("time is known", "source", said.source.String(), "now", now.UTC(), "runs_ahead", p.Ahead)
	c.past.set(boot{Boot: c.boot, Source: c.source, Mapping: c.mapping}, now)
	return c.past.write()
}

// tolerance is below what a source says nothing new.
func tolerance(s Source) time.Duration {
	if s == Meter {
		return meterGrain
	}
	return jitter
}
