package status

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"releve/agent/history"
	"releve/agent/kiosk"
)

// projectSlide is what the household's share of an installation produced today; for a pass that is coarse, of the last
// day or month that is over. False for who has none, and while nothing of it is known.
func (k Kiosk) projectSlide(ctx context.Context, c catalogue, s scene) (kiosk.Slide, bool, error) {
	past, can := k.Past.(staker)
	if !can || k.Stake == nil {
		return kiosk.Slide{}, false, nil
	}
	span, at, when := history.Day, s.now, "kiosk.today"
	if s.coarse != "" {
		span, at, when = s.closed()
	}
	stake, err := past.Stake(ctx, *k.Stake, span, at)
	if err != nil {
		return kiosk.Slide{}, false, fmt.Errorf("ask for what the investment produced: %w", err)
	}
	if stake.Mine.Total == nil || stake.All.Total == nil {
		return kiosk.Slide{}, false, nil
	}
	slide := c.project(stake, c.say(when))
	if s.coarse == "" {
		slide.Curve = &kiosk.Curve{AboveTone: kiosk.Injected, Above: values(stake.Mine.Points), From: c.say("kiosk.midnight"), To: c.say("kiosk.end")}
	}
	return slide, true, nil
}

func (c catalogue) project(s history.StakeShown, when string) kiosk.Slide {
	mine := c.amount(*s.Mine.Total)
	number, unit, _ := strings.Cut(mine, firmSpace)
	return kiosk.Slide{
		Name: "project", Title: cmp.Or(s.Title, c.say("screen.project")), Spoken: c.say("project.summary", mine),
		Hero: &kiosk.Hero{
			Tone: kiosk.Injected, Arrow: kiosk.Up, Word: c.say("project.mine"), Number: number, Unit: unit,
			Caption: when + " · " + c.say("project.shares", strconv.Itoa(s.Shares), strconv.Itoa(s.Of)),
		},
		Tiles: []kiosk.Tile{{Tone: kiosk.Injected, Label: c.say("kiosk.whole"), Value: c.amount(*s.All.Total)}},
	}
}

// values are those of the points; NaN is a gap.
func values(points []history.Point) []float64 {
	var all []float64
	for _, p := range points {
		value := math.NaN()
		if p.Value != nil {
			value = *p.Value
		}
		all = append(all, value)
	}
	return all
}
