package tariff_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/history"
	"releve/agent/series"
	"releve/agent/tariff"
	"releve/buffer"
	"releve/senml"
)

// registers is an archive in which each register of a meter counts 60 W since an instant, and is replaced at another.
type registers struct {
	began, replaced, now time.Time
	zone                 *time.Location
}

func (r registers) Known() []buffer.Known { return nil }

func (r registers) History(context.Context, string, time.Time, time.Time, int) (senml.Pack, bool, error) {
	return nil, false, nil
}

func (r registers) index(at time.Time) senml.Value {
	began := r.began
	if !r.replaced.IsZero() && !at.Before(r.replaced) {
		began = r.replaced
	}
	return senml.NumberValue(at.Sub(began).Minutes())
}

func (r registers) Periods(_ context.Context, name string, res buffer.Resolution, from, to time.Time, _ int) ([]buffer.Period, bool, error) {
	if name == "linky/tariff/colour/today" {
		return r.colours(from, to), false, nil
	}
	if name != "linky/"+series.SupplierIndex("1") {
		return nil, false, nil
	}
	var all []buffer.Period
	for at := from.In(r.zone); at.Before(to); {
		next := at.Add(10 * time.Minute)
		if res == buffer.Day {
			next = history.Day.After(at)
		}
		last := next.Add(-time.Minute)
		if !at.Before(r.now) {
			break
		}
		if last.After(r.now) {
			last = r.now
		}
		all = append(all, buffer.Period{Begin: at, End: next, Since: at, Count: 1, First: r.index(at), Last: r.index(last)})
		at = next
	}
	return all, false, nil
}

// colours are red on Tuesdays and blue on other days, but on Sundays, of which nothing is known.
func (r registers) colours(from, to time.Time) (all []buffer.Period) {
	for at := from.In(r.zone); at.Before(to); at = history.Day.After(at) {
		text := "blue"
		if at.Weekday() == time.Tuesday {
			text = "red"
		}
		if at.Weekday() != time.Sunday {
			all = append(all, buffer.Period{Begin: at, First: senml.TextValue("none"), Last: senml.TextValue(text)})
		}
	}
	return all
}

