// Package equivalence says what a power or an energy amounts to: so many refrigerators, so many days of a television set.
//
// In: a file of rows, each with its source, and a number of W or Wh. Out: sentences in French and in English, each with the row
// it is from, so that a page can show the source. It knows nothing of meters.
package equivalence

import (
	_ "embed"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"releve/agent/strict"
)

// Kind is what a row compares with.
type Kind string

// The kinds.
const (
	Days    Kind = "days"    // an energy with days of use of an appliance
	Running Kind = "running" // a power with the mean of appliances that run all year
	Each    Kind = "each"    // an energy with so many of something
)

// Row is one comparison.
type Row struct {
	ID       string  `toml:"id" json:"id"`
	Kind     Kind    `toml:"kind" json:"kind"`
	KWh      float64 `toml:"kwh" json:"kwh"` // of a year of use; of one, for Each
	FR       string  `toml:"fr" json:"-"`
	FRPlural string  `toml:"fr_plural" json:"-"`
	EN       string  `toml:"en" json:"-"`
	ENPlural string  `toml:"en_plural" json:"-"`
	Source   string  `toml:"source" json:"source"`
	Year     int     `toml:"year" json:"year,omitempty"` // of the source, when it is known
	Off      bool    `toml:"off" json:"off,omitempty"`   // told only to who asks for it
}

// Table is a file of rows.
type Table struct{ rows []Row }

//go:embed equivalences.toml
var ready []byte

// Ready is the table that ships.
func Ready() (*Table, error) { return Parse("equivalences.toml", ready) }

// Parse reads a table. The error holds a line for each row that cannot be told.
func Parse(file string, text []byte) (*Table, error) {
	var d struct {
		Row []Row `toml:"row"`
	}
	if err := strict.Decode(file, text, &d); err != nil {
		return nil, err
	}
	var errs []error
	seen := map[string]bool{}
	for i, r := range d.Row {
		err := r.check()
		if err == nil && seen[r.ID] {
			err = errors.New("there are two of that id")
		}
		if seen[r.ID] = true; err != nil {
			errs = append(errs, fmt.Errorf("%s: row %d (%s): %w", file, i+1, r.ID, err))
		}
	}
	return &Table{d.Row}, errors.Join(errs...)
}

func (r Row) check() error {
	switch {
	case r.ID == "":
		return errors.New("it has no id")
	case strings.TrimSpace(r.Source) == "":
		return errors.New("it has no source: nobody can check it")
	case !slices.Contains([]Kind{Days, Running, Each}, r.Kind):
		return fmt.Errorf("kind %q is not one of days, running, each", r.Kind)
	case !(r.KWh > 0) || math.IsInf(r.KWh, 0):
		return errors.New("kwh has to be more than 0")
	case r.FR == "" || r.EN == "":
		return errors.New("it is to be said in French (fr) and in English (en)")
	case r.Kind != Days && (r.FRPlural == "" || r.ENPlural == ""):
		return errors.New("it is to be said of many too: fr_plural and en_plural")
	}
	return nil
}

// Told is one comparison of one amount.
type Told struct {
	Row    Row     `json:"row"`
	Number float64 `json:"number"`
	FR     string  `json:"fr"`
	EN     string  `json:"en"`
}

// Power tells what a power in W amounts to; also lists rows that are off by their ids.
func (t *Table) Power(w float64, also ...string) []Told {
	return t.tell(w*hoursOfYear/1000, []Kind{Running}, also)
}

// Energy tells what an energy in Wh amounts to.
func (t *Table) Energy(wh float64, also ...string) []Told {
	return t.tell(wh/1000, []Kind{Days, Each}, also)
}

const (
	hoursOfYear = 8760
	daysOfYear  = 365
)

// tell compares an amount with the rows of some kinds. What is too little to be said in a number is left out.
func (t *Table) tell(kwh float64, kinds []Kind, also []string) []Told {
	all := []Told{}
	for _, r := range t.rows {
		if !slices.Contains(kinds, r.Kind) || r.Off && !slices.Contains(also, r.ID) {
			continue
		}
		n := kwh / r.KWh
		if r.Kind == Days {
			n *= daysOfYear
		}
		if n = rounded(n); n > 0 {
			all = append(all, r.told(n))
		}
	}
	return all
}

// rounded keeps two digits, for a comparison is no measure: 0.4, 3.7, 42, 1200. What is below 0.1 is nothing.
func rounded(n float64) float64 {
	if !(n >= 0.1) || math.IsInf(n, 0) {
		return 0
	}
	digit := math.Pow(10, max(math.Floor(math.Log10(n))-1, -1))
	return math.Round(math.Round(n/digit)*digit*10) / 10
}

func (r Row) told(n float64) Told {
	fr, en := number(n, "\u202f", ","), number(n, ",", ".")
	told := Told{Row: r, Number: n}
	if r.Kind == Days {
		told.FR = fr + " " + chosen(n < 2, "jour", "jours") + " " + r.FR
		told.EN = en + " " + chosen(n == 1, "day", "days") + " " + r.EN
		return told
	}
	told.FR = fr + " " + chosen(n < 2, r.FR, r.FRPlural)
	told.EN = en + " " + chosen(n == 1, r.EN, r.ENPlural)
	return told
}

// number writes a number with its thousands apart, and its decimals behind a point.
func number(n float64, apart, point string) string {
	whole, decimals, some := strings.Cut(strconv.FormatFloat(n, 'f', -1, 64), ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + apart + whole[at:]
	}
	if some {
		whole += point + decimals
	}
	return whole
}

func chosen(first bool, one, other string) string {
	if first {
		return one
	}
	return other
}
