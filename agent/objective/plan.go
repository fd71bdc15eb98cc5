package objective

import (
	_ "embed"
	"errors"
	"fmt"
	"math"
	"strconv"

	"releve/agent/strict"
)

// Plan is a file of parameters: how the months share a year, and which percent is for which year.
type Plan struct {
	Name, Source string
	Months       []float64       // twelve parts of a year, together 1; none for those of the reference
	Percents     map[int]float64 // less than the reference, by year; none for the same each year
}

type document struct {
	Name   string             `toml:"name"`
	Source string             `toml:"source"`
	Months []float64          `toml:"months"`
	Year   map[string]float64 `toml:"year"`
}

//go:embed example.toml
var example string

// Example is a file of parameters that are made up, with every key explained.
func Example() string { return example }

// Parse reads a file of parameters.
func Parse(file string, text []byte) (Plan, error) {
	var d document
	if err := strict.Decode(file, text, &d); err != nil {
		return Plan{}, err
	}
	p := Plan{Name: d.Name, Source: d.Source, Percents: map[int]float64{}}
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(file+": "+format, args...)) }
	if d.Source == "" {
		wrong("say where these parameters are from: source")
	}
	for year, percent := range d.Year {
		n, err := strconv.Atoi(year)
		if err != nil || n < 2000 || n > 2200 || !(percent > -100 && percent < 100) {
			wrong("year.%s: write a year and how many percent less it is for, as in 2027 = 8", year)
		}
		p.Percents[n] = percent
	}
	var err error
	if p.Months, err = parts(d.Months); err != nil {
		wrong("months: %w", err)
	}
	return p, errors.Join(errs...)
}

// parts makes twelve numbers add up to 1.
func parts(months []float64) ([]float64, error) {
	if len(months) == 0 {
		return nil, nil
	}
	sum := 0.0
	for _, m := range months {
		if !(m >= 0) || math.IsInf(m, 0) {
			return nil, errors.New("a month cannot be less than nothing")
		}
		sum += m
	}
	if len(months) != 12 || !(sum > 0) || math.IsInf(sum, 0) {
		return nil, fmt.Errorf("give twelve, of which one at least is more than 0, not %d", len(months))
	}
	var all []float64
	for _, m := range months {
		all = append(all, m/sum)
	}
	return all, nil
}

// Percent is that of a year: the one before when the year itself has none, else the one that was asked for.
func (p Plan) Percent(year int, asked float64) float64 {
	latest := 0
	for y := range p.Percents {
		if y <= year && y > latest {
			latest = y
		}
	}
	if latest == 0 {
		return asked
	}
	return p.Percents[latest]
}
