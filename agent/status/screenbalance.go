package status

import (
	"math"
	"slices"
	"time"

	"releve/agent/chart"
	"releve/agent/history"
)

// balanceView is how what a household produces and what it consumes meet.
type balanceView struct {
	Lengths, Meters []choiceView
	Turn            turnView
	Figure          *figureView
	Rings           []ringView
	Facts           []factView
	Notes           []string // what is not known, and why
}

// showBalance shows production above the line and consumption below it; what is in both was used at home.
func (s *site) showBalance(v *visit) (any, error) {
	a, err := v.asks(spans[v.route])
	if err != nil || s.past == nil || a.meter.Name == "" {
		return balanceView{}, err
	}
	shares, err := s.past.Shares(v.request.Context(), a.meter.Name, a.calendar, a.span.From)
	if err != nil {
		return nil, err
	}
	m := meeting{visit: v, inquiry: a, Shares: shares}
	return balanceView{
		Lengths: v.lengths(), Meters: v.others(a.meter), Turn: v.turn(a.span),
		Figure: m.mirror(), Rings: m.rings(), Facts: m.facts(), Notes: m.notes(),
	}, nil
}

// meeting is one visit's look at how production and consumption meet.
type meeting struct {
	*visit
	inquiry
	history.Shares
}

// The lines of history.Shares.
const (
	drawnLine = iota
	injectedLine
	producedLine
)

func (m *meeting) lacks(q history.Quantity) bool { return slices.Contains(m.Missing, q) }

// meetingStep is the length of a column.
var meetingStep = map[history.Calendar]history.Step{
	history.Day: history.Hour, history.Week: history.Daily, history.Month: history.Daily, history.Year: history.Monthly,
}

// gathered sums the points of a line into columns; what is known of none of its points is a gap.
func (m *meeting) gathered(line int) []history.Point {
	if line >= len(m.Lines) {
		return nil
	}
	var all []history.Point
	for _, p := range m.Lines[line].Points {
		at := p.From.In(m.snapshot.Now.Location())
		last := len(all) - 1
		if last < 0 || m.column(all[last].From) != m.column(at) {
			all = append(all, history.Point{From: at, Whole: true, Final: true})
			last++
		}
		sum := &all[last]
		sum.To, sum.Whole, sum.Final = p.To, sum.Whole && p.Whole, sum.Final && p.Final
		if p.Value != nil {
			total := *p.Value
			if sum.Value != nil {
				total += *sum.Value
			}
			sum.Value = &total
		}
	}
	return all
}

// column numbers the columns: two points in one have the same number. The hour of a day that is there twice is two of them.
func (m *meeting) column(at time.Time) int64 {
	switch meetingStep[m.calendar] {
	case history.Hour:
		return at.Unix() / 3600
	case history.Monthly:
		return int64(at.Month())
	}
	return int64(at.YearDay()) + 1000*int64(at.Year())
}

// mirror draws the columns; nil when nothing is known that could meet.
func (m *meeting) mirror() *figureView {
	drawn, injected, produced := m.gathered(drawnLine), m.gathered(injectedLine), m.gathered(producedLine)
	if drawn == nil || m.lacks(history.Energy) {
		return nil
	}
	f := newFigure("bars", m.span)
	f.Size = "tall"
	bars := chart.Bars{Axis: m.axis(m.span), Label: m.energyMark, Unit: "kWh"}
	self := make([]history.Point, len(drawn))
	for i, p := range drawn {
		self[i] = p
		self[i].Value = selfConsumed(valueAt(injected, i), valueAt(produced, i))
		bars.Slots = append(bars.Slots, m.slot(p, self[i].Value, valueAt(injected, i)))
	}
	title := func(at time.Time) string { return m.stepTitle(m.span, meetingStep[m.calendar], at) }
	f.rows(m.say("balance.table", m.spanTitle(m.span)), m.say("column.time"), drawn, title)
	f.column(m.say("balance.drawn"), "drawn", drawn, m.amount)
	f.column(m.say("balance.injected"), "injected", injected, m.amount)
	f.Keys = []keyView{{"drawn", m.say("balance.drawn"), m.word(m.Drawn)}, {"injected", m.say("balance.injected"), m.word(m.Injected)}}
	if !m.lacks(history.Production) {
		f.column(m.say("balance.self"), "self", self, m.amount)
		f.Keys = append(f.Keys, keyView{"self", m.say("balance.self"), m.word(m.SelfConsumed)})
	}
	f.Summary = m.summary()
	bars.Name = f.Summary
	f.Drawing = bars.Draw()
	return f
}

