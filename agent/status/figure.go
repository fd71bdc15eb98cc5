package status

import (
	"html/template"
	"math"
	"strconv"
	"time"

	"releve/agent/chart"
	"releve/agent/history"
)

// figureView is a chart with what explains it: its key, one sentence, and the same as a table.
type figureView struct {
	Kind     string // "curve" or "bars": what a script may do with it
	Size     string // "tall", "low" or ""
	From, To string // RFC 3339
	Keys     []keyView
	Drawing  template.HTML
	Summary  string
	Table    chart.Table
}

// keyView says what one colour stands for, and how much of it there is.
type keyView struct{ Class, Label, Value string }

// ringView is a share as a ring, with what it is a share of.
type ringView struct {
	Drawing             template.HTML
	Value, Label, About string
}

func newFigure(kind string, s history.Span) *figureView {
	return &figureView{Kind: kind, From: s.From.Format(time.RFC3339), To: s.To.Format(time.RFC3339)}
}

// column adds a column to the table, of the values of a line.
func (f *figureView) column(label, class string, points []history.Point, word func(float64) string) {
	f.Table.Head = append(f.Table.Head, chart.Column{Label: label, Class: class})
	for i := range f.Table.Rows {
		cell := chart.Cell{Text: "–"}
		if i < len(points) && points[i].Value != nil {
			cell = chart.Cell{Value: points[i].Value, Text: word(*points[i].Value)}
		}
		f.Table.Rows[i].Cells = append(f.Table.Rows[i].Cells, cell)
	}
}

// rows begins the table, with a row for each point.
func (f *figureView) rows(caption, head string, points []history.Point, title func(time.Time) string) {
	f.Table.Caption = caption
	f.Table.Head = []chart.Column{{Label: head}}
	for _, p := range points {
		f.Table.Rows = append(f.Table.Rows, chart.Row{From: p.From, Label: title(p.From)})
	}
}

// charted are the points of a line as a chart takes them. What was said of another span is moved onto this one, point by point.
func charted(points, onto []history.Point) []chart.Point {
	var all []chart.Point
	for i, p := range points {
		if i >= len(onto) {
			break
		}
		all = append(all, chart.Point{From: onto[i].From, To: onto[i].To, Value: p.Value})
	}
	return all
}

// axis is the horizontal axis of a span, in the words of the language.
func (c catalogue) axis(s history.Span) chart.Axis {
	a := chart.Axis{From: s.From, To: s.To}
	add := func(at time.Time, label string, fine bool) {
		a.Ticks = append(a.Ticks, chart.Tick{At: at, Label: label, Fine: fine})
	}
	y, m, d := s.From.Date()
	switch s.Calendar {
	case history.Day:
		for hour := 0; hour <= 24; hour += 3 {
			add(time.Date(y, m, d, hour, 0, 0, 0, s.From.Location()), c.hour(hour), hour%6 != 0)
		}
	case history.Week:
		for _, day := range s.Days() {
			add(day.Add(12*time.Hour), c.name("weekdays.short", int(day.Weekday()))+firmSpace+strconv.Itoa(day.Day()), false)
		}
	case history.Month:
		for _, day := range s.Days() {
			if n := day.Day(); n == 1 || n%5 == 0 {
				add(day.Add(12*time.Hour), strconv.Itoa(n), false)
			}
		}
	case history.Year:
		for month := time.January; month <= time.December; month++ {
			add(time.Date(y, month, 15, 12, 0, 0, 0, s.From.Location()), c.name("months.tiny", int(month)-1), false)
		}
	}
	return a
}

// hour is a full hour as an axis says it: "6 h", "6:00".
func (c catalogue) hour(hour int) string { return c.say("axis.hour", strconv.Itoa(hour)) }

// amount words an energy in Wh, as whole watt-hours only when there are few.
func (c catalogue) amount(wh float64) string {
	switch {
	case wh < 100_000:
		return c.measured(c.decimal(wh/1000, 1), "kWh")
	case wh < 10_000_000:
		return c.measured(c.whole(wh/1000), "kWh")
	}
	return c.measured(c.decimal(wh/1_000_000, 1), "MWh")
}

// energyMark words a value in Wh of the vertical axis in kWh, powerMark one in VA. What lies below zero is another way, not
// less than nothing.
func (c catalogue) energyMark(wh float64) string { return c.mark(wh / 1000) }
func (c catalogue) powerMark(va float64) string  { return c.mark(va) }

// mark writes as many decimals as tell two lines of the finest scale apart.
func (c catalogue) mark(v float64) string {
	v = math.Abs(v)
	decimals, tenfold := 0, v
	for decimals < 4 && math.Abs(tenfold-math.Round(tenfold)) > 1e-6 {
		decimals, tenfold = decimals+1, tenfold*10
	}
	return c.decimal(v, decimals)
}
