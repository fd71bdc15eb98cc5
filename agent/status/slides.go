package status

import (
	"context"
	"html/template"
	"time"

	"releve/agent/history"
	"releve/agent/kiosk"
)

// kioskDrawing is a drawing of ours, which a template takes as it is.
type kioskDrawing = template.HTML

// slides words what there is to show, in the order of the rotation. A pass that is coarse sees of the meter what the
// periods say that are over: what it may not see is taken away before anything is worded.
func (w *wall) slides(ctx context.Context, c catalogue, s Snapshot, resolution string) ([]kiosk.Slide, error) {
	if len(s.Meters) == 0 {
		return nil, nil
	}
	coarse := step(resolution)
	day, err := w.day(ctx, s.Meters[0].Name, s.Now, coarse)
	if err != nil {
		return nil, err
	}
	shown := scene{meter: s.Meters[0], at: s.Now, when: c.say("kiosk.live"), day: day, now: s.Now, coarse: coarse}
	if coarse != "" {
		shown.coarsen(c)
	}
	slides := []kiosk.Slide{c.nowSlide(shown)}
	if compared, known := c.equivalenceSlide(w.table, shown); known {
		slides = append(slides, compared)
	}
	for _, one := range []func(context.Context, catalogue, scene) (kiosk.Slide, bool, error){w.synchroSlide, w.projectSlide} {
		slide, known, err := one(ctx, c, shown)
		if err != nil {
			return nil, err
		}
		if known {
			slides = append(slides, slide)
		}
	}
	return slides, nil
}

// scene is what the slides of a meter are made of, as far as the screen may see it.
type scene struct {
	meter Meter
	at    time.Time // of its power
	when  string    // the same in words: "en direct", "moyenne de 14:10 à 14:20"
	day   kioskDay

	now    time.Time
	coarse history.Step // the finest that may be seen; "" for live
}

// coarsen leaves of the meter its mean power in the last period that is over, as if it were of its end.
func (s *scene) coarsen(c catalogue) {
	known := Meter{Name: s.meter.Name, Title: s.meter.Title}
	if p := s.day.last(); p != nil {
		known.Power = &Power{Apparent: VoltAmpere(*p.Value), At: p.To}
		if s.meter.Power != nil {
			known.Power.Subscribed = s.meter.Power.Subscribed
		}
		s.at, s.when = p.To, c.say("kiosk.mean", p.From.Format("15:04"), p.To.Format("15:04"))
	}
	s.meter = known
}

// closed is the day before, or the month before for who may see no day, and how it is called.
func (s scene) closed() (c history.Calendar, at time.Time, called string) {
	year, month, day := s.now.Date()
	if s.coarse == history.Monthly {
		return history.Month, time.Date(year, month-1, 1, 12, 0, 0, 0, s.now.Location()), "kiosk.month"
	}
	return history.Day, time.Date(year, month, day-1, 12, 0, 0, 0, s.now.Location()), "kiosk.yesterday"
}

// step is the shortest period that a resolution allows; "" for live.
func step(resolution string) history.Step {
	switch resolution {
	case "", "live", "PT10S", string(history.Raw): // the page itself says no more than each second
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
