package quoalise

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"time"

	"releve/federation/xmpp"
	"releve/senml"
)

// Thinning is how much less than everything a subscriber wants pushed of a series. The zero value is everything. What
// is not pushed is not lost: get_history has it.
//
// Which records go is a matter of the records alone, so that whoever decides again, after a restart or before sending
// once more, decides the same: time is cut into spans at fixed instants (see span), the first record of a span always
// goes, and whether another one goes depends on those before it in the span only.
type Thinning struct {
	DeadBand    *float64 `json:"dead_band,omitempty"`    // least change, in the unit of the series; nil: any record will do
	MinInterval Interval `json:"min_interval,omitempty"` // between two records of a span
	MaxInterval Interval `json:"max_interval,omitempty"` // after which any record will do
}

// Bounds of intervals.
const (
	leastInterval = Interval(time.Second)
	mostInterval  = Interval(24 * time.Hour)
	usualSpan     = Interval(time.Hour)
)

// isZero says whether everything is wanted.
func (t Thinning) isZero() bool { return t == Thinning{} }

// span is the length of the spans: MaxInterval, or an hour, so that a value that never changes is heard of. They begin
// at multiples of it since 1970.
func (t Thinning) span() float64 {
	return time.Duration(cmp.Or(t.MaxInterval, max(usualSpan, t.MinInterval))).Seconds()
}

// start is the first instant of the span that holds an instant, in Unix seconds.
func (t Thinning) start(at float64) float64 { return math.Floor(at/t.span()) * t.span() }

// thinned is what came of a series so far. The zero value is nothing.
type thinned struct {
	seen  float64     // time of the latest record, Unix seconds
	sent  float64     // time of the latest that goes
	value senml.Value // its value
}

// goes says whether the next record of a series goes, and notes it.
func (s *thinned) goes(r senml.Record, t Thinning) bool {
	since := time.Duration(math.Round((r.Time-s.sent)*1000)) * time.Millisecond
	begins := t.start(r.Time) != t.start(s.seen)
	s.seen = r.Time
	switch {
	case begins, t.MaxInterval > 0 && since >= time.Duration(t.MaxInterval):
	case since < time.Duration(t.MinInterval), t.DeadBand != nil && !differs(r.Value, s.value, *t.DeadBand):
		return false
	}
	s.sent, s.value = r.Time, r.Value
	return true
}

// differs says whether two values are a dead-band apart. Texts are when they are not the same.
func differs(a, b senml.Value, band float64) bool {
	x, isNumber := a.Number()
	y, too := b.Number()
	if !isNumber || !too || band == 0 {
		return a != b
	}
	return math.Abs(x-y) >= band
}

// thinningFields are the fields of subscribe that ask for less.
func thinningFields() []xmpp.Field {
	return []xmpp.Field{
		{Var: "dead_band", Type: "text-single", Label: "Least change that is sent, in the unit of the series"},
		{Var: "min_interval", Type: "text-single", Label: "Shortest time between two readings (ISO 8601, such as PT30S)"},
		{Var: "max_interval", Type: "text-single", Label: "Longest time without a reading (ISO 8601, such as PT1H)"},
	}
}

// parseThinning reads the fields of subscribe. What is wrong is said of the field.
func parseThinning(id string, f *xmpp.Form) (t Thinning, err error) {
	if t.DeadBand, err = parseDeadBand(id, f.Value("dead_band")); err != nil {
		return t, err
	}
	if t.MinInterval, err = parseBounded("min_interval", f.Value("min_interval")); err != nil {
		return t, err
	}
	if t.MaxInterval, err = parseBounded("max_interval", f.Value("max_interval")); err != nil {
		return t, err
	}
	if t.MaxInterval > 0 && t.MaxInterval < t.MinInterval {
		return t, xmpp.BadRequest("max_interval is shorter than min_interval")
	}
	return t, nil
}

func parseDeadBand(id, s string) (*float64, error) {
	if s == "" {
		return nil, nil
	}
	band, err := strconv.ParseFloat(s, 64)
	if _, path := splitIdentifier(id); path == "" {
		return nil, xmpp.BadRequest("dead_band is in the unit of one series; subscribe to the series, not to the whole device")
	}
	if err != nil || !(band >= 0) || math.IsInf(band, 0) {
		return nil, xmpp.BadRequest("dead_band is not a number from 0 on, in the unit of the series, such as 50")
	}
	return &band, nil
}

func parseBounded(field, s string) (Interval, error) {
	if s == "" {
		return 0, nil
	}
	i, err := ParseInterval(s)
	switch {
	case err != nil:
		return 0, xmpp.BadRequest(field + " is " + err.Error())
	case i < leastInterval, i > mostInterval:
		return 0, xmpp.BadRequest(fmt.Sprintf("%s is not from %s to %s", field, leastInterval, mostInterval))
	}
	return i, nil
}
