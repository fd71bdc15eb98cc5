package tariff

import (
	"fmt"
	"math"
	"time"
)

// stretch is days in a row under one price, and the lines they become.
type stretch struct {
	price    *Price
	from, to time.Time
	wh       []float64 // by the order of the registers
	months   float64

	lines []Line
}

// stretch adds the lines of days under one price; nil when none counts yet.
func (b *Bill) stretch(p *Price, days []Usage) {
	for _, d := range days {
		if !d.Whole && !d.Expected {
			b.Missing++
		}
	}
	if p == nil {
		b.Undated += len(days)
		return
	}
	b.Option = p.Option
	s := stretch{price: p, from: days[0].Day, to: nextDay(days[len(days)-1].Day), wh: make([]float64, len(p.KWh))}
	for _, d := range days {
		s.months += 1 / daysOfMonth(d.Day)
		for n, wh := range d.Wh {
			if n < 1 || n > len(s.wh) {
				b.Unpriced += wh
				continue
			}
			s.wh[n-1] += wh
		}
	}
	s.months = math.Round(s.months*1e9) / 1e9
	b.NoSubscription = !s.subscribe(b.Power) || b.NoSubscription
	s.consume()
	s.tax()
	b.Lines = append(b.Lines, s.lines...)
}

// daysOfMonth is how many days the month of a day has: a day of subscription is that part of a month.
func daysOfMonth(day time.Time) float64 {
	return float64(time.Date(day.Year(), day.Month()+1, 0, 12, 0, 0, 0, day.Location()).Day())
}

func (s *stretch) add(l Line, exact Money) {
	l.From, l.To, l.Amount = s.from, s.to, exact.cents()
	s.lines = append(s.lines, l)
}

// subscribe adds the subscription, and tells whether there is a price for it.
func (s *stretch) subscribe(kva int) bool {
	month, listed := s.price.subscription(kva)
	if !listed || kva <= 0 {
		return false
	}
	s.add(Line{Kind: ForSubscription, Name: fmt.Sprintf("%d kVA", kva), Quantity: s.months, Unit: "month", Price: month}, month.times(s.months))
	return true
}

// consume adds a line for each register that grew, and the first in any case.
func (s *stretch) consume() {
	for i, name := range s.price.Option.Registers() {
		if s.wh[i] != 0 || i == 0 {
			s.add(Line{Kind: ForEnergy, Name: name, Quantity: s.wh[i] / 1000, Unit: "kWh", Price: s.price.KWh[i]}, s.price.KWh[i].forEnergy(s.wh[i]))
		}
	}
}

// tax adds a line for each tax. A percentage is of the amounts above it, to the cent.
func (s *stretch) tax() {
	wh := 0.0
	for _, n := range s.wh {
		wh += n
	}
	for _, t := range s.price.Taxes {
		switch {
		case t.Percent > 0:
			s.add(Line{Kind: ForTax, Name: t.Name, Quantity: t.Percent, Unit: "%"}, s.sum(t.Of).times(t.Percent/100))
		case t.Month > 0:
			s.add(Line{Kind: ForTax, Name: t.Name, Quantity: s.months, Unit: "month", Price: t.Month}, t.Month.times(s.months))
		default:
			s.add(Line{Kind: ForTax, Name: t.Name, Quantity: wh / 1000, Unit: "kWh", Price: t.PerKWh}, t.PerKWh.forEnergy(wh))
		}
	}
}

// sum is what there is so far, of one kind or, for "", of all.
func (s *stretch) sum(of string) (sum Money) {
	for _, l := range s.lines {
		if of == "" || string(l.Kind) == of {
			sum += l.Amount
		}
	}
	return sum
}

func (m Money) times(n float64) Money { return Money(math.Round(float64(m) * n)) }
