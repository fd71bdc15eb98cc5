package tariff

import (
	"maps"
	"slices"
	"time"

	"releve/agent/history"
)

// Usage is what the registers of a meter counted on one day.
type Usage struct {
	Day      time.Time       `json:"day"`                // local midnight
	Wh       map[int]float64 `json:"wh"`                 // by the number of the supplier's register, from 1
	Whole    bool            `json:"whole"`              // nothing of the day is missing, up to now
	Expected bool            `json:"expected,omitempty"` // it is to come
	Colour   Colour          `json:"colour,omitempty"`   // under Tempo and EJP, when it is known
}

// Usages are the days of an answer to how much each register counted by day (history.Tariffs, history.Daily), up to now.
// What was drawn while nothing was heard across a midnight is of the day on which the silence began.
func Usages(a history.Answer, now time.Time) []Usage {
	var days []Usage
	for _, d := range a.Span.Days() {
		if d.Before(now) {
			days = append(days, Usage{Day: d, Wh: map[int]float64{}, Whole: len(a.Lines) > 0})
		}
	}
	for _, line := range a.Lines {
		for i := range days {
			p := line.Points[i]
			days[i].Whole = days[i].Whole && p.Whole
			if p.Value != nil {
				days[i].Wh[line.Number] += *p.Value
			}
		}
		silent := slices.IndexFunc(line.Points, func(p history.Point) bool { return !p.Whole })
		if line.Unplaced != 0 && silent >= 0 && silent < len(days) {
			days[silent].Wh[line.Number] += line.Unplaced
		}
	}
	return days
}

// Expect adds what is expected of each register, by the order of their numbers, to what was used: the rest of today and the
// days after. They cost a subscription of their own, but for today, which is counted already.
func Expect(days []Usage, outlooks []history.Outlook) []Usage {
	days = slices.Clone(days)
	at := map[int64]int{}
	for i, d := range days {
		at[d.Day.Unix()] = i
		days[i].Wh = maps.Clone(d.Wh)
	}
	for n, o := range outlooks {
		for _, p := range o.Ahead {
			i, known := at[p.From.Unix()]
			if !known {
				i = len(days)
				at[p.From.Unix()] = i
				days = append(days, Usage{Day: p.From, Wh: map[int]float64{}, Expected: true})
			}
			if *p.Value != 0 {
				days[i].Wh[n+1] += *p.Value
			}
		}
	}
	return days
}
