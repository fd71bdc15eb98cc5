package history_test

import (
	"fmt"
	"math"
	"syscall"
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
// a year of days; cpu-ms says what a machine that does nothing else takes. The reference is to read the same month from the
// raw readings, which here are 1/120 of those of a meter at its full rate.
func BenchmarkAsk(b *testing.B) {
	s, begin := yearOfMeter(b)
	at := begin.AddDate(0, 5, 10)
	ask := func(name string, q history.Question) {
		b.Run(name, func(b *testing.B) {
			q.Meters, q.At = []string{"linky"}, at
			points, before := 0, processor(b)
			for b.Loop() {
				a, err := s.Ask(b.Context(), q)
				if err != nil {
					b.Fatal(err)
				}
				points = len(a.Lines) * len(a.Lines[0].Points)
			}
			b.ReportMetric(float64(points), "points")
			b.ReportMetric((processor(b)-before).Seconds()*1000/float64(b.N), "cpu-ms/op")
		})
	}
	ask("month-tens-power", history.Question{Quantity: history.Power, Calendar: history.Month, Step: history.TenMinutes})
	ask("month-tens-energy", history.Question{Quantity: history.Energy, Calendar: history.Month, Step: history.TenMinutes})
	ask("year-days-energy", history.Question{Quantity: history.Energy, Calendar: history.Year, Step: history.Daily})
	ask("year-days-tariffs", history.Question{Quantity: history.Tariffs, Calendar: history.Year, Step: history.Daily})
	ask("year-hours-energy", history.Question{Quantity: history.Energy, Calendar: history.Year, Step: history.Hour})
	b.Run("month-raw", func(b *testing.B) {
		month, _ := history.SpanOf(history.Month, at)
		before := processor(b)
		for b.Loop() {
			for _, day := range month.Days() {
				if _, _, err := s.buffer.History(b.Context(), drawn, day, history.Day.After(day), 100_000); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric((processor(b)-before).Seconds()*1000/float64(b.N), "cpu-ms/op")
	})
}

// processor is the time that this process has had of the processor.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
