package objective

import (
	"errors"
	"time"
)

// Reference is what a year is held against.
type Reference struct {
	Year int         // that it was; 0 of a number
	Wh   [12]float64 // by month
}

// ReferenceOf makes one of the energies of a year by month, in Wh; nil where one is not known whole.
func ReferenceOf(year int, months []*float64) (Reference, error) {
	r := Reference{Year: year}
	if len(months) != len(r.Wh) {
		return r, errors.New("a year has twelve months")
	}
	for i, m := range months {
		if m == nil {
			return r, errors.New("the reference year is not in the store from its first day to its last: set objective.kwh instead")
		}
		r.Wh[i] = *m
	}
	return r, nil
}

// ReferenceByNumber makes one of the energy of a year in Wh: by the parts of the plan, else each day the same.
func ReferenceByNumber(wh float64, p Plan, year int) Reference {
	var r Reference
	for i := range r.Wh {
		if p.Months != nil {
			r.Wh[i] = wh * p.Months[i]
			continue
		}
		r.Wh[i] = wh * daysIn(year, i+1) / (daysIn(year, 0) + 365)
	}
	return r
}

// daysIn is how many days a month has; of month 0 it is 1 in a leap year and else 0.
func daysIn(year, month int) float64 {
	if month == 0 {
		return float64(time.Date(year, time.December, 31, 12, 0, 0, 0, time.UTC).YearDay() - 365)
	}
	return float64(time.Date(year, time.Month(month)+1, 0, 12, 0, 0, 0, time.UTC).Day())
}

// Verdict is how a year stands.
type Verdict string

// The verdicts.
const (
	Reached Verdict = "reached" // at most the target, so far
	Between Verdict = "between" // more than the target and less than the reference
	Above   Verdict = "above"   // at least the reference
	Unknown Verdict = "unknown" // months are missing, or nothing is used yet
)

// Standing is how a year stands. Energies are in Wh.
type Standing struct {
	Year      int      `json:"year"`
	Percent   float64  `json:"percent"`           // less than the reference
	Reference float64  `json:"reference"`         // of the year
	OfYear    int      `json:"of_year,omitempty"` // that the reference was; none of a number
	Target    float64  `json:"target"`            // of the year
	Used      *float64 `json:"used"`              // so far; nil when months are missing
	Allowed   float64  `json:"allowed"`           // of the target, so far
	Before    float64  `json:"reference_so_far"`  // of the reference, so far
	Projected *float64 `json:"projected"`         // of the year, if it goes on beside the reference as it has; nil while that is not known
	Verdict   Verdict  `json:"verdict"`           // of what was used so far
	Source    string   `json:"source,omitempty"`  // of the plan
	Months    []Month  `json:"months"`            // all twelve
}

// Month is how it stands at the end of a month, all since January.
type Month struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Reference float64   `json:"reference"` // the upper edge of the corridor
	Target    float64   `json:"target"`    // the lower edge
	Used      *float64  `json:"used"`      // up to now in the month that is not over; nil when not known, or to come
}

// leastPart is which part of the reference has to be over before it tells where a year leads.
const leastPart = 0.02

// Stand tells how a year stands: used are its energies by month, nil where one is not known whole, up to now. Parts of the month
// that is not over count by its days.
func Stand(r Reference, p Plan, percent float64, year time.Time, used []*float64, now time.Time) Standing {
	percent = p.Percent(year.Year(), percent)
	s := Standing{Year: year.Year(), Percent: percent, OfYear: r.Year, Source: p.Source, Verdict: Unknown}
	share, sum := 1-percent/100, 0.0
	known := true
	for i, wh := range r.Wh {
		m := Month{From: month(year, i), To: month(year, i+1)}
		over := part(m, now)
		s.Reference += wh
		s.Before += wh * over
		m.Reference, m.Target = s.Reference, s.Reference*share
		if known = known && over > 0 && i < len(used) && used[i] != nil; known {
			sum += *used[i]
			soFar := sum
			m.Used, s.Used = &soFar, &soFar
		} else if over > 0 {
			s.Used = nil
		}
		s.Months = append(s.Months, m)
	}
	s.Target, s.Allowed = s.Reference*share, s.Before*share
	s.judge()
	return s
}

// judge says how it stands and where it leads.
func (s *Standing) judge() {
	if s.Used == nil || s.Before <= 0 {
		return
	}
	switch {
	case *s.Used <= s.Allowed:
		s.Verdict = Reached
	case *s.Used < s.Before:
		s.Verdict = Between
	default:
		s.Verdict = Above
	}
	if s.Before >= leastPart*s.Reference {
		projected := *s.Used * s.Reference / s.Before
		s.Projected = &projected
	}
}

func month(year time.Time, i int) time.Time {
	return time.Date(year.Year(), time.Month(i+1), 1, 0, 0, 0, 0, year.Location())
}

// part is which part of a month is over.
func part(m Month, now time.Time) float64 {
	return min(max(now.Sub(m.From).Hours()/m.To.Sub(m.From).Hours(), 0), 1)
}
