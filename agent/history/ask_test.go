package history_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/history"
	"releve/agent/series"
)

func TestEnergy(t *testing.T) {
	t.Parallel()
	zone := paris(t)
	day := func(m time.Month, d, h, min int) time.Time { return time.Date(2026, m, d, h, min, 0, 0, zone) }
	later := day(12, 1, 0, 0)
	type stretch struct {
		from, to time.Time
		index    float64 // at from
	}
	for _, c := range []struct {
		name            string
		now             time.Time
		heard           []stretch
		ask             history.Question
		want            []string
		total, unplaced string
		whole           bool
	}{{
		name: "the day on which clocks go forward has 23 hours", now: later,
		heard: []stretch{{day(3, 28, 12, 0), day(3, 30, 12, 0), 5000}},
		ask:   history.Question{Calendar: history.Day, At: day(3, 29, 12, 0), Step: history.Hour},
		want:  []string{"29 00:00 ×23 60 whole final"}, total: "1380", unplaced: "0", whole: true,
	}, {
		name: "the day on which they go back has 25", now: later,
		heard: []stretch{{day(10, 24, 12, 0), day(10, 26, 12, 0), 5000}},
		ask:   history.Question{Calendar: history.Day, At: day(10, 25, 12, 0), Step: history.TenMinutes},
		want:  []string{"25 00:00 ×150 10 whole final"}, total: "1500", unplaced: "0", whole: true,
	}, {
		name: "a week of days with such a one", now: later,
		heard: []stretch{{day(10, 18, 12, 0), day(10, 27, 12, 0), 5000}},
		ask:   history.Question{Calendar: history.Week, At: day(10, 21, 12, 0), Step: history.Daily},
		want:  []string{"19 00:00 ×6 1440 whole final", "25 00:00 ×1 1500 whole final"}, total: "10140", unplaced: "0", whole: true,
	}, {
		name: "what was drawn in a silence belongs to no ten minutes, and is not lost", now: later,
		heard: []stretch{{day(3, 3, 12, 0), day(3, 4, 3, 5), 5000}, {day(3, 4, 4, 40), day(3, 5, 12, 0), 7000}},
		ask:   history.Question{Calendar: history.Day, At: day(3, 4, 12, 0), Step: history.TenMinutes},
		want: []string{
			"04 00:00 ×18 10 whole final", "04 03:00 ×1 4 final", "04 03:10 ×9 gap final", "04 04:40 ×116 10 whole final",
		}, total: "2440", unplaced: "1096", whole: true,
	}, {
		name: "the day with that silence is exact", now: later,
		heard: []stretch{{day(3, 3, 12, 0), day(3, 4, 3, 5), 5000}, {day(3, 4, 4, 40), day(3, 5, 12, 0), 7000}},
		ask:   history.Question{Calendar: history.Day, At: day(3, 4, 12, 0), Step: history.Daily},
		want:  []string{"04 00:00 ×1 2440 whole final"}, total: "2440", unplaced: "0", whole: true,
	}, {
		name: "a short silence, during which the old index is in force, does not make a spike", now: later,
		heard: []stretch{{day(3, 3, 12, 0), day(3, 4, 3, 0), 5000}, {day(3, 4, 3, 22), day(3, 5, 12, 0), 5900}},
		ask:   history.Question{Calendar: history.Day, At: day(3, 4, 12, 0), Step: history.TenMinutes},
		want: []string{
			"04 00:00 ×17 10 whole final", "04 02:50 ×1 9 final", "04 03:00 ×3 gap final", "04 03:30 ×123 10 whole final",
		}, total: "1418", unplaced: "9", whole: true,
	}, {
		name: "silence over midnight: two days are known in part, the week whole", now: later,
		heard: []stretch{{day(3, 1, 12, 0), day(3, 4, 22, 0), 5000}, {day(3, 5, 2, 0), day(3, 9, 12, 0), 10000}},
		ask:   history.Question{Calendar: history.Week, At: day(3, 4, 12, 0), Step: history.Daily},
		want: []string{
			"02 00:00 ×2 1440 whole final", "04 00:00 ×1 1319 final", "05 00:00 ×1 1320 final", "06 00:00 ×3 1440 whole final",
		}, total: "9920", unplaced: "81", whole: true,
	}, {
		name: "the meter is replaced: ten minutes are lost", now: later,
		heard: []stretch{{day(3, 3, 12, 0), day(3, 4, 10, 5), 90000}, {day(3, 4, 10, 7), day(3, 5, 12, 0), 3}},
		ask:   history.Question{Calendar: history.Day, At: day(3, 4, 12, 0), Step: history.Daily},
		want:  []string{"04 00:00 ×1 1430 final"}, total: "1430", unplaced: "0", whole: false,
	}, {
		name: "the other meter has counted more", now: later,
		heard: []stretch{{day(3, 3, 12, 0), day(3, 4, 10, 5), 5}, {day(3, 4, 10, 7), day(3, 5, 12, 0), 9_000_000}},
		ask:   history.Question{Calendar: history.Day, At: day(3, 4, 12, 0), Step: history.TenMinutes},
		want:  []string{"04 00:00 ×60 10 whole final", "04 10:00 ×1 gap final", "04 10:10 ×83 10 whole final"}, total: "1430", unplaced: "0", whole: false,
	}, {
		name: "today", now: day(3, 4, 12, 30),
		heard: []stretch{{day(3, 3, 12, 0), day(3, 4, 12, 30), 5000}},
		ask:   history.Question{Calendar: history.Day, At: day(3, 4, 12, 0), Step: history.Hour},
		want:  []string{"04 00:00 ×12 60 whole final", "04 12:00 ×1 29 whole", "04 13:00 ×11 gap"}, total: "749", unplaced: "0", whole: true,
	}, {
		name: "a day nobody heard", now: later,
		ask:  history.Question{Calendar: history.Day, At: day(3, 4, 12, 0), Step: history.Daily},
		want: []string{"04 00:00 ×1 gap final"}, total: "unknown", unplaced: "0",
	}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, c.now)
			for _, h := range c.heard {
				s.hear(drawn, "Wh", h.from, h.to, drawing(h.from, h.index))
			}
			line := s.ask(c.ask).Lines[0]
			if diff := cmp.Diff(c.want, inShort(line.Points)); diff != "" {
				t.Errorf("points (-want +got):\n%s", diff)
			}
			want := fmt.Sprintf("%s in all, %s unplaced, whole %v", c.total, c.unplaced, c.whole)
			if got := fmt.Sprintf("%s in all, %.5g unplaced, whole %v", told(line.Total), line.Unplaced, line.Whole); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestQuantities(t *testing.T) {
	t.Parallel()
	zone := paris(t)
	day := time.Date(2026, 3, 4, 0, 0, 0, 0, zone)
	s := newStore(t, day.AddDate(0, 1, 0))
	from, to := day.AddDate(0, 0, -2), day.AddDate(0, 0, 2)
	s.hear(drawn, "Wh", from, to, drawing(from, 0))
	s.hear("linky/"+series.SupplierIndex("1"), "Wh", from, to, func(at time.Time) float64 { return min(at.Sub(from).Minutes(), at.Sub(from).Minutes()/2+720) })
	s.hear("linky/"+series.SupplierIndex("2"), "Wh", from, to, func(time.Time) float64 { return 0 })
	s.hear("linky/"+series.PathPower, "VA", from, to, func(at time.Time) float64 { return 100 + float64(at.In(zone).Hour()) })
	s.hear("linky/"+series.PathPower+"/3", "VA", from, to, func(time.Time) float64 { return 40 })
	s.hear("linky/"+series.PathInjectedEstimate, "VA", from, to, func(time.Time) float64 { return 6 })
	s.hear("linky/voltage/1", "V", from, to, func(time.Time) float64 { return 231 })
	type short struct {
		Series   string
		Number   int
		Unit     string
		Previous bool
		Estimate bool
		Total    string
		Mean     string
		Points   []string
	}
	for _, c := range []struct {
		ask  history.Question
		want []short
	}{
		{history.Question{Quantity: history.Energy, Compare: history.Previous}, []short{
			{Series: drawn, Unit: "Wh", Total: "1440", Mean: "unknown", Points: []string{"04 00:00 ×1 1440 whole final"}},
			{Series: drawn, Unit: "Wh", Previous: true, Total: "1440", Mean: "unknown", Points: []string{"03 00:00 ×1 1440 whole final"}},
		}},
		{history.Question{Quantity: history.Tariffs}, []short{
			{Series: "linky/" + series.SupplierIndex("1"), Number: 1, Unit: "Wh", Total: "720", Mean: "unknown", Points: []string{"04 00:00 ×1 720 whole final"}},
		}},
		{history.Question{Quantity: history.Power}, []short{
			{Series: "linky/" + series.PathPower, Unit: "VA", Total: "unknown", Mean: "111.5", Points: []string{"04 00:00 ×1 111.5 whole final"}},
		}},
		{history.Question{Quantity: history.Phases}, []short{
			{Series: "linky/" + series.PathPower + "/3", Number: 3, Unit: "VA", Total: "unknown", Mean: "40", Points: []string{"04 00:00 ×1 40 whole final"}},
		}},
		{history.Question{Quantity: history.Injected}, []short{
			{Series: "linky/" + series.PathInjectedEstimate, Unit: "Wh", Estimate: true, Total: "144", Mean: "unknown", Points: []string{"04 00:00 ×1 144 whole final"}},
		}},
		{history.Question{Quantity: "voltage/1"}, []short{
			{Series: "linky/voltage/1", Unit: "V", Total: "unknown", Mean: "231", Points: []string{"04 00:00 ×1 231 whole final"}},
		}},
		{history.Question{Quantity: history.Production}, []short{
			{Unit: "Wh", Total: "unknown", Mean: "unknown", Points: []string{"04 00:00 ×1 gap final"}},
		}},
	} {
		c.ask.Calendar, c.ask.At, c.ask.Step = history.Day, day, history.Daily
		var got []short
		for _, l := range s.ask(c.ask).Lines {
			got = append(got, short{l.Series, l.Number, l.Unit, l.Previous, l.Estimated, told(l.Total), told(l.Mean), inShort(l.Points)})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.ask.Quantity, diff)
		}
	}
}

