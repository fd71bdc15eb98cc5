package history

import (
	"fmt"
	"slices"
	"time"

	"releve/buffer"
)

// Step is the length of a point, as ISO 8601 writes it, or raw.
type Step string

// The steps. Raw is every reading as it was said; an index then is the index itself.
const (
	Raw        Step = "raw"
	TenMinutes Step = "PT10M"
	HalfHour   Step = "PT30M"
	Hour       Step = "PT1H"
	Daily      Step = "P1D"
	Monthly    Step = "P1M"
)

// Steps lists all steps, the shortest first.
func Steps() []Step { return []Step{Raw, TenMinutes, HalfHour, Hour, Daily, Monthly} }

func (s Step) resolution() buffer.Resolution {
	return map[Step]buffer.Resolution{
		TenMinutes: buffer.TenMinutes, HalfHour: buffer.HalfHour, Hour: buffer.Hour, Daily: buffer.Day, Monthly: buffer.Month,
	}[s]
}

// length is that of steps that are always as long, 0 of days and longer.
func (s Step) length() time.Duration {
	switch s {
	case TenMinutes:
		return 10 * time.Minute
	case HalfHour:
		return 30 * time.Minute
	case Hour:
		return time.Hour
	}
	return 0
}

// short is the length of a step that may pass while an index is in force that nothing is heard of; 0 of longer ones.
func (s Step) short() time.Duration {
	if length := s.length(); length < time.Hour {
		return length
	}
	return 0
}

// next is the end of the point that begins then.
func (s Step) next(from time.Time) time.Time {
	switch s {
	case Daily:
		return Day.After(from)
	case Monthly:
		return Month.After(from)
	}
	return from.Add(s.length())
}

// finer is the step that a point is made of when it cannot be made at once; "" when there is none.
func (s Step) finer() Step {
	switch s {
	case Monthly:
		return Daily
	case Daily, Hour, HalfHour:
		return TenMinutes
	}
	return ""
}

// usual is the step that fits a span on a screen.
func (c Calendar) usual() Step {
	return map[Calendar]Step{Day: TenMinutes, Week: Hour, Month: Daily, Year: Monthly}[c]
}

// check tells whether a span can be answered in that step.
func (s Step) check(c Calendar) error {
	switch {
	case !slices.Contains(Steps(), s):
		return fmt.Errorf("step %q is not one of %v", s, Steps())
	case s == Raw && c != Day, s == TenMinutes && c == Year, s == HalfHour && c == Year, s == Monthly && c != Year:
		return fmt.Errorf("a %s cannot be answered in steps of %s: ask for a shorter span or another step", c, s)
	}
	return nil
}
