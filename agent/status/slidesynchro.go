package status

import (
	"context"
	"fmt"
	"math"

	"releve/agent/history"
	"releve/agent/kiosk"
)

// synchroSlide is how production and consumption met today, or on the day before for who may not see a day before it is
// over; false for who produces nothing that is known.
func (k Kiosk) synchroSlide(ctx context.Context, c catalogue, s scene) (kiosk.Slide, bool, error) {
	if k.Past == nil {
		return kiosk.Slide{}, false, nil
	}
	shares, when, err := k.shares(ctx, s)
	if err != nil {
		return kiosk.Slide{}, false, fmt.Errorf("ask for the day's production: %w", err)
	}
	slide, known := c.synchro(shares, c.say(when))
	if when != "kiosk.today" {
		slide.Curve = nil // its points are finer than the day
	}
	return slide, known, nil
}

// shares asks for what a pass may see, and tells of when it is.
func (k Kiosk) shares(ctx context.Context, s scene) (shares history.Shares, when string, err error) {
	switch s.coarse {
	case "":
		shares, err = k.Past.Shares(ctx, s.meter.Name, history.Day, s.now)
	case history.Daily, history.Monthly:
		span, at, called := s.closed()
		shares, err = k.Past.Shares(ctx, s.meter.Name, span, at)
		return shares, called, err
	default:
		shares, err = k.Past.SharesOver(ctx, s.meter.Name, history.Day, s.now, s.coarse)
	}
	return shares, "kiosk.today", err
}

// synchro words it.
func (c catalogue) synchro(s history.Shares, when string) (kiosk.Slide, bool) {
	if s.Produced == nil || s.Drawn == nil || s.SelfConsumed == nil {
		return kiosk.Slide{}, false
	}
	energy := func(wh float64) string { return c.energy(WattHour(max(wh, 0))) }
	slide := kiosk.Slide{
		Name: "synchro", Title: c.say("kiosk.synchro"),
		Tiles: []kiosk.Tile{
			{Tone: kiosk.Drawn, Label: c.say("kiosk.consumed", when), Value: energy(*s.Drawn + *s.SelfConsumed)},
			{Tone: kiosk.Injected, Label: c.say("kiosk.produced", when), Value: energy(*s.Produced)},
		},
		Curve: &kiosk.Curve{AboveTone: kiosk.Injected, BelowTone: kiosk.Drawn, From: c.say("kiosk.midnight"), To: c.say("kiosk.end")},
	}
	slide.Spoken = slide.Title
	if s.SelfConsumption != nil {
		share := c.measured(c.whole(math.Round(*s.SelfConsumption*100)), "%")
		slide.Tiles = append(slide.Tiles, kiosk.Tile{Tone: kiosk.Shared, Label: c.say("kiosk.shared"), Value: share})
		slide.Spoken = c.say("kiosk.synchro.spoken", share, when)
	}
	for _, line := range s.Lines {
		into := &slide.Curve.Below
		switch line.Quantity {
		case history.Production:
			into = &slide.Curve.Above
		case history.Energy:
		default:
			continue
		}
		*into = values(line.Points)
	}
	return slide, true
}