// TestStatement is of a Tempo contract in the middle of a month, at 5 in the morning of a Tuesday.
func TestStatement(t *testing.T) {
	t.Parallel()
	zone := paris(t)
	now := time.Date(2026, 3, 17, 5, 0, 0, 0, zone)
	e := history.Engine{Archive: registers{began: time.Date(2026, 1, 1, 0, 0, 0, 0, zone), now: now, zone: zone}, Location: zone, Now: func() time.Time { return now }}
	tempo := book(t, "[[price]]\nfrom = 2026-01-01\noption = \"tempo\"\nkwh = { blue-hc = 0.1, blue-hp = 0.12, white-hc = 0.14, white-hp = 0.16, red-hc = 0.18, red-hp = 0.7 }\nmonth = { 6 = 31 }\n")
	s, err := tempo.Statement(t.Context(), &e, "linky", now, 6)
	if err != nil {
		t.Fatal(err)
	}
	var colours []tariff.Colour
	for _, u := range s.Usages[9:] {
		colours = append(colours, u.Colour)
	}
	want := []tariff.Colour{tariff.Red, tariff.Blue, tariff.Blue, tariff.Blue, tariff.Blue, tariff.UnknownColour, tariff.Blue, tariff.UnknownColour}
	if diff := cmp.Diff(want, colours); diff != "" {
		t.Errorf("colours from the 10th (-want +got):\n%s", diff)
	}
	if s.Method != history.ByWeekday || s.Days != 56 {
		t.Errorf("expected by %s of %d days", s.Method, s.Days)
	}
	got := []string{written(s.ToDate), written(s.Expected)}
	if diff := cmp.Diff([]string{`01/03–17/03 subscription 6 kVA: 0.548387 month × 31 € = 17.00 €
01/03–17/03 energy blue-hc: 23.34 kWh × 0.1 € = 2.33 €
subscription 17.00 € + energy 2.33 € + taxes 0.00 € = 19.33 €`, `01/03–31/03 subscription 6 kVA: 1 month × 31 € = 31.00 €
01/03–31/03 energy blue-hc: 44.64 kWh × 0.1 € = 4.46 €
subscription 31.00 € + energy 4.46 € + taxes 0.00 € = 35.46 €`}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A day costs its energy, and no part of the subscription.
func TestDay(t *testing.T) {
	t.Parallel()
	zone := paris(t)
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, zone)
	e := history.Engine{Archive: registers{began: time.Date(2026, 1, 1, 0, 0, 0, 0, zone), now: now, zone: zone}, Location: zone, Now: func() time.Time { return now }}
	tempo := book(t, "[[price]]\nfrom = 2026-01-01\noption = \"tempo\"\nkwh = { blue-hc = 0.1, blue-hp = 0.12, white-hc = 0.14, white-hp = 0.16, red-hc = 0.18, red-hp = 0.7 }\nmonth = { 6 = 31 }\n[[price.tax]]\nname = \"TVA\"\npercent = 20\n")
	bill, err := tempo.Day(t.Context(), &e, "linky", now)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("10/03–10/03 energy blue-hc: 0.72 kWh × 0.1 € = 0.07 €\n10/03–10/03 tax TVA: 20 % = 0.01 €\n"+
		"subscription 0.00 € + energy 0.07 € + taxes 0.01 € = 0.08 €; 0 days missing, 0 before any price, 0 Wh without price, no subscription: true", written(bill)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUsages(t *testing.T) {
	t.Parallel()
	zone := paris(t)
	now := time.Date(2026, 3, 30, 0, 0, 0, 0, zone)
	for _, c := range []struct {
		name     string
		replaced time.Time
		want     string
	}{
		{"the day on which the clocks go forward", time.Time{}, `01/03–29/03 energy base: 41.7 kWh × 0.2 € = 8.34 €
subscription 0.00 € + energy 8.34 € + taxes 0.00 € = 8.34 €; 0 days missing, 0 before any price, 0 Wh without price, no subscription: true`},
		{"a meter that was replaced at noon: ten minutes are not known", time.Date(2026, 3, 20, 12, 5, 0, 0, zone), `01/03–29/03 energy base: 41.69 kWh × 0.2 € = 8.34 €
subscription 0.00 € + energy 8.34 € + taxes 0.00 € = 8.34 €; 1 days missing, 0 before any price, 0 Wh without price, no subscription: true`},
	} {
		e := history.Engine{
			Archive: registers{time.Date(2026, 1, 1, 0, 0, 0, 0, zone), c.replaced, now.AddDate(0, 0, 1), zone}, Location: zone, Now: func() time.Time { return now },
			Most: func(string) float64 { return 36_000 },
		}
		a, err := e.Ask(t.Context(), history.Question{Meters: []string{"linky"}, Quantity: history.Tariffs, Calendar: history.Month, At: now.AddDate(0, 0, -1), Step: history.Daily})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, written(book(t, base).Estimate(tariff.Usages(a, now), 0))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestExpect(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 29, 0, 0, 0, 0, paris(t))
	wh := func(v float64) *float64 { return &v }
	used := []tariff.Usage{{Day: day, Wh: map[int]float64{1: 100}, Whole: true}}
	got := tariff.Expect(used, []history.Outlook{
		{Ahead: []history.Point{{From: day, Value: wh(40)}, {From: history.Day.After(day), Value: wh(140)}}},
		{Ahead: []history.Point{{From: day, Value: wh(0)}, {From: history.Day.After(day), Value: wh(9)}}},
	})
	want := []tariff.Usage{
		{Day: day, Wh: map[int]float64{1: 140}, Whole: true},
		{Day: history.Day.After(day), Wh: map[int]float64{1: 140, 2: 9}, Expected: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if used[0].Wh[1] != 100 {
		t.Error("what was used is changed")
	}
}

func TestColours(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		option tariff.Option
		said   string
		wh     map[int]float64
		want   tariff.Colour
	}{
		{tariff.Tempo, "red", nil, tariff.Red},
		{tariff.Tempo, "none", map[int]float64{1: 5, 4: 20}, tariff.White},
		{tariff.Tempo, "", map[int]float64{1: 5}, tariff.UnknownColour}, // of the night before
		{tariff.EJP, "", map[int]float64{1: 5, 2: 1}, tariff.Peak},
		{tariff.EJP, "", map[int]float64{1: 5}, tariff.Normal},
		{tariff.HPHC, "red", map[int]float64{2: 1}, tariff.UnknownColour},
	} {
		if got := tariff.ColourOf(c.option, c.said, tariff.Usage{Wh: c.wh, Whole: true}); got != c.want {
			t.Errorf("%s, said %q, %v: %q, want %q", c.option, c.said, c.wh, got, c.want)
		}
	}
}
