package tariff

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/pelletier/go-toml/v2"

	"releve/agent/strict"
)

// Book is a file of prices.
type Book struct {
	Name      string    `json:"name"`
	Source    string    `json:"source"` // where the prices are from
	Published time.Time `json:"published"`
	Example   bool      `json:"example,omitempty"` // the prices are made up

	prices []Price // by From
}

// Price is what a contract costs from a day on.
type Price struct {
	From   time.Time // a local midnight
	Option Option
	KWh    []Money       // by the order of Option.Registers
	Month  map[int]Money // subscription by subscribed power in kVA
	Taxes  []Tax
}

// Tax is one line of taxes: for each kWh, for each month, or a part of what is above it.
type Tax struct {
	Name          string
	PerKWh, Month Money
	Percent       float64
	Of            string // of "energy", of "subscription", or of all that is above it: ""
}

// document is a file as it stands there.
type document struct {
	Name      string         `toml:"name"`
	Source    string         `toml:"source"`
	Published toml.LocalDate `toml:"published"`
	Example   bool           `toml:"example"`
	Price     []rawPrice     `toml:"price"`
}

type rawPrice struct {
	From   toml.LocalDate     `toml:"from"`
	Option string             `toml:"option"`
	KWh    map[string]float64 `toml:"kwh"`
	Month  map[string]float64 `toml:"month"`
	Tax    []rawTax           `toml:"tax"`
}

type rawTax struct {
	Name    string  `toml:"name"`
	KWh     float64 `toml:"kwh"`
	Month   float64 `toml:"month"`
	Percent float64 `toml:"percent"`
	Of      string  `toml:"of"`
}

// Parse reads a file of prices. Its days begin at midnight in that zone. The error holds a line for each thing that is wrong.
func Parse(file string, text []byte, location *time.Location) (*Book, error) {
	var d document
	if err := strict.Decode(file, text, &d); err != nil {
		return nil, err
	}
	b := &Book{Name: d.Name, Source: d.Source, Published: d.Published.AsTime(location), Example: d.Example}
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(file+": "+format, args...)) }
	if d.Source == "" || d.Published == (toml.LocalDate{}) {
		wrong("say where the prices are from and of when they are: source and published")
	}
	if len(d.Price) == 0 {
		wrong("there is no [[price]]")
	}
	for i, raw := range d.Price {
		p, err := raw.check(location)
		if err != nil {
			wrong("price %d: %w", i+1, err)
		}
		b.prices = append(b.prices, p)
	}
	slices.SortStableFunc(b.prices, func(x, y Price) int { return x.From.Compare(y.From) })
	for i := 1; i < len(b.prices); i++ {
		if b.prices[i].From.Equal(b.prices[i-1].From) {
			wrong("two prices begin on %s: only one can count", b.prices[i].From.Format(time.DateOnly))
		}
	}
	return b, errors.Join(errs...)
}

func (r rawPrice) check(location *time.Location) (Price, error) {
	p := Price{From: r.From.AsTime(location), Option: Option(r.Option), Month: map[int]Money{}}
	if r.From == (toml.LocalDate{}) {
		return p, errors.New("say from which day it counts: from = 2026-02-01")
	}
	names := p.Option.Registers()
	if names == nil {
		return p, fmt.Errorf("option %q is not one of %v", r.Option, Options())
	}
	for _, name := range names {
		euros, given := r.KWh[name]
		if !given || !isPrice(euros) {
			return p, fmt.Errorf("kwh.%s: option %s needs its price in euros for each kWh, at most %d", name, p.Option, mostEuros)
		}
		p.KWh = append(p.KWh, price(euros))
	}
	for _, name := range slices.Sorted(maps.Keys(r.KWh)) {
		if !slices.Contains(names, name) {
			return p, fmt.Errorf("kwh.%s: option %s has %v", name, p.Option, names)
		}
	}
	for _, power := range slices.Sorted(maps.Keys(r.Month)) {
		kva, err := strconv.Atoi(power)
		if err != nil || kva < 1 || kva > 250 || !isPrice(r.Month[power]) {
			return p, fmt.Errorf("month.%s: a subscription is for 1 to 250 kVA, in euros a month, as in 6 = 12.5", power)
		}
		p.Month[kva] = price(r.Month[power])
	}
	for _, raw := range r.Tax {
		tax, err := raw.check()
		if err != nil {
			return p, err
		}
		p.Taxes = append(p.Taxes, tax)
	}
	return p, nil
}

// mostEuros bounds what anything of a household's contract costs: cents that were taken for euros are beyond it.
const mostEuros = 1000

func isPrice(euros float64) bool { return euros >= 0 && euros <= mostEuros }

func (r rawTax) check() (Tax, error) {
	given := 0
	for _, v := range []float64{r.KWh, r.Month, r.Percent} {
		if v != 0 {
			given++
		}
		if !isPrice(v) {
			return Tax{}, fmt.Errorf("tax %q: %v is not from 0 to %d", r.Name, v, mostEuros)
		}
	}
	switch {
	case r.Name == "":
		return Tax{}, errors.New("a tax needs a name")
	case given != 1:
		return Tax{}, fmt.Errorf("tax %q: give one of kwh, month and percent", r.Name)
	case r.Of != "" && (r.Percent == 0 || r.Of != "energy" && r.Of != "subscription"):
		return Tax{}, fmt.Errorf(`tax %q: of is "energy" or "subscription", with percent; left out it is of all above`, r.Name)
	}
	return Tax{Name: r.Name, PerKWh: price(r.KWh), Month: price(r.Month), Percent: r.Percent, Of: r.Of}, nil
}

// At is the price that counts on a day, nil before the first.
func (b *Book) At(day time.Time) *Price {
	for i := range slices.Backward(b.prices) {
		if !b.prices[i].From.After(day) {
			return &b.prices[i]
		}
	}
	return nil
}

// subscription is what a month costs for a subscribed power: that of the file for it, or else for the next power above.
func (p *Price) subscription(kva int) (Money, bool) {
	for _, listed := range slices.Sorted(maps.Keys(p.Month)) {
		if listed >= kva {
			return p.Month[listed], true
		}
	}
	return 0, false
}
