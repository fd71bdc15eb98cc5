package tariff

import "strings"

// Option is what kind of contract a price is for.
type Option string

// The options (Enedis-NOI-CPT_54E §6.1): one price; off-peak and peak hours; normal hours and mobile peaks; days of three colours
// with off-peak and peak hours each.
const (
	Base  Option = "base"
	HPHC  Option = "hphc"
	EJP   Option = "ejp"
	Tempo Option = "tempo"
)

// Options lists all of them.
func Options() []Option { return []Option{Base, HPHC, EJP, Tempo} }

// Registers are the names of what an option has a price for, in the order of the supplier's registers: the first is that of
// register 1 (EASF01, or BASE, HCHC, EJPHN, BBRHCJB). No other register counts under that option.
func (o Option) Registers() []string {
	return map[Option][]string{
		Base:  {"base"},
		HPHC:  {"hc", "hp"},
		EJP:   {"normal", "peak"},
		Tempo: {"blue-hc", "blue-hp", "white-hc", "white-hp", "red-hc", "red-hp"},
	}[o]
}

// Colour is what kind of day one is under Tempo or EJP.
type Colour string

// The colours; under EJP a day is Normal or has a Peak.
const (
	UnknownColour Colour = ""
	Blue          Colour = "blue"
	White         Colour = "white"
	Red           Colour = "red"
	Normal        Colour = "normal"
	Peak          Colour = "peak"
)

// ColourOf is the colour of a day by what the meter said of it, or, when it said nothing, by which registers grew. A day of Tempo
// begins at 6 in the morning, so what off-peak hours grew by may be of the day before: they tell nothing.
func ColourOf(o Option, said string, u Usage) Colour {
	if c := Colour(strings.ToLower(said)); o == Tempo && (c == Blue || c == White || c == Red) {
		return c
	}
	switch {
	case o == Tempo:
		for n, c := range map[int]Colour{2: Blue, 4: White, 6: Red} {
			if u.Wh[n] > 0 {
				return c
			}
		}
	case o == EJP && u.Wh[2] > 0:
		return Peak
	case o == EJP && u.Whole:
		return Normal
	}
	return UnknownColour
}
