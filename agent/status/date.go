package status

import (
	"strconv"
	"strings"
	"time"

	"releve/agent/history"
)

// name is the n-th word, from 0, of a sentence that lists some: "months", "weekdays" and their short forms.
func (c catalogue) name(list string, n int) string {
	words := strings.Split(c.say(list), ",")
	if n < 0 || n >= len(words) {
		return ""
	}
	return words[n]
}

func (c catalogue) month(t time.Time) string   { return c.name("months", int(t.Month())-1) }
func (c catalogue) weekday(t time.Time) string { return c.name("weekdays", int(t.Weekday())) }

// dayOf names a day without its year: "27 novembre", "1er novembre".
func (c catalogue) dayOf(t time.Time) string { return c.dayNumber(t) + firmSpace + c.month(t) }

// dayNumber is the number of a day in its month, the first in French an ordinal.
func (c catalogue) dayNumber(t time.Time) string {
	if t.Day() == 1 && c.language == french {
		return "1er"
	}
	return strconv.Itoa(t.Day())
}

// shortDay names a day in a table or a tooltip: "ven. 27 nov.".
func (c catalogue) shortDay(t time.Time) string {
	return c.name("weekdays.short", int(t.Weekday())) + firmSpace + strconv.Itoa(t.Day()) + firmSpace + c.name("months.short", int(t.Month())-1)
}

// spanTitle names a span of the calendar: "vendredi 27 novembre 2026", "du 23 au 29 novembre 2026", "novembre 2026", "2026".
func (c catalogue) spanTitle(s history.Span) string {
	year := strconv.Itoa(s.From.Year())
	switch s.Calendar {
	case history.Day:
		return c.weekday(s.From) + " " + c.dayOf(s.From) + " " + year
	case history.Week:
		last := s.To.AddDate(0, 0, -1)
		from := c.dayOf(s.From)
		switch {
		case last.Year() != s.From.Year():
			from += " " + year
		case last.Month() == s.From.Month():
			from = c.dayNumber(s.From)
		}
		return c.say("span.week.title", from, c.dayOf(last)+" "+strconv.Itoa(last.Year()))
	case history.Month:
		return c.month(s.From) + " " + year
	}
	return year
}

// stepTitle names one point of a span, as a row of a table and a tooltip say it.
func (c catalogue) stepTitle(s history.Span, step history.Step, at time.Time) string {
	switch {
	case step == history.Monthly:
		return c.month(at)
	case step == history.Daily:
		return c.shortDay(at)
	case s.Calendar == history.Day:
		return at.Format("15:04")
	}
	return c.shortDay(at) + firmSpace + at.Format("15:04")
}
