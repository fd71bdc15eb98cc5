package history_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"releve/agent/history"
	"releve/agent/series"
	"releve/senml"
)

// yearOfMeter stores what a meter says in a year, a reading of each of thirteen series every two minutes: that is as much as the
// roll-ups of a full rate have, for these do not depend on how many readings an hour has.
func yearOfMeter(b *testing.B) (s *store, last time.Time) {
	b.Helper()
	begin := time.Date(2025, 1, 1, 0, 0, 0, 0, paris(b))
	s = newStore(b, begin.AddDate(1, 0, 0).Add(12*time.Hour))
	names := []string{drawn, "linky/" + series.PathPower}
	for n := range 10 {
		names = append(names, "linky/"+series.SupplierIndex(fmt.Sprint(n+1)))
	}
	for day := begin; day.Before(s.now); day = history.Day.After(day) {
		var p senml.Pack
		for at := day; at.Before(history.Day.After(day)) && at.Before(s.now); at = at.Add(2 * time.Minute) {
			for i, name := range names {
				r := senml.Record{Name: name, Unit: "Wh", Value: senml.NumberValue(math.Floor(at.Sub(begin).Minutes() / float64(i+1))), Time: float64(at.Unix())}
				if i == 1 {
					r.Unit = "VA"
				}
				p = append(p, r)
			}
		}
		if _, err := s.buffer.Put(p); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.buffer.Settle(); err != nil {
		b.Fatal(err)
	}
	return s, begin
}

// BenchmarkAsk is what the page asks for, of a store of a year. The budgets are 50 ms for a month of ten minutes and 100 ms for
// a year of days. The same from the raw readings is the reference: day-raw reads one day of them, of which a month has thirty
// and a year 365.
func BenchmarkAsk(b *testing.B) {
	s, begin := yearOfMeter(b)
	ask := func(name string, q history.Question) {
		b.Run(name, func(b *testing.B) {
			q.Meters, q.At = []string{"linky"}, begin.AddDate(0, 5, 10)
			points := 0
			for b.Loop() {
				a, err := s.Ask(b.Context(), q)
				if err != nil {
					b.Fatal(err)
				}
				points = len(a.Lines) * len(a.Lines[0].Points)
			}
			b.ReportMetric(float64(points), "points")
		})
	}
	ask("month-tens-power", history.Question{Quantity: history.Power, Calendar: history.Month, Step: history.TenMinutes})
	ask("month-tens-energy", history.Question{Quantity: history.Energy, Calendar: history.Month, Step: history.TenMinutes})
	ask("year-days-energy", history.Question{Quantity: history.Energy, Calendar: history.Year, Step: history.Daily})
	ask("year-days-tariffs", history.Question{Quantity: history.Tariffs, Calendar: history.Year, Step: history.Daily})
	ask("year-hours-energy", history.Question{Quantity: history.Energy, Calendar: history.Year, Step: history.Hour})
	b.Run("day-raw", func(b *testing.B) {
		from := begin.AddDate(0, 5, 10)
		for b.Loop() {
			if _, _, err := s.buffer.History(b.Context(), drawn, from, from.AddDate(0, 0, 1), 100_000); err != nil {
				b.Fatal(err)
			}
		}
	})
}
