package status

import (
	"context"
	"fmt"
	"math"
	"time"

	"releve/agent/history"
	"releve/agent/kiosk"
)

// nowSlide is the power, live or of the last period that is over, with the day so far.
func (c catalogue) nowSlide(s scene) kiosk.Slide {
	slide := c.emptySlide()
	slide.Name, slide.Curve = "now", s.day.curve(c)
	m := s.meter
	g := c.glance(m.Power, s.at)
	slide.Spoken = g.Spoken
	if m.Power != nil {
		slide.Hero = &kiosk.Hero{Word: g.Word + " " + g.Where, Number: g.Number, Unit: "VA", Caption: s.when}
		slide.Hero.Tone, slide.Hero.Arrow = ways(g.Direction)
		if g.Stale {
			slide.Hero.Tone, slide.Hero.Arrow, slide.Hero.Word = kiosk.Quiet, kiosk.Waiting, g.Word
			slide.Hero.Caption = c.fresh(m.Power, s.at).Text
		}
	} else if s.coarse != "" {
		slide.Hero.Word, slide.Hero.Caption = c.say("kiosk.later"), c.say("kiosk.later.when")
	}
	if share := c.share(m.Power, m.Trend, s.at); share != nil {
		slide.Bar = &kiosk.Bar{Text: share.Text, Fill: float64(share.Fill) / 1000, Alert: share.Over != ""}
	}
	slide.Tiles = c.dayTiles(m)
	return slide
}

func (c catalogue) dayTiles(m Meter) []kiosk.Tile {
	var tiles []kiosk.Tile
	if m.Today != nil {
		tiles = append(tiles, kiosk.Tile{Tone: kiosk.Drawn, Label: c.say("today.title"), Value: c.energy(m.Today.Drawn)})
		if m.Today.Injected > 0 {
			tiles = append(tiles, kiosk.Tile{Tone: kiosk.Injected, Label: c.say("today.injected"), Value: c.energy(m.Today.Injected)})
		}
	}
	if tariff := c.period(m.Tariff.in(c.language)); tariff != "" {
		tiles = append(tiles, kiosk.Tile{Label: c.say("tariff.title"), Value: tariff})
	}
	return tiles
}

// kioskDay is the powers of a day, in periods that are over.
type kioskDay struct{ points []history.Point }

// day asks for the day of an instant; nothing is known of it where there is nobody to ask.
func (k Kiosk) day(ctx context.Context, meter string, now time.Time, coarse history.Step) (kioskDay, error) {
	if k.Past == nil {
		return kioskDay{}, nil
	}
	q := history.Question{Meters: []string{meter}, Quantity: history.Power, Calendar: history.Day, At: now, Step: history.TenMinutes}
	switch coarse {
	case "", history.TenMinutes:
	case history.Daily, history.Monthly:
		return kioskDay{}, nil // a day is not over before it is
	default:
		q.Step = coarse
	}
	answer, err := k.Past.Ask(ctx, q)
	if err != nil {
		return kioskDay{}, fmt.Errorf("ask for the day's power: %w", err)
	}
	if len(answer.Lines) == 0 {
		return kioskDay{}, nil
	}
	return kioskDay{answer.Lines[0].Points}, nil
}

// curve draws the day, midnight to midnight; nil while nothing is known of it.
func (d kioskDay) curve(c catalogue) *kiosk.Curve {
	curve := &kiosk.Curve{AboveTone: kiosk.Drawn, From: c.say("kiosk.midnight"), To: c.say("kiosk.end")}
	known, top := 0, 0.0
	for _, p := range d.points {
		value := math.NaN()
		if p.Value != nil && p.Final {
			value, top = *p.Value, max(top, *p.Value)
			known++
		}
		curve.Above = append(curve.Above, value)
	}
	if known < 2 { // no line
		return nil
	}
	curve.Top = c.say("kiosk.top", c.power(VoltAmpere(top)))
	return curve
}

// last is the last period that is over and known; nil when there is none.
func (d kioskDay) last() *history.Point {
	for i := len(d.points) - 1; i >= 0; i-- {
		if p := d.points[i]; p.Value != nil && p.Final {
			return &p
		}
	}
	return nil
}
