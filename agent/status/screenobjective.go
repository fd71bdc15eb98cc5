package status

import (
	"math"
	"strconv"
	"time"

	"releve/agent/chart"
	"releve/agent/history"
	"releve/agent/objective"
)

// objectiveView is how the year stands against the objective.
type objectiveView struct {
	Known   bool // there is an objective
	Title   string
	Verdict string
	State   stateView
	Figure  *figureView
	Ring    *ringView
	Facts   []factView
	Source  string
}

// showObjective shows the year as a line, within the corridor of the reference and the target.
func (s *site) showObjective(v *visit) (any, error) {
	if s.household.Standing == nil {
		return objectiveView{}, nil
	}
	standing, err := s.household.Standing(v.request.Context(), v.snapshot.Now)
	if err != nil {
		return objectiveView{Known: true, Title: v.say("objective.failed"), Verdict: err.Error(), State: stateView{State: Warning}}, nil
	}
	return v.objective(standing), nil
}

var verdictStates = map[objective.Verdict]State{
	objective.Reached: OK, objective.Between: Warning, objective.Above: Fault, objective.Unknown: Waiting,
}

func (v *visit) objective(o objective.Standing) objectiveView {
	reference := v.say("objective.number")
	if o.OfYear > 0 {
		reference = strconv.Itoa(o.OfYear)
	}
	view := objectiveView{
		Known: true, Title: v.say("objective.aim", v.say("percent", v.whole(o.Percent)), reference),
		Verdict: v.say("objective." + string(o.Verdict)), State: stateView{State: verdictStates[o.Verdict]}, Source: o.Source,
	}
	view.Facts = []factView{
		{Label: v.say("objective.target"), Value: v.amount(o.Target)},
		{Label: v.say("objective.allowed"), Value: v.amount(o.Allowed)},
	}
	if o.Used != nil {
		view.Facts = append(view.Facts, factView{Label: v.say("objective.used"), Value: v.amount(*o.Used), Class: "drawn"})
		if o.Target > 0 {
			share := *o.Used / o.Target
			value := v.say("percent", v.whole(math.Round(100*share)))
			class := "self"
			if o.Verdict != objective.Reached {
				class = "warning"
			}
			view.Ring = &ringView{
				Drawing: chart.Ring(v.say("objective.ring", value), class, share), Value: value,
				Label: v.say("objective.ring.label"), About: v.say("objective.ring.about"),
			}
		}
	}
	if o.Projected != nil {
		view.Facts = append(view.Facts, factView{Label: v.say("objective.projected"), Value: v.amount(*o.Projected), Note: v.say("objective.projected.note")})
	}
	view.Figure = v.corridor(o)
	return view
}

// corridor draws what adds up since January: the reference, the target, and what was used.
func (v *visit) corridor(o objective.Standing) *figureView {
	if len(o.Months) == 0 {
		return nil
	}
	span := history.Span{Calendar: history.Year, From: o.Months[0].From, To: o.Months[len(o.Months)-1].To}
	lines := make([][]history.Point, 3)
	for _, m := range o.Months {
		for i, value := range []*float64{m.Used, &m.Target, &m.Reference} {
			lines[i] = append(lines[i], history.Point{From: m.From, To: m.To, Value: value})
		}
	}
	f := newFigure("curve", span)
	f.Size = "tall"
	f.rows(v.say("objective.table", strconv.Itoa(o.Year)), v.say("column.year"), lines[0], func(at time.Time) string { return v.month(at) })
	drawing := chart.Curve{Axis: v.axis(span), Label: v.energyMark, Unit: "kWh"}
	for i, one := range []struct{ key, class string }{{"objective.used", "drawn"}, {"objective.line", "self"}, {"objective.reference", "before"}} {
		f.column(v.say(one.key), one.class, lines[i], v.amount)
		f.Keys = append(f.Keys, keyView{Class: one.class, Label: v.say(one.key)})
		drawing.Lines = append(drawing.Lines, chart.Line{Class: one.class, Filled: i == 0, Points: charted(lines[i], lines[i])})
	}
	f.Summary = v.say("objective." + string(o.Verdict))
	drawing.Name = f.Summary
	f.Drawing = drawing.Draw()
	return f
}
