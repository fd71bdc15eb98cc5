package status

import (
	"context"
	"strconv"
	"time"

	"releve/agent/chart"
	"releve/agent/history"
)

// projectView is a share of an installation that belongs to many, beside what the household consumes.
type projectView struct {
	Lengths []choiceView
	Turn    turnView
	Title   string
	Link    string
	Share   *ringView
	Facts   []factView
	Figure  *figureView
	Note    string
}

// staker is what asks for it; a *history.Engine answers.
type staker interface {
	Stake(ctx context.Context, s history.Stake, c history.Calendar, at time.Time) (history.StakeShown, error)
}

// showProject shows what my share produced over a span, beside what I drew.
func (s *site) showProject(v *visit) (any, error) {
	a, err := v.asks(spans[v.route])
	past, _ := s.past.(staker)
	if err != nil || past == nil || s.household.Stake == nil {
		return projectView{}, err
	}
	stake, err := past.Stake(v.request.Context(), *s.household.Stake, a.calendar, a.span.From)
	if err != nil {
		return nil, err
	}
	view := projectView{Lengths: v.lengths(), Turn: v.turn(a.span), Title: stake.Title, Link: stake.Link}
	part := float64(stake.Shares) / float64(max(stake.Of, 1))
	value := v.say("percent", v.decimal(100*part, 1))
	view.Share = &ringView{
		Drawing: chart.Ring(v.say("project.share")+firmSpace+": "+value, "injected", part), Value: value,
		Label: v.say("project.share"), About: v.say("project.shares", strconv.Itoa(stake.Shares), strconv.Itoa(stake.Of)),
	}
	view.Facts = v.stakeFacts(stake)
	mine := []history.Line{stake.Mine}
	if a.meter.Name != "" {
		own, err := s.past.Ask(v.request.Context(), history.Question{Meters: []string{a.meter.Name}, Quantity: history.Energy, Calendar: a.calendar, At: a.span.From, Step: steps[a.calendar]})
		if err != nil {
			return nil, err
		}
		mine = append(mine, own.Lines[0])
		if total := own.Lines[0].Total; total != nil {
			view.Facts = append(view.Facts, factView{Label: v.say("fact.drawn"), Value: v.amount(*total), Class: "drawn"})
		}
	}
	view.Figure = v.stakeFigure(a, mine)
	return view, nil
}

func (c catalogue) stakeFacts(s history.StakeShown) []factView {
	var all []factView
	add := func(key, value, class string) {
		all = append(all, factView{Label: c.say(key), Value: value, Class: class})
	}
	if s.Mine.Total != nil {
		add("project.mine", c.amount(*s.Mine.Total), "injected")
	}
	if s.All.Total != nil {
		add("project.all", c.amount(*s.All.Total), "")
	}
	if s.Area != nil {
		add("project.area", c.measured(c.decimal(*s.Area, 1), "m²"), "")
	}
	if s.Budget != nil {
		add("project.budget", c.say("money", c.whole(*s.Budget)), "")
	}
	return all
}

// stakeFigure draws what my share produced above the line, and what I drew below it.
func (v *visit) stakeFigure(a inquiry, lines []history.Line) *figureView {
	f := newFigure("bars", a.span)
	bars := chart.Bars{Axis: v.axis(a.span), Label: v.energyMark, Unit: "kWh"}
	title := func(at time.Time) string {
		return v.stepTitle(a.span, steps[a.calendar], at.In(v.snapshot.Now.Location()))
	}
	f.rows(v.spanTitle(a.span), v.say("column.time"), lines[0].Points, title)
	classes, labels := []string{"injected", "drawn"}, []string{v.say("project.mine"), v.say("fact.drawn")}
	for n, line := range lines {
		f.column(labels[n], classes[n], line.Points, v.amount)
		f.Keys = append(f.Keys, keyView{classes[n], labels[n], v.total(line)})
	}
	for i, p := range lines[0].Points {
		slot := chart.Slot{From: p.From, To: p.To, Label: title(p.From), Partial: !p.Final && p.Value != nil}
		if p.Value != nil {
			slot.Up = []chart.Part{{Class: classes[0], Value: *p.Value}}
		}
		if len(lines) > 1 {
			if drawn := valueAt(lines[1].Points, i); drawn != nil {
				slot.Down = []chart.Part{{Class: classes[1], Value: *drawn}}
			}
		}
		bars.Slots = append(bars.Slots, slot)
	}
	f.Summary = v.say("history.silent")
	if lines[0].Total != nil {
		f.Summary = v.say("project.summary", v.amount(*lines[0].Total))
	}
	bars.Name = f.Summary
	f.Drawing = bars.Draw()
	return f
}
