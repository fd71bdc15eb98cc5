package tariff_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/history"
	"releve/agent/tariff"
)

func paris(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

const head = "name = \"Test\"\nsource = \"made up\"\npublished = 2026-01-01\n"

func book(t testing.TB, text string) *tariff.Book {
	t.Helper()
	b, err := tariff.Parse("prices.toml", []byte(head+text), paris(t))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// days are so many from a day on, each with the same energies by register.
func days(from time.Time, n int, wh map[int]float64) []tariff.Usage {
	var all []tariff.Usage
	for day := from; len(all) < n; day = history.Day.After(day) {
		all = append(all, tariff.Usage{Day: day, Wh: wh, Whole: true})
	}
	return all
}

// written is a bill as a person would read it.
func written(b tariff.Bill) string {
	var s strings.Builder
	for _, l := range b.Lines {
		fmt.Fprintf(&s, "%s–%s %s %s: %.6g %s", l.From.Format("02/01"), l.To.AddDate(0, 0, -1).Format("02/01"), l.Kind, l.Name, l.Quantity, l.Unit)
		if l.Price != 0 {
			fmt.Fprintf(&s, " × %g €", l.Price.Euros())
		}
		fmt.Fprintf(&s, " = %s\n", l.Amount)
	}
	fmt.Fprintf(&s, "subscription %s + energy %s + taxes %s = %s", b.Subscription, b.Energy, b.Taxes, b.Total)
	if b.Missing+b.Undated > 0 || b.Unpriced != 0 || b.NoSubscription {
		fmt.Fprintf(&s, "; %d days missing, %d before any price, %g Wh without price, no subscription: %v", b.Missing, b.Undated, b.Unpriced, b.NoSubscription)
	}
	return s.String()
}

const base = `
[[price]]
from = 2025-02-01
option = "base"
kwh = { base = 0.2 }
month = { 6 = 12.0, 9 = 15.5 }
`

func TestEstimate(t *testing.T) {
	t.Parallel()
	zone := paris(t)
	on := func(m time.Month, d int) time.Time { return time.Date(2026, m, d, 0, 0, 0, 0, zone) }
	for _, c := range []struct {
		name, prices string
		days         []tariff.Usage
		kva          int
		want         string
	}{{
		name: "base: a whole month is one month of subscription", prices: base,
		days: days(on(2, 1), 28, map[int]float64{1: 10_000}), kva: 6,
		want: `01/02–28/02 subscription 6 kVA: 1 month × 12 € = 12.00 €
01/02–28/02 energy base: 280 kWh × 0.2 € = 56.00 €
subscription 12.00 € + energy 56.00 € + taxes 0.00 € = 68.00 €`,
	}, {
		name: "March has 31 days, of which one has 23 hours: days are days", prices: base,
		days: days(on(3, 1), 31, map[int]float64{1: 1_000}), kva: 6,
		want: `01/03–31/03 subscription 6 kVA: 1 month × 12 € = 12.00 €
01/03–31/03 energy base: 31 kWh × 0.2 € = 6.20 €
subscription 12.00 € + energy 6.20 € + taxes 0.00 € = 18.20 €`,
	}, {
		name: "7 kVA pays for 9", prices: base, days: days(on(2, 1), 14, nil), kva: 7,
		want: `01/02–14/02 subscription 7 kVA: 0.5 month × 15.5 € = 7.75 €
01/02–14/02 energy base: 0 kWh × 0.2 € = 0.00 €
subscription 7.75 € + energy 0.00 € + taxes 0.00 € = 7.75 €`,
	}, {
		name: "a power that nobody knows has no subscription, and says so", prices: base, days: days(on(2, 1), 1, map[int]float64{1: 2_500}),
		want: `01/02–01/02 energy base: 2.5 kWh × 0.2 € = 0.50 €
subscription 0.00 € + energy 0.50 € + taxes 0.00 € = 0.50 €; 0 days missing, 0 before any price, 0 Wh without price, no subscription: true`,
	}, {
		name: "the price changes at the midnight of the 15th", prices: tariff.Example()[strings.Index(tariff.Example(), "\n[[price]]"):strings.LastIndex(tariff.Example(), "\n[[price]]")] + `
[[price]]
from = 2026-02-15
option = "hphc"
kwh = { hc = 0.20, hp = 0.25 }
month = { 6 = 20.0 }
`, days: days(on(2, 1), 28, map[int]float64{1: 1_000, 2: 3_000}), kva: 6,
		want: `01/02–14/02 subscription 6 kVA: 0.5 month × 10 € = 5.00 €
01/02–14/02 energy hc: 14 kWh × 0.1 € = 1.40 €
01/02–14/02 energy hp: 42 kWh × 0.15 € = 6.30 €
01/02–14/02 tax accise: 56 kWh × 0.02 € = 1.12 €
01/02–14/02 tax TVA: 20 % = 2.76 €
15/02–28/02 subscription 6 kVA: 0.5 month × 20 € = 10.00 €
15/02–28/02 energy hc: 14 kWh × 0.2 € = 2.80 €
15/02–28/02 energy hp: 42 kWh × 0.25 € = 10.50 €
subscription 15.00 € + energy 21.00 € + taxes 3.88 € = 39.88 €`,
	}, {
		name: "Tempo", prices: `
[[price]]
from = 2026-01-01
option = "tempo"
kwh = { blue-hc = 0.1, blue-hp = 0.12, white-hc = 0.14, white-hp = 0.16, red-hc = 0.18, red-hp = 0.7 }
month = { 9 = 14.0 }
[[price.tax]]
name = "TVA"
percent = 5.5
of = "subscription"
[[price.tax]]
name = "CTA"
month = 2
`, days: append(days(on(2, 1), 13, map[int]float64{1: 4_000, 2: 6_000}), days(on(2, 14), 1, map[int]float64{1: 1_000, 5: 3_000, 6: 5_000})...), kva: 9,
		want: `01/02–14/02 subscription 9 kVA: 0.5 month × 14 € = 7.00 €
01/02–14/02 energy blue-hc: 53 kWh × 0.1 € = 5.30 €
01/02–14/02 energy blue-hp: 78 kWh × 0.12 € = 9.36 €
01/02–14/02 energy red-hc: 3 kWh × 0.18 € = 0.54 €
01/02–14/02 energy red-hp: 5 kWh × 0.7 € = 3.50 €
01/02–14/02 tax TVA: 5.5 % = 0.39 €
01/02–14/02 tax CTA: 0.5 month × 2 € = 1.00 €
subscription 7.00 € + energy 18.70 € + taxes 1.39 € = 27.09 €`,
	}, {
		name: "from base to EJP, and what neither has a price for", prices: base + `
[[price]]
from = 2026-11-01
option = "ejp"
kwh = { normal = 0.15, peak = 0.9 }
`, days: append(days(on(10, 31), 1, map[int]float64{1: 10_000, 2: 7}), days(on(11, 1), 1, map[int]float64{1: 5_000, 2: 1_000, 5: 20})...), kva: 6,
		want: `31/10–31/10 subscription 6 kVA: 0.0322581 month × 12 € = 0.39 €
31/10–31/10 energy base: 10 kWh × 0.2 € = 2.00 €
01/11–01/11 energy normal: 5 kWh × 0.15 € = 0.75 €
01/11–01/11 energy peak: 1 kWh × 0.9 € = 0.90 €
subscription 0.39 € + energy 3.65 € + taxes 0.00 € = 4.04 €; 0 days missing, 0 before any price, 27 Wh without price, no subscription: true`,
	}, {
		name: "days before the first price, and days not known whole", prices: base,
		days: []tariff.Usage{{Day: time.Date(2025, 1, 31, 0, 0, 0, 0, zone), Wh: map[int]float64{1: 1000}, Whole: true}, {Day: on(2, 1), Wh: map[int]float64{1: 1000}}}, kva: 6,
		want: `01/02–01/02 subscription 6 kVA: 0.0357143 month × 12 € = 0.43 €
01/02–01/02 energy base: 1 kWh × 0.2 € = 0.20 €
subscription 0.43 € + energy 0.20 € + taxes 0.00 € = 0.63 €; 1 days missing, 1 before any price, 0 Wh without price, no subscription: false`,
	}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, written(book(t, c.prices).Estimate(c.days, c.kva))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewPriceNeverChangesThePast(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, paris(t))
	used := days(from, 365, map[int]float64{1: 7_777})
	for n := 1; n <= len(used); n += 13 {
		day := from.AddDate(0, 0, n)
		later := fmt.Sprintf("[[price]]\nfrom = %s\noption = \"base\"\nkwh = { base = 0.9 }\nmonth = { 6 = 99 }\n", day.Format(time.DateOnly))
		if diff := cmp.Diff(written(book(t, base).Estimate(used[:n], 6)), written(book(t, base+later).Estimate(used[:n], 6))); diff != "" {
			t.Errorf("a price from %s on changes what days before it cost:\n%s", day.Format(time.DateOnly), diff)
		}
		if full := book(t, base+later).Estimate(used, 6); n < len(used) && full.Total <= book(t, base).Estimate(used, 6).Total {
			t.Errorf("a higher price from %s on changes nothing", day.Format(time.DateOnly))
		}
	}
}

func TestWrongPrices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", "prices.toml: say where the prices are from and of when they are: source and published\nprices.toml: there is no [[price]]"},
		{head + "[[price]]\noption = \"base\"", "prices.toml: price 1: say from which day it counts: from = 2026-02-01"},
		{head + base + base, "prices.toml: two prices begin on 2025-02-01: only one can count"},
		{head + "[[price]]\nfrom = 2026-01-01\noption = \"flat\"", `prices.toml: price 1: option "flat" is not one of [base hphc ejp tempo]`},
		{head + "[[price]]\nfrom = 2026-01-01\noption = \"hphc\"\nkwh = { hc = 0.1 }", "prices.toml: price 1: kwh.hp: option hphc needs its price in euros for each kWh, at most 1000"},
		{head + "[[price]]\nfrom = 2026-01-01\noption = \"base\"\nkwh = { base = -0.1 }", "prices.toml: price 1: kwh.base: option base needs its price in euros for each kWh, at most 1000"},
		{head + "[[price]]\nfrom = 2026-01-01\noption = \"base\"\nkwh = { base = 0.1, red = 1 }", "prices.toml: price 1: kwh.red: option base has [base]"},
		{head + "[[price]]\nfrom = 2026-01-01\noption = \"base\"\nkwh = { base = 0.1 }\nmonth = { six = 1 }", "prices.toml: price 1: month.six: a subscription is for 1 to 250 kVA, in euros a month, as in 6 = 12.5"},
		{head + base + "[[price.tax]]\npercent = 20", "prices.toml: price 1: a tax needs a name"},
		{head + base + "[[price.tax]]\nname = \"TVA\"", `prices.toml: price 1: tax "TVA": give one of kwh, month and percent`},
		{head + base + "[[price.tax]]\nname = \"TVA\"\nkwh = 1\nof = \"energy\"", `prices.toml: price 1: tax "TVA": of is "energy" or "subscription", with percent; left out it is of all above`},
		{head + base + "[[price.tax]]\nname = \"TVA\"\npercent = nan", `prices.toml: price 1: tax "TVA": NaN is not from 0 to 1000`},
		{"titel = 1", "prices.toml:1: unknown key titel"},
	} {
		_, err := tariff.Parse("prices.toml", []byte(c.text), paris(t))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s\nerror: %v\nwant:  %s", c.text, err, c.want)
		}
	}
}

