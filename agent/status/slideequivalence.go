package status

import (
	"strings"

	"releve/agent/equivalence"
	"releve/agent/kiosk"
)

// eachKind is how many comparisons of a power, and how many of an energy, a wall has room for.
const eachKind = 2

// equivalenceSlide is what the power and the energy of the day amount to, as far as they may be seen; false when there is
// nothing to compare.
func (c catalogue) equivalenceSlide(table *equivalence.Table, s scene) (kiosk.Slide, bool) {
	slide := kiosk.Slide{Name: "equivalence", Title: c.say("kiosk.equivalence")}
	add := func(all []equivalence.Told, when string) {
		for _, told := range all[:min(len(all), eachKind)] {
			figure, text, _ := strings.Cut(Say(told.FR, told.EN).in(c.language), " ")
			slide.Lines = append(slide.Lines, kiosk.Line{Figure: figure, Text: text + ", " + when})
		}
	}
	if p := s.meter.Power; p != nil && !p.stale(s.at) {
		if way, drawn := p.way(); way != injected {
			add(table.Power(float64(drawn)), s.when)
		}
	}
	if today := s.meter.Today; today != nil {
		add(table.Energy(float64(today.Drawn)), c.say("kiosk.sofar"))
	}
	if len(slide.Lines) == 0 {
		return slide, false
	}
	slide.Spoken = slide.Title + " " + slide.Lines[0].Figure + " " + slide.Lines[0].Text
	return slide, true
}