func valueAt(points []history.Point, i int) *float64 {
	if i >= len(points) {
		return nil
	}
	return points[i].Value
}

// selfConsumed is what was produced and not injected; nil when one of them is not known.
func selfConsumed(injected, produced *float64) *float64 {
	if injected == nil || produced == nil {
		return nil
	}
	self := max(*produced-*injected, 0)
	return &self
}

// slot is one column: above the line what was produced, below it what was consumed, the same at home in both.
func (m *meeting) slot(p history.Point, self, injected *float64) chart.Slot {
	slot := chart.Slot{
		From: p.From, To: p.To, Partial: !p.Final && p.Value != nil,
		Label: m.stepTitle(m.span, meetingStep[m.calendar], p.From),
	}
	for _, part := range []struct {
		class    string
		value    *float64
		up, down bool
	}{{"self", self, true, true}, {"injected", injected, true, false}, {"drawn", p.Value, false, true}} {
		if part.value == nil {
			continue
		}
		one := chart.Part{Class: part.class, Value: *part.value}
		if part.up {
			slot.Up = append(slot.Up, one)
		}
		if part.down {
			slot.Down = append(slot.Down, one)
		}
	}
	return slot
}

// word is an energy that may not be known.
func (c catalogue) word(wh *float64) string {
	if wh == nil {
		return ""
	}
	return c.amount(*wh)
}

func (m *meeting) summary() string {
	switch {
	case m.SelfConsumed != nil && *m.Produced > 0:
		return m.say("balance.summary", m.amount(*m.Produced), m.amount(*m.SelfConsumed), m.amount(*m.Injected))
	case m.Lines[drawnLine].Total != nil:
		return m.say("balance.summary.drawn", m.amount(*m.Lines[drawnLine].Total))
	}
	return m.say("history.silent")
}

// rings are the two ratios, each with what it is a share of.
func (m *meeting) rings() []ringView {
	var all []ringView
	for _, one := range []struct {
		key, class string
		share      *float64
	}{{"ratio.consumption", "injected", m.SelfConsumption}, {"ratio.production", "self", m.SelfProduction}} {
		if one.share == nil {
			continue
		}
		value := m.say("percent", m.whole(math.Round(100**one.share)))
		label := m.say(one.key)
		all = append(all, ringView{
			Drawing: chart.Ring(label+firmSpace+": "+value, one.class, *one.share), Value: value, Label: label, About: m.say(one.key + ".about"),
		})
	}
	return all
}

func (m *meeting) facts() []factView {
	var all []factView
	for _, one := range []struct {
		key, class string
		wh         *float64
	}{{"balance.produced", "injected", m.Produced}, {"balance.consumed", "drawn", sumOf(m.Drawn, m.SelfConsumed)}} {
		if one.wh != nil {
			all = append(all, factView{Label: m.say(one.key), Value: m.amount(*one.wh), Class: one.class})
		}
	}
	return all
}

func sumOf(a, b *float64) *float64 {
	if a == nil || b == nil {
		return nil
	}
	sum := *a + *b
	return &sum
}

// notes say what is not known, and what to do about it.
func (m *meeting) notes() []string {
	var all []string
	if m.lacks(history.Injected) {
		all = append(all, m.say("balance.note.injected"))
	}
	if m.lacks(history.Production) {
		all = append(all, m.say("balance.note.production"))
	}
	if m.Estimated && !m.lacks(history.Injected) {
		all = append(all, m.say("balance.note.estimated"))
	}
	if m.Doubtful {
		all = append(all, m.say("balance.note.doubtful"))
	}
	if m.Known > 0 && m.catalogue.span(m.Known) != m.catalogue.span(m.Over) {
		all = append(all, m.say("balance.note.part", m.catalogue.span(m.Known), m.catalogue.span(m.Over)))
	}
	return all
}
