package api

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"releve/agent/history"
)

// parameters are what a request asks for.
type parameters struct{ values url.Values }

var errParameter = errors.New("parameter")

func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errParameter, fmt.Errorf(format, args...))
}

// check refuses parameters that a route does not take, and those given twice; only meters may be several.
func (q parameters) check(takes []string) error {
	for _, name := range slices.Sorted(maps.Keys(q.values)) {
		switch {
		case len(takes) == 0:
			return wrong("no parameter is taken here, not %q", name)
		case !slices.Contains(takes, name):
			return wrong("the parameter %q is not one of %s", name, strings.Join(slices.Sorted(slices.Values(takes)), ", "))
		case name != "meter" && len(q.values[name]) > 1:
			return wrong("%s is given %d times", name, len(q.values[name]))
		}
	}
	return nil
}

func (q parameters) text(name string) string { return q.values.Get(name) }

// meters are those named, or the only one there is.
func (q parameters) meters(known []string) ([]string, error) {
	named := q.values["meter"]
	if len(named) == 0 {
		if len(known) == 0 {
			return nil, wrong("there is no meter yet")
		}
		return known[:1], nil
	}
	for _, m := range named {
		if !slices.Contains(known, m) {
			return nil, wrong("meter %q is not one of %s", m, strings.Join(known, ", "))
		}
	}
	return named, nil
}

// meter is the one named, or the first there is.
func (q parameters) meter(known []string) (string, error) {
	all, err := q.meters(known)
	if err != nil {
		return "", err
	}
	if len(all) > 1 {
		return "", wrong("meter is given %d times, one is taken here", len(all))
	}
	return all[0], nil
}

// at is a day in the household's zone, or an instant; now when it is left out.
func (q parameters) at(now time.Time, zone *time.Location) (time.Time, error) {
	text := q.text("at")
	if text == "" {
		return now, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		at, err = time.Parse(time.RFC3339, text)
	}
	if err != nil || at.Year() < 2000 || at.Year() > 2200 {
		return at, wrong("at %q is not a day such as 2026-03-01, nor an instant such as 2026-03-01T12:00:00+01:00", text)
	}
	return at, nil
}

func (q parameters) span() history.Calendar {
	if span := q.text("span"); span != "" {
		return history.Calendar(span)
	}
	return history.Day
}

// number is a number, and whether it was given.
func (q parameters) number(name string) (v float64, given bool, err error) {
	text := q.text(name)
	if text == "" {
		return 0, false, nil
	}
	v, err = strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > mostNumber {
		return 0, true, wrong("%s %q is not a number such as 1240", name, text)
	}
	return v, true, nil
}

// mostNumber is more watts, or watt-hours, than anybody asks about.
const mostNumber = 1e15

// mostWeeks is how far back the usual looks.
const mostWeeks = 52

func (q parameters) weeks() (int, error) {
	text := q.text("weeks")
	if text == "" {
		return 4, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > mostWeeks {
		return 0, wrong("weeks %q is not a number from 1 to %d", text, mostWeeks)
	}
	return n, nil
}
