package status

import (
	"context"
	"fmt"
	"html/template"
	"math"
	"time"

	"releve/agent/history"
	"releve/agent/kiosk"
)

// kioskDrawing is a drawing of ours, which a template takes as it is.
type kioskDrawing = template.HTML

// slides words what there is to show, in the order of the rotation. What a pass allows only coarsely is of the last period
// that is over.
func (k Kiosk) slides(ctx context.Context, c catalogue, s Snapshot, resolution string) ([]kiosk.Slide, error) {
	if len(s.Meters) == 0 {
		return nil, nil
	}
	m := s.Meters[0]
	now, err := k.nowSlide(ctx, c, m, s.Now, step(resolution))
	if err != nil {
		return nil, err
	}
	slides := []kiosk.Slide{now}
	if k.Past != nil {
		shares, err := k.Past.Shares(ctx, m.Name, history.Day, s.Now)
		if err != nil {
			return nil, fmt.Errorf("ask for the day's production: %w", err)
		}
		if synchro, known := c.synchroSlide(shares); known {
			slides = append(slides, synchro)
		}
	}
	return slides, nil
}

// step is the shortest period that a resolution allows; "" for live.
func step(resolution string) history.Step {
	switch resolution {
	case "", "live", "PT10S": // the page itself says no more than each second
		return ""
	}
	for _, s := range history.Steps() {
		if string(s) == resolution {
			return s
		}
	}
	return history.Daily // what is not known is as coarse as anything
}

func (c catalogue) emptySlide() kiosk.Slide {
	return kiosk.Slide{
		Title: c.say("kiosk.now"), Spoken: c.say("glance.none"),
		Hero: &kiosk.Hero{Tone: kiosk.Quiet, Arrow: kiosk.Waiting, Word: c.say("glance.none"), Caption: c.say("glance.none.where")},
	}
}

// ways are how the directions are drawn.
func ways(d direction) (kiosk.Tone, kiosk.Arrow) {
	switch d {
	case drawn:
		return kiosk.Drawn, kiosk.Down
	case injected:
		return kiosk.Injected, kiosk.Up
	case even:
		return kiosk.Plain, kiosk.Level
	}
	return kiosk.Quiet, kiosk.Waiting
}

// nowSlide is the power, live or of the last period that is over, with the day so far.
func (k Kiosk) nowSlide(ctx context.Context, c catalogue, m Meter, now time.Time, coarse history.Step) (kiosk.Slide, error) {
	slide := c.emptySlide()
	slide.Name = "now"
	day, err := k.day(ctx, m.Name, now, coarse)
	if err != nil {
		return slide, err
	}
	slide.Curve = day.curve(c)
	if coarse != "" {
		c.last(&slide, day, m)
		return slide, nil
	}
	g := c.glance(m.Power, now)
	slide.Spoken = g.Spoken
	if m.Power != nil {
		slide.Hero = &kiosk.Hero{Word: g.Word + " " + g.Where, Number: g.Number, Unit: "VA", Caption: c.say("kiosk.live")}
		slide.Hero.Tone, slide.Hero.Arrow = ways(g.Direction)
		if g.Stale {
			slide.Hero.Tone, slide.Hero.Arrow, slide.Hero.Word = kiosk.Quiet, kiosk.Waiting, g.Word
			slide.Hero.Caption = c.fresh(m.Power, now).Text
		}
	}
	if share := c.share(m.Power, m.Trend, now); share != nil {
		slide.Bar = &kiosk.Bar{Text: share.Text, Fill: float64(share.Fill) / 1000, Alert: share.Over != ""}
	}
	if m.Today != nil {
		slide.Tiles = append(slide.Tiles, kiosk.Tile{Tone: kiosk.Drawn, Label: c.say("today.title"), Value: c.energy(m.Today.Drawn)})
		if m.Today.Injected > 0 {
			slide.Tiles = append(slide.Tiles, kiosk.Tile{Tone: kiosk.Injected, Label: c.say("today.injected"), Value: c.energy(m.Today.Injected)})
		}
	}
	if tariff := m.Tariff.in(c.language); tariff != "" {
		slide.Tiles = append(slide.Tiles, kiosk.Tile{Label: c.say("tariff.title"), Value: tariff})
	}
	return slide, nil
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

// last puts the last period that is over in place of the live value.
func (c catalogue) last(slide *kiosk.Slide, d kioskDay, m Meter) {
	for i := len(d.points) - 1; i >= 0; i-- {
		p := d.points[i]
		if p.Value == nil || !p.Final {
			continue
		}
		mean := Power{Apparent: VoltAmpere(*p.Value), At: p.To}
		if m.Power != nil {
			mean.Subscribed = m.Power.Subscribed
		}
		g := c.glance(&mean, p.To)
		slide.Spoken = g.Spoken
		slide.Hero = &kiosk.Hero{
			Word: g.Word + " " + g.Where, Number: g.Number, Unit: "VA",
			Caption: c.say("kiosk.mean", p.From.Format("15:04"), p.To.Format("15:04")),
		}
		slide.Hero.Tone, slide.Hero.Arrow = ways(g.Direction)
		if share := c.share(&mean, nil, p.To); share != nil {
			slide.Bar = &kiosk.Bar{Text: share.Text, Fill: float64(share.Fill) / 1000}
		}
		return
	}
	slide.Hero.Word, slide.Hero.Caption = c.say("kiosk.later"), c.say("kiosk.later.when")
}

// synchroSlide is how production and consumption met today; false for who produces nothing that is known.
func (c catalogue) synchroSlide(s history.Shares) (kiosk.Slide, bool) {
	if s.Produced == nil || s.Drawn == nil || s.SelfConsumed == nil {
		return kiosk.Slide{}, false
	}
	energy := func(wh float64) string { return c.energy(WattHour(max(wh, 0))) }
	slide := kiosk.Slide{
		Name: "synchro", Title: c.say("kiosk.synchro"),
		Tiles: []kiosk.Tile{
			{Tone: kiosk.Drawn, Label: c.say("kiosk.consumed"), Value: energy(*s.Drawn + *s.SelfConsumed)},
			{Tone: kiosk.Injected, Label: c.say("kiosk.produced"), Value: energy(*s.Produced)},
		},
		Curve: &kiosk.Curve{AboveTone: kiosk.Injected, BelowTone: kiosk.Drawn, From: c.say("kiosk.midnight"), To: c.say("kiosk.end")},
	}
	slide.Spoken = slide.Title
	if s.SelfConsumption != nil {
		share := c.measured(c.whole(math.Round(*s.SelfConsumption*100)), "%")
		slide.Tiles = append(slide.Tiles, kiosk.Tile{Tone: kiosk.Shared, Label: c.say("kiosk.shared"), Value: share})
		slide.Spoken = c.say("kiosk.synchro.spoken", share)
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
		for _, p := range line.Points {
			value := math.NaN()
			if p.Value != nil {
				value = *p.Value
			}
			*into = append(*into, value)
		}
	}
	return slide, true
}
