package tariff

import (
	"fmt"
	"math"
	"strings"
)

// Money is an amount in nano-euros, so that a price of a millionth of a euro for each kilowatt-hour, times watt-hours, is exact.
type Money int64

// The parts of a euro.
const (
	Euro Money = 1e9
	Cent Money = Euro / 100
)

// cents rounds to the cent, halves away from zero, as a bill does line by line.
func (m Money) cents() Money {
	half := Cent / 2
	if m < 0 {
		half = -half
	}
	return (m + half) / Cent * Cent
}

// Euros is the amount as a number.
func (m Money) Euros() float64 { return float64(m) / float64(Euro) }

// String writes euros and cents.
func (m Money) String() string { return fmt.Sprintf("%.2f €", m.Euros()) }

// MarshalJSON writes a number of euros, exactly.
func (m Money) MarshalJSON() ([]byte, error) {
	sign, n := "", uint64(m)
	if m < 0 {
		sign, n = "-", -n
	}
	text := fmt.Sprintf("%s%d.%09d", sign, n/uint64(Euro), n%uint64(Euro))
	return []byte(strings.TrimSuffix(strings.TrimRight(text, "0"), ".")), nil
}

// price is an amount of a file, to the millionth of a euro.
func price(euros float64) Money { return Money(math.Round(euros*1e6)) * (Euro / 1e6) }

// forEnergy is what an energy in Wh costs at a price for each kWh.
func (m Money) forEnergy(wh float64) Money { return Money(math.Round(float64(m) / 1000 * wh)) }
