package status

import (
	"context"
	"slices"
	"strconv"
	"time"

	"releve/agent/chart"
	"releve/agent/history"
)

// profilesView is the curves of several buildings, one above another on the same axis of time.
type profilesView struct {
	Lengths, By []choiceView
	Turn        turnView
	Scale       string // whether heights may be compared
	Profiles    []profileView
}

// profileView is one of them, with what its building is.
type profileView struct {
	Name, Caption, Facts string
	Total                string
	Figure               *figureView // nil where it is not known for how many it would be
}

// profiler is what asks for the curves; a *history.Engine answers.
type profiler interface {
	Profiles(ctx context.Context, all []history.Profile, by history.By, c history.Calendar, at time.Time, step history.Step) ([]history.ProfileShown, error)
}

// showProfiles shows them over a day or a week, as they are or for each person or square metre.
func (s *site) showProfiles(v *visit) (any, error) {
	a, err := v.asks(spans[v.route])
	past, _ := s.past.(profiler)
	if err != nil || past == nil || len(s.household.Profiles) == 0 {
		return profilesView{}, err
	}
	by := history.By(v.request.URL.Query().Get("by"))
	var all []history.Profile
	for _, p := range s.household.Profiles {
		all = append(all, p.Profile)
	}
	step := map[history.Calendar]history.Step{history.Day: history.HalfHour, history.Week: history.Hour}[a.calendar]
	shown, err := past.Profiles(v.request.Context(), all, by, a.calendar, a.span.From, step)
	if err != nil {
		return nil, err
	}
	view := profilesView{Lengths: v.lengths(), By: v.bys(by), Turn: v.turn(a.span), Scale: v.say("profiles.scale.own")}
	most := 0.0
	if by != history.Absolute { // as they are, a school would leave a home no height
		view.Scale, most = v.say("profiles.scale.same"), mostOf(shown)
	}
	for i, p := range shown {
		view.Profiles = append(view.Profiles, v.profile(p, s.household.Profiles[i].Caption, most, step))
	}
	return view, nil
}

// mostOf is the greatest value of all curves.
func mostOf(shown []history.ProfileShown) float64 {
	most := 0.0
	for _, p := range shown {
		if peak := peakOf(over(p.Line.Points)); peak != nil {
			most = max(most, *peak.Value)
		}
	}
	return most
}

// over leaves out the values of what is not over: the curve would seem to fall.
func over(points []history.Point) []history.Point {
	all := slices.Clone(points)
	for i := range all {
		if !all[i].Final {
			all[i].Value = nil
		}
	}
	return all
}

// bys leads to the same, made alike in another way.
func (v *visit) bys(chosen history.By) []choiceView {
	var all []choiceView
	for _, by := range []history.By{history.Absolute, history.PerPerson, history.PerArea} {
		key := "profiles.by." + string(by)
		if by == history.Absolute {
			key = "profiles.by.all"
		}
		all = append(all, choiceView{Label: v.say(key), Path: v.to(v.route, "by", string(by)), Chosen: by == chosen})
	}
	return all
}

func (v *visit) profile(p history.ProfileShown, caption Words, most float64, step history.Step) profileView {
	view := profileView{Name: p.Title, Caption: caption.in(v.language)}
	if p.Line.Total != nil {
		view.Total = v.fine(*p.Line.Total)
	}
	if view.Name == "" {
		view.Name = p.Name
	}
	if p.People > 0 {
		view.Facts = v.count("profiles.people", uint64(p.People))
	}
	if p.Area > 0 {
		view.Facts = join(view.Facts, v.measured(strconv.Itoa(p.Area), "m²"))
	}
	if p.Unscaled || len(p.Line.Points) == 0 {
		return view
	}
	f := newFigure("curve", p.Line.Span)
	f.Size = "low"
	points := over(p.Line.Points)
	title := func(at time.Time) string { return v.stepTitle(p.Line.Span, step, at.In(v.snapshot.Now.Location())) }
	f.rows(view.Name, v.say("column.time"), points, title)
	f.column(view.Name, "drawn", points, v.fine)
	f.Summary = v.say("history.silent")
	if peak := peakOf(points); peak != nil {
		most = max(most, *peak.Value)
		f.Summary = v.say("profiles.peak", v.fine(*peak.Value), title(peak.From))
	}
	f.Drawing = chart.Curve{
		Name: f.Summary, Axis: v.axis(p.Line.Span), Label: v.fineMark(most), Unit: fineUnit(most), Least: most, Guided: true,
		Lines: []chart.Line{{Class: "drawn", Filled: true, Points: charted(points, points)}},
	}.Draw()
	view.Figure = f
	return view
}

// fine words an energy that may be of one person or square metre.
func (c catalogue) fine(wh float64) string {
	switch {
	case wh < 100:
		return c.measured(c.decimal(wh, 1), "Wh")
	case wh < 1000:
		return c.measured(c.whole(wh), "Wh")
	}
	return c.amount(wh)
}

// fineMark words the axis of all curves alike, by the greatest value of them.
func (c catalogue) fineMark(most float64) func(float64) string {
	if most < 2000 {
		return c.mark
	}
	return c.energyMark
}

func fineUnit(most float64) string {
	if most < 2000 {
		return "Wh"
	}
	return "kWh"
}