func TestRaw(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 4, 0, 0, 0, 0, paris(t))
	s := newStore(t, day.Add(3*time.Hour))
	s.hear(drawn, "Wh", day.Add(-time.Hour), day.Add(2*time.Minute), drawing(day, 100))
	got := inShort(s.ask(history.Question{Calendar: history.Day, At: day, Step: history.Raw}).Lines[0].Points)
	if diff := cmp.Diff([]string{"04 00:00 ×1 100 whole final", "04 00:01 ×1 101 whole final"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestQuestionsWithoutAnswer(t *testing.T) {
	t.Parallel()
	s := newStore(t, time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC))
	for _, c := range []struct {
		q    history.Question
		want string
	}{
		{history.Question{Meters: []string{"linky"}, Calendar: "decade"}, `span "decade" is not one of day, week, month, year`},
		{history.Question{Calendar: history.Day}, "name a meter"},
		{history.Question{Meters: []string{"linky"}, Calendar: history.Day, Step: "PT5M"}, `step "PT5M" is not one of [raw PT10M PT30M PT1H P1D P1M]`},
		{history.Question{Meters: []string{"linky"}, Calendar: history.Year, Step: history.TenMinutes}, "a year cannot be answered in steps of PT10M: ask for a shorter span or another step"},
		{history.Question{Meters: make([]string, 9), Calendar: history.Day}, "9 meters are named, at most 8 can be compared"},
		{history.Question{Meters: []string{"linky"}, Calendar: history.Day, Compare: "next"}, `compare "next" is not "previous"`},
		{history.Question{Meters: []string{"linky"}, Calendar: history.Day, Quantity: "heat"}, `quantity "heat" is not one of [energy injected production tariffs power injected-power phases], nor the path of a series such as voltage/1`},
	} {
		_, err := s.Ask(t.Context(), c.q)
		if want := "the question cannot be answered: " + c.want; !errors.Is(err, history.ErrQuestion) || err.Error() != want {
			t.Errorf("%+v: error %v, want %s", c.q, err, want)
		}
	}
}
