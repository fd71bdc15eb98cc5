package status

import (
	"math"
	"time"

	"releve/agent/history"
)

// todayView is the day of one meter so far: its curve, and how much that is of what is usual.
type todayView struct {
	Title  string
	Figure *figureView
	Usual  string // "12 % de moins qu’un vendredi habituel à cette heure"
	Path   string // where there is more
}

// usualWeeks is how many weeks before tell what is usual.
const usualWeeks = 4

// today looks at the day of a meter; nil when nothing is known of it.
func (s *site) today(v *visit, m Meter) (*todayView, error) {
	if s.past == nil {
		return nil, nil
	}
	span, err := history.SpanOf(history.Day, v.snapshot.Now)
	if err != nil {
		return nil, err
	}
	l, err := s.look(v, inquiry{calendar: history.Day, span: span, meter: m})
	if err != nil || l.power == nil || peakOf(l.power.Points) == nil {
		return nil, err
	}
	view := &todayView{Title: v.say("day.title", v.weekday(v.snapshot.Now), v.dayOf(v.snapshot.Now)), Figure: l.curve()}
	view.Figure.Size = ""
	route := s.screenNamed("history").routes[0].in(v.language)
	view.Path = route
	usual, err := s.past.Usual(v.request.Context(), m.Name, v.snapshot.Now, usualWeeks)
	if err != nil {
		return nil, err
	}
	view.Usual = v.usual(usual, v.snapshot.Now)
	return view, nil
}

// costView is what the day so far costs.
type costView struct{ Amount, Note string }

// cost estimates what the day of a meter costs so far; nil while that is not known. Why it cannot be, the screen of the bill says.
func (s *site) cost(v *visit, m Meter) *costView {
	if s.household.Cost == nil {
		return nil
	}
	bill, err := s.household.Cost(v.request.Context(), m.Name, v.snapshot.Now)
	if err != nil || bill.Energy <= 0 {
		return nil
	}
	view := &costView{Amount: v.money(bill.Total)}
	if bill.Missing > 0 || bill.Unpriced > 0 {
		view.Note = v.say("cost.part")
	}
	return view
}

// usual holds today against the same weekday of the weeks before; empty while there is nothing to hold it against.
func (c catalogue) usual(u history.Usual, now time.Time) string {
	if u.Today == nil || u.SoFar == nil || *u.SoFar <= 0 {
		return ""
	}
	day := c.weekday(now)
	change := math.Round(100 * (*u.Today / *u.SoFar - 1))
	switch percent := c.say("percent", c.whole(math.Abs(change))); {
	case change > 0:
		return c.say("usual.more", percent, day)
	case change < 0:
		return c.say("usual.less", percent, day)
	}
	return c.say("usual.same", day)
}

// colourView is one day of a Tempo contract: its letter, its word, and the class that paints it.
type colourView struct{ Class, Letter, Day, Word string }

// colourLetters stand for the colours to who does not see them.
var colourLetters = map[string]string{"blue": "B", "white": "W", "red": "R"}

// colours are the tiles of today and tomorrow; none without such a contract.
func (c catalogue) colours(m Meter) []colourView {
	if m.Colours == nil {
		return nil
	}
	var all []colourView
	for _, one := range []struct{ key, colour string }{{"tempo.today", m.Colours.Today}, {"tempo.tomorrow", m.Colours.Tomorrow}} {
		view := colourView{Class: "unknown", Letter: "?", Day: c.say(one.key), Word: c.say("tempo.unknown")}
		if word, known := c.lines["tempo."+one.colour]; known && one.colour != "" {
			view.Class, view.Letter, view.Word = one.colour, colourLetters[one.colour], word
		}
		all = append(all, view)
	}
	return all
}
