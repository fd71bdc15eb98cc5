package status

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"releve/agent/history"
)

// errAsked is the error of a visit that asks for what does not exist; its sentence is error.400.
var errAsked = errors.New("the address asks for what does not exist")

// inquiry is what a visit asks to see of the past.
type inquiry struct {
	calendar history.Calendar
	span     history.Span
	meter    Meter
	compare  string // "", "previous" or the name of another meter
}

// asks reads it from the address: ?at=2026-11-27, ?meter=NAME, ?compare=previous or the name of another meter. What is not said
// is today, the first meter and nothing.
func (v *visit) asks(c history.Calendar) (inquiry, error) {
	q := v.request.URL.Query()
	a := inquiry{calendar: c, compare: q.Get("compare")}
	at := v.snapshot.Now
	if text := q.Get("at"); text != "" {
		day, err := time.ParseInLocation(time.DateOnly, text, at.Location())
		if err != nil || day.Year() < 2000 || day.Year() > 2200 {
			return a, fmt.Errorf("%w: %q is no day such as 2026-11-27", errAsked, text)
		}
		at = day
	}
	var err error
	if a.span, err = history.SpanOf(c, at); err != nil {
		return a, err
	}
	if a.meter, err = v.meterNamed(q.Get("meter")); err != nil {
		return a, err
	}
	if a.compare != "" && a.compare != string(history.Previous) {
		_, err = v.meterNamed(a.compare)
	}
	return a, err
}

// meterNamed finds a meter by its name; without one it is the first.
func (v *visit) meterNamed(name string) (Meter, error) {
	for _, m := range v.snapshot.Meters {
		if name == "" || m.Name == name {
			return m, nil
		}
	}
	if name == "" {
		return Meter{}, nil
	}
	return Meter{}, fmt.Errorf("%w: there is no meter %q", errAsked, name)
}

// to is the address of one of the screen's routes, with what was asked and what is asked otherwise; an empty value asks no more.
func (v *visit) to(route int, otherwise ...string) string {
	query := url.Values{}
	for _, key := range []string{"at", "meter", "compare", "by"} {
		if value := v.request.URL.Query().Get(key); value != "" {
			query.Set(key, value)
		}
	}
	for i := 0; i+1 < len(otherwise); i += 2 {
		query.Set(otherwise[i], otherwise[i+1])
		if otherwise[i+1] == "" {
			query.Del(otherwise[i])
		}
	}
	there := *v
	there.route = route
	return there.path(v.language, query)
}

// choiceView is one of several ways to look.
type choiceView struct {
	Label, Path string
	Chosen      bool
}

// turnView is the way to the time before and after.
type turnView struct {
	Title         string
	Before, After string // After is empty when that has not begun
	Today         string // empty when it is shown
	At            string // of the field in which a day can be chosen
	Action        string
	Kept          map[string]string
}

// turn leads from a span to its neighbours.
func (v *visit) turn(s history.Span) turnView {
	t := turnView{
		Title: v.spanTitle(s), Before: v.to(v.route, "at", s.Previous().From.Format(time.DateOnly)),
		At: s.From.Format(time.DateOnly), Action: v.path(v.language, nil), Kept: map[string]string{},
	}
	if !s.To.After(v.snapshot.Now) {
		t.After = v.to(v.route, "at", s.To.Format(time.DateOnly))
	}
	if !s.Holds(v.snapshot.Now) {
		t.Today = v.to(v.route, "at", "")
	}
	for _, key := range []string{"meter", "compare", "by"} {
		if value := v.request.URL.Query().Get(key); value != "" {
			t.Kept[key] = value
		}
	}
	return t
}

// spans are the lengths of time that a screen has a route for each, in the order of its routes.
var spans = []history.Calendar{history.Day, history.Week, history.Month, history.Year}

// lengths leads to the same time in another length.
func (v *visit) lengths() []choiceView {
	var all []choiceView
	for i, c := range spans[:len(v.screen.routes)] {
		all = append(all, choiceView{Label: v.say("span." + string(c)), Path: v.to(i), Chosen: i == v.route})
	}
	return all
}

// others leads to the same of another meter; empty when there is one only.
func (v *visit) others(chosen Meter) []choiceView {
	var all []choiceView
	for _, m := range v.snapshot.Meters {
		if len(v.snapshot.Meters) > 1 {
			all = append(all, choiceView{Label: m.called(), Path: v.to(v.route, "meter", m.Name, "compare", ""), Chosen: m.Name == chosen.Name})
		}
	}
	return all
}

// refused answers a visit that asks for what does not exist, or that could not be answered.
func (s *site) refused(w http.ResponseWriter, v *visit, err error) {
	if errors.Is(err, errAsked) || errors.Is(err, history.ErrQuestion) {
		s.refuseSaying(w, v.request, http.StatusBadRequest, "error.asked")
		return
	}
	http.Error(w, "prepare the screen: "+err.Error(), http.StatusInternalServerError)
}
