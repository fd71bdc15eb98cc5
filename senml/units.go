package senml

import "sync"

// Unit is a unit of the SenML registries: a primary unit of RFC 8428 §12.1 or RFC 8798 §2, or a secondary one of
// RFC 8798 §3, which is a multiple of a primary unit. Packs of version 10 are meant to carry primary units (RFC
// 8798 §3); electricity meters count in secondary ones, such as Wh, and this package lets them pass.
type Unit struct {
	Symbol      string  // what u and bu hold, for example "Wh"
	Description string  // in words, for example "watt-hour"
	Primary     string  // the symbol of its primary unit, itself for a primary unit
	Scale       float64 // primary = value × Scale + Offset
	Offset      float64
	Discouraged bool // the registry advises new senders against it
}

// IsSecondary says whether the unit is of the registry of RFC 8798 §3.
func (u Unit) IsSecondary() bool { return u.Symbol != u.Primary }

// ToPrimary converts a value in u to its primary unit, for example 2 Wh to 7200 J.
func (u Unit) ToPrimary(value float64) float64 { return value*u.Scale + u.Offset }

// FromPrimary converts a value in the primary unit of u to u.
func (u Unit) FromPrimary(value float64) float64 { return (value - u.Offset) / u.Scale }

// LookupUnit finds a unit by its symbol, byte by byte: var is one, VAR is not.
func LookupUnit(symbol string) (Unit, bool) {
	unit, ok := unitIndex()[symbol]
	return unit, ok
}

// unitIndex finds the rows of unitTable by symbol. Nobody writes to it.
var unitIndex = sync.OnceValue(func() map[string]Unit {
	index := make(map[string]Unit)
	for _, unit := range unitTable() {
		index[unit.Symbol] = unit
	}
	return index
})

// UnknownUnits returns the units of p that no registry has, once each, in order of appearance. Such a unit
// is legal, and readers can show it, but not convert it.
func (p Pack) UnknownUnits() []string {
	var unknown []string
	seen := map[string]bool{"": true}
	for i := range p {
		for _, symbol := range [...]string{p[i].BaseUnit, p[i].Unit} {
			if _, ok := LookupUnit(symbol); !ok && !seen[symbol] {
				unknown = append(unknown, symbol)
			}
			seen[symbol] = true
		}
	}
	return unknown
}

func primary(symbol, description string) Unit {
	return Unit{Symbol: symbol, Description: description, Primary: symbol, Scale: 1}
}

func discouraged(symbol, description string) Unit {
	return Unit{Symbol: symbol, Description: description, Primary: symbol, Scale: 1, Discouraged: true}
}

func secondary(symbol, description, primary string, scale, offset float64) Unit {
	return Unit{Symbol: symbol, Description: description, Primary: primary, Scale: scale, Offset: offset}
}