func TestExampleIsAnExample(t *testing.T) {
	t.Parallel()
	b, err := tariff.Parse("example.toml", []byte(tariff.Example()), paris(t))
	if err != nil {
		t.Fatal(err)
	}
	if !b.Example {
		t.Error("prices that are made up do not say so")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(tariff.Example()))
	f.Add([]byte(head + base))
	zone := paris(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := tariff.Parse("prices.toml", text, zone)
		if err != nil {
			return
		}
		bill := b.Estimate(days(time.Date(2026, 1, 1, 0, 0, 0, 0, zone), 60, map[int]float64{1: 1e6, 2: 1e6}), 6)
		if bill.Total != bill.Subscription+bill.Energy+bill.Taxes || bill.Total < 0 {
			t.Errorf("%s is no sum of %s, %s and %s", bill.Total, bill.Subscription, bill.Energy, bill.Taxes)
		}
	})
}

func TestMoneyAsJSON(t *testing.T) {
	t.Parallel()
	for m, want := range map[tariff.Money]string{
		0: "0", tariff.Euro: "1", 100 * tariff.Euro: "100", -tariff.Cent: "-0.01", 201_600_000: "0.2016", 1: "0.000000001",
	} {
		if got, err := m.MarshalJSON(); err != nil || string(got) != want {
			t.Errorf("%d: %s, %v, want %s", m, got, err, want)
		}
	}
}
