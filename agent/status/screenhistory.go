package status

import (
	"cmp"
	"math"
	"net/url"
	"slices"
	"time"

	"releve/agent/chart"
	"releve/agent/history"
)

// historyView is what a meter has said over a day, a week, a month or a year.
type historyView struct {
	Lengths, Meters, Compared []choiceView
	Turn                      turnView
	Figure                    *figureView
	Facts                     []factView
	Save                      []saveView
}

// factView is one number worth knowing, and what it says.
type factView struct {
	Label, Value, Note string
	Class              string
}

// saveView is a file that holds what is shown.
type saveView struct{ Label, Path string }

// showHistory shows a day or a week as a curve of the power, a month or a year as columns of energy.
func (s *site) showHistory(v *visit) (any, error) {
	a, err := v.asks(spans[v.route])
	if err != nil || s.past == nil || a.meter.Name == "" {
		return historyView{}, err
	}
	view := historyView{Lengths: v.lengths(), Meters: v.others(a.meter), Compared: v.compared(a), Turn: v.turn(a.span)}
	past, err := s.look(v, a)
	if err != nil {
		return nil, err
	}
	if a.calendar == history.Day || a.calendar == history.Week {
		view.Figure = past.curve()
	} else {
		view.Figure = past.columns()
	}
	view.Facts, view.Save = past.facts(), past.files()
	return view, nil
}

// files lead to what is shown, as the API gives it.
func (l *lookedAt) files() []saveView {
	quantity := history.Energy
	if l.power != nil {
		quantity = history.Power
	}
	var all []saveView
	for _, format := range []string{"csv", "json", "senml"} {
		query := url.Values{
			"meter": {l.meter.Name}, "quantity": {string(quantity)}, "span": {string(l.calendar)},
			"at": {l.span.From.Format(time.DateOnly)}, "format": {format},
		}
		all = append(all, saveView{Label: l.say("save." + format), Path: "/api/v1/history?" + query.Encode()})
	}
	return all
}

// compared leads to the same beside another: the span before, or another meter.
func (v *visit) compared(a inquiry) []choiceView {
	all := []choiceView{
		{Label: v.say("compare.nothing"), Path: v.to(v.route, "compare", ""), Chosen: a.compare == ""},
		{Label: v.say("compare.previous." + string(a.calendar)), Path: v.to(v.route, "compare", "previous"), Chosen: a.compare == "previous"},
	}
	for _, m := range v.snapshot.Meters {
		if m.Name != a.meter.Name {
			all = append(all, choiceView{Label: m.called(), Path: v.to(v.route, "compare", m.Name), Chosen: a.compare == m.Name})
		}
	}
	return all
}

// lookedAt is what the archive answered to one visit of the history.
type lookedAt struct {
	*visit
	inquiry
	step      history.Step
	power     *history.Line // nil for a month or a year
	energy    history.Line
	registers []history.Line
	beside    struct { // what it is compared with; nil when nothing is
		power, energy *history.Line
		label, class  string
	}
}

// steps is how long one point of a drawing is, by the length of what it shows.
var steps = map[history.Calendar]history.Step{
	history.Day: history.TenMinutes, history.Week: history.Hour, history.Month: history.Daily, history.Year: history.Monthly,
}

// look asks what the screen shows.
func (s *site) look(v *visit, a inquiry) (*lookedAt, error) {
	l := &lookedAt{visit: v, inquiry: a, step: steps[a.calendar]}
	energy, energyBeside, err := s.ask(l, history.Energy)
	if err != nil || len(energy) == 0 {
		return l, err
	}
	l.energy = energy[0]
	if energyBeside != nil {
		l.beside.energy = &energyBeside[0]
	}
	if l.registers, _, err = s.ask(l, history.Tariffs); err != nil {
		return l, err
	}
	if a.calendar == history.Day || a.calendar == history.Week {
		power, powerBeside, err := s.ask(l, history.Power)
		if err != nil {
			return l, err
		}
		l.power = &power[0]
		if powerBeside != nil {
			l.beside.power = &powerBeside[0]
		}
	}
	l.beside.label, l.beside.class = l.besideName()
	return l, nil
}

// ask returns the lines of the meter, and those of what it is compared with.
func (s *site) ask(l *lookedAt, quantity history.Quantity) (own, beside []history.Line, err error) {
	q := history.Question{Meters: []string{l.meter.Name}, Quantity: quantity, Calendar: l.calendar, At: l.span.From, Step: l.step}
	switch {
	case l.compare == string(history.Previous):
		q.Compare = history.Previous
	case l.compare != "":
		q.Meters = append(q.Meters, l.compare)
	}
	answer, err := s.past.Ask(l.request.Context(), q)
	for _, line := range answer.Lines {
		if line.Previous || line.Meter != l.meter.Name {
			beside = append(beside, line)
			continue
		}
		own = append(own, line)
	}
	return own, beside, err
}

