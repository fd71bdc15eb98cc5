package main

import (
	"context"
	"time"

	"releve/agent/clock"
	"releve/tic"
)

// openClock reads what time it was when the agent was last told.
func (a *agent) openClock(context.Context) error {
	c, err := clock.Open(clock.Options{
		Machine: a.machine, File: a.state("clock.json"), Log: a.log, Trust: a.cfg.Agent.TrustClock,
	})
	a.clock = c
	return err
}

// keepTime asks what time it is until ctx ends, and when it becomes known dates what waits.
func (a *agent) keepTime(ctx context.Context) error {
	watched := make(chan error, 1)
	go func() { watched <- a.clock.Watch(ctx) }()
	select {
	case <-ctx.Done():
		return <-watched
	case <-a.clock.Known():
	}
	if err := a.dater.catchUp(); err != nil { // the gatherer tries again, each period
		a.log.Warn("readings not dated yet", "error", err)
	}
	for _, m := range a.meters {
		a.openDay(ctx, m)
	}
	return <-watched
}

// closeClock writes down what time it is. Without that the newest reading tells it.
func (a *agent) closeClock() error {
	if a.clock == nil {
		return nil
	}
	return a.clock.Close()
}

// now is the household's time, or what the machine believes while that is not known.
func (a *agent) now() time.Time {
	now, _ := a.clock.Now()
	return now.In(a.cfg.Agent.Location)
}

// never is a time after the end of every grant.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// grantTime is the time that grants are judged by. While it is not known, one that has an end does not hold.
func (a *agent) grantTime() time.Time {
	now, known := a.clock.Now()
	if !known {
		return never
	}
	return now
}

// told is the time that a frame tells, as the household's meter means it. Enedis-NOI-CPT_54E §6.2.1.1 dates by the legal
// time of mainland France; a meter overseas by that of its own place.
func told(f *tic.Frame, location *time.Location) (at time.Time, degraded, ok bool) {
	for _, g := range f.Groups {
		if string(g.Label) != "DATE" {
			continue
		}
		h, err := tic.ParseHorodate(g.Horodate)
		if err != nil || h.Season == tic.NoSeason {
			return time.Time{}, false, false
		}
		return h.TimeOn(meterClock(location)), h.Degraded, true
	}
	return time.Time{}, false, false
}

// meterClock is the clock of the meters of a place: that of mainland France, or of another place whose clocks show the
// same, or overseas the place's own in January and July.
func meterClock(location *time.Location) tic.Clock {
	year := time.Now().Year()
	_, winter := time.Date(year, time.January, 1, 0, 0, 0, 0, location).Zone()
	_, summer := time.Date(year, time.July, 1, 0, 0, 0, 0, location).Zone()
	if time.Duration(winter)*time.Second == time.Hour {
		return tic.Mainland()
	}
	return tic.Clock{Winter: time.Duration(winter) * time.Second, Summer: time.Duration(summer) * time.Second}
}
