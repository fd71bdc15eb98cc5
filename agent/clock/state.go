package clock

import (
	"maps"
	"slices"
	"time"
)

// State is how a clock is doing, for a person.
type State struct {
	Now         time.Time
	Source      Source // Unknown while the time is not known
	Synced      bool   // something disciplines the kernel's clock
	LastKnown   time.Time
	Doubted     Source    // says a time that is not believed; Unknown for none
	Says        time.Time // that time
	Corrections int       // since the program started
	Witnesses   []WitnessState
}

// WitnessState is how a meter's clock is doing.
type WitnessState struct {
	Name     string
	Degraded bool          // it says so itself
	Steady   bool          // it runs evenly and is heard
	Off      time.Duration // by which it is ahead of the known time; 0 while one of both is not known
}

// State tells how the clock is doing.
func (c *Clock) State() State {
	now := c.Instant()
	shown, _ := c.Date(now)
	c.mu.Lock()
	defer c.mu.Unlock()
	s := State{Now: shown, Source: c.source, Synced: c.look.Synced, LastKnown: c.floor, Corrections: c.corrections}
	if c.doubt != nil {
		s.Doubted, s.Says = c.doubt.source, c.doubt.began.Add(now)
	}
	for _, name := range slices.Sorted(maps.Keys(c.witnesses)) {
		w := c.witnesses[name]
		one := WitnessState{Name: name, Degraded: w.degraded, Steady: w.steady(now)}
		if one.Steady && len(c.mapping) > 0 {
			one.Off = w.began().Sub(c.mapping.last().Began)
		}
		s.Witnesses = append(s.Witnesses, one)
	}
	return s
}