// besideName says what stands beside, and how it is painted.
func (l *lookedAt) besideName() (label, class string) {
	switch l.compare {
	case "":
		return "", ""
	case string(history.Previous):
		return l.spanTitle(l.span.Previous()), "before"
	}
	other, _ := l.meterNamed(l.compare) // asks has found it
	return other.called(), "other"
}

func (l *lookedAt) title(at time.Time) string {
	return l.stepTitle(l.span, l.step, at.In(l.snapshot.Now.Location()))
}

// curve draws the power of a day or a week.
func (l *lookedAt) curve() *figureView {
	f := newFigure("curve", l.span)
	f.Size = "tall"
	points := l.power.Points
	drawing := chart.Curve{
		Axis: l.axis(l.span), Label: l.powerMark, Unit: "VA", Bands: l.bands(l.meter.Option, l.registers),
		Lines: []chart.Line{{Class: "drawn", Filled: true, Points: charted(points, points)}},
	}
	f.rows(l.say("history.table", l.spanTitle(l.span)), l.say("column.time"), points, l.title)
	f.column(l.meter.called(), "drawn", points, l.va)
	if beside := l.beside.power; beside != nil {
		drawing.Lines = append(drawing.Lines, chart.Line{Class: l.beside.class, Points: charted(beside.Points, points)})
		f.column(l.beside.label, l.beside.class, beside.Points, l.va)
		f.Keys = []keyView{{Class: "drawn", Label: l.spanTitle(l.span)}, {Class: l.beside.class, Label: l.beside.label}}
		if l.beside.class == "other" {
			f.Keys[0].Label = l.meter.called()
		}
	}
	for _, band := range drawing.Bands {
		if key := (keyView{Class: "band " + band.Class, Label: band.Label}); !slices.Contains(f.Keys, key) {
			f.Keys = append(f.Keys, key)
		}
	}
	f.Summary = l.curveSummary()
	drawing.Name = f.Summary
	f.Drawing = drawing.Draw()
	return f
}

func (c catalogue) va(value float64) string { return c.power(VoltAmpere(value)) }

// curveSummary is the curve in one sentence.
func (l *lookedAt) curveSummary() string {
	peak, least := peakOf(l.power.Points), l.least()
	if peak == nil {
		return l.say("history.silent")
	}
	if least == nil {
		return l.say("history.curve.peak", l.va(*peak.Value), l.title(peak.From))
	}
	return l.say("history.curve", l.va(*peak.Value), l.title(peak.From), l.va(*least.Value), l.title(least.From))
}

// columns draws the energy of a month or a year, by register where there are several.
func (l *lookedAt) columns() *figureView {
	f := newFigure("bars", l.span)
	f.Size = "tall"
	points := l.energy.Points
	drawing := chart.Bars{Axis: l.axis(l.span), Label: l.energyMark, Unit: "kWh"}
	f.rows(l.say("history.table", l.spanTitle(l.span)), l.say("column."+string(l.calendar)), points, l.title)
	f.column(l.say("column.energy"), "drawn", points, l.amount)
	for _, line := range l.registers {
		if r := l.register(l.meter.Option, line.Number); len(l.registers) > 1 {
			f.column(r.Label, r.Class, line.Points, l.amount)
			f.Keys = append(f.Keys, keyView{Class: r.Class, Label: r.Label, Value: l.total(line)})
		}
	}
	if beside := l.beside.energy; beside != nil {
		f.column(l.beside.label, l.beside.class, beside.Points, l.amount)
		f.Keys = append(f.Keys, keyView{Class: l.beside.class, Label: l.beside.label, Value: l.total(*beside)})
	}
	for i, p := range points {
		drawing.Slots = append(drawing.Slots, l.slot(i, p))
	}
	f.Summary = l.columnsSummary()
	drawing.Name = f.Summary
	f.Drawing = drawing.Draw()
	return f
}

// slot is one column: its registers, or the whole where they are not known apart.
func (l *lookedAt) slot(i int, p history.Point) chart.Slot {
	slot := chart.Slot{From: p.From, To: p.To, Partial: p.Value != nil && !p.Final, Label: l.title(p.From)}
	if p.Value != nil {
		slot.Label += firmSpace + ": " + l.amount(*p.Value)
		slot.Up = []chart.Part{{Class: "drawn", Value: *p.Value}}
	}
	if len(l.registers) > 1 {
		var parts []chart.Part
		for _, line := range l.registers {
			if v := line.Points[i].Value; v != nil {
				parts = append(parts, chart.Part{Class: l.register(l.meter.Option, line.Number).Class, Value: *v})
			}
		}
		if p.Value == nil || !(sumOfParts(parts) > *p.Value+registerMargin) { // else a register was another meter's
			slot.Up = parts
		}
	}
	if beside := l.beside.energy; beside != nil && i < len(beside.Points) {
		slot.Before = beside.Points[i].Value
	}
	return slot
}

// registerMargin is by how many Wh the registers of a column may be more than the index of them all: each is rounded.
const registerMargin = 100

func sumOfParts(parts []chart.Part) float64 {
	sum := 0.0
	for _, part := range parts {
		sum += part.Value
	}
	return sum
}

func (c catalogue) total(line history.Line) string {
	if line.Total == nil {
		return ""
	}
	return c.amount(*line.Total)
}

// columnsSummary is the columns in one sentence.
func (l *lookedAt) columnsSummary() string {
	most := peakOf(l.energy.Points)
	if most == nil || l.energy.Total == nil {
		return l.say("history.silent")
	}
	return l.say("history.columns."+string(l.calendar), l.amount(*l.energy.Total), l.title(most.From), l.amount(*most.Value))
}

// facts are the numbers beside the drawing.
func (l *lookedAt) facts() []factView {
	var all []factView
	if l.energy.Total != nil {
		fact := factView{Label: l.say("fact.drawn"), Value: l.amount(*l.energy.Total), Class: "drawn"}
		if !l.energy.Whole {
			fact.Note = l.say("fact.part")
		}
		all = append(all, fact)
	}
	if change, ok := l.change(); ok {
		all = append(all, change)
	}
	if l.power != nil {
		if peak := peakOf(l.power.Points); peak != nil {
			all = append(all, factView{Label: l.say("fact.peak"), Value: l.va(*peak.Value), Note: l.title(peak.From)})
		}
		if least := l.least(); least != nil {
			all = append(all, factView{Label: l.say("fact.least"), Value: l.va(*least.Value), Note: l.say("fact.least.note")})
		}
		return all
	}
	if mean, n := meanOf(l.energy.Points, l.snapshot.Now); n > 0 {
		all = append(all, factView{Label: l.say("fact.mean." + string(l.calendar)), Value: l.amount(mean)})
	}
	return all
}

// restful is for how long a power has to be known before its least says what stays on all the time.
const restful = 6 * time.Hour

// least is the least power; nil as long as too little is known to say so.
func (l *lookedAt) least() *history.Point {
	known := time.Duration(0)
	for _, p := range l.power.Points {
		if p.Value != nil {
			known += p.To.Sub(p.From)
		}
	}
	if known < restful {
		return nil
	}
	return leastOf(l.power.Points)
}

// change holds the energy against what it is compared with, over the points that both have.
func (l *lookedAt) change() (factView, bool) {
	if l.beside.energy == nil {
		return factView{}, false
	}
	now, before := 0.0, 0.0
	for i, p := range l.energy.Points {
		if i < len(l.beside.energy.Points) && p.Value != nil && l.beside.energy.Points[i].Value != nil {
			now, before = now+*p.Value, before+*l.beside.energy.Points[i].Value
		}
	}
	if before <= 0 {
		return factView{}, false
	}
	return factView{Label: l.say("fact.against", l.besideWord()), Value: l.signed(now/before - 1), Note: l.amount(before)}, true
}

// besideWord says what it is compared with in the middle of a sentence.
func (l *lookedAt) besideWord() string {
	if l.compare == string(history.Previous) {
		return l.say("compare.previous." + string(l.calendar))
	}
	return l.beside.label
}

// signed words a change: "+12 %", "−3 %".
func (c catalogue) signed(ratio float64) string {
	percent := math.Round(100 * ratio)
	sign := "+"
	if percent <= 0 {
		sign = ""
	}
	return sign + c.say("percent", c.whole(percent))
}

func peakOf(points []history.Point) *history.Point {
	return best(points, func(a, b float64) int { return cmp.Compare(a, b) })
}

func leastOf(points []history.Point) *history.Point {
	return best(points, func(a, b float64) int { return cmp.Compare(b, a) })
}

// best is the first point that is better than all others; nil when none is known.
func best(points []history.Point, compare func(a, b float64) int) *history.Point {
	var found *history.Point
	for i := range points {
		if p := &points[i]; p.Value != nil && (found == nil || compare(*p.Value, *found.Value) > 0) {
			found = p
		}
	}
	return found
}

// meanOf is that of the points that are over and known whole, and how many these are.
func meanOf(points []history.Point, now time.Time) (float64, int) {
	sum, n := 0.0, 0
	for _, p := range points {
		if p.Value != nil && p.Whole && !p.To.After(now) {
			sum, n = sum+*p.Value, n+1
		}
	}
	return sum / math.Max(float64(n), 1), n
}
