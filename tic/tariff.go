package tic

import "fmt"

// Contract is one of the four tariff options of historic mode. A Linky on any other says Base, and all its energy in
// one index.
type Contract uint8

// The contracts, as OPTARIF names them.
const (
	BaseContract    Contract = iota // BASE: one index
	OffPeakContract                 // HC..: peak and off-peak hours
	EJPContract                     // EJP.: normal hours and mobile peaks
	TempoContract                   // BBRx: peak and off-peak hours of blue, white and red days
)

// String returns the contract's name.
func (c Contract) String() string { return word(c, "base", "off-peak", "EJP", "Tempo") }

// Option is OPTARIF, the option of the contract.
//
//	Format:  BASE, HC.., EJP. or BBRx. The last character of BBRx is a byte: bit 6 is 0, bit 5 is 1, bits 4–3 are the
//	         program of circuit 1 (1 A, 2 B, 3 C), bits 2–0 that of circuit 2 (P0 to P7), 02E Table 3.
//	Example: "BBR(", Tempo with programs A and P0
type Option struct {
	Contract Contract
	Circuit1 byte // Tempo only: heating, 'A', 'B' or 'C'
	Circuit2 int  // Tempo only: hot water, 0 to 7 for P0 to P7
}

// ParseOption reads four characters. Where a point fills the name, a space is taken too: meters send both.
func ParseOption(raw []byte) (Option, error) {
	o, ok := option(raw)
	if !ok {
		return Option{}, fmt.Errorf("read tariff option: %q is not BASE, HC.., EJP. or BBRx", raw)
	}
	return o, nil
}

func option(raw []byte) (Option, bool) {
	switch name := pointed(raw); string(name[:]) {
	case "BASE":
		return Option{Contract: BaseContract}, true
	case "HC..":
		return Option{Contract: OffPeakContract}, true
	case "EJP.":
		return Option{Contract: EJPContract}, true
	}
	if len(raw) == 4 && string(raw[:3]) == "BBR" && raw[3] >= '(' && raw[3] <= '?' {
		return Option{Contract: TempoContract, Circuit1: 'A' - 1 + raw[3]>>3&3, Circuit2: int(raw[3] & 7)}, true
	}
	return Option{}, false
}

// String returns the four characters.
func (o Option) String() string {
	if o.Contract == TempoContract {
		return "BBR" + string(rune(1<<5|(o.Circuit1-'A'+1)<<3|byte(o.Circuit2)))
	}
	return word(o.Contract, "BASE", "HC..", "EJP.")
}

// Colour is that of a Tempo day.
type Colour uint8

// The colours, as the status register codes them.
const (
	NoColour Colour = iota // not a Tempo contract, or not announced yet
	Blue
	White
	Red
)

// ParseColour reads DEMAIN, four characters. Landis meters write ____ for ----.
func ParseColour(raw []byte) (Colour, error) {
	c, ok := colour(raw)
	if !ok {
		return NoColour, fmt.Errorf("read colour of tomorrow: %q is not ----, BLEU, BLAN or ROUG", raw)
	}
	return c, nil
}

func colour(raw []byte) (Colour, bool) {
	switch string(raw) {
	case "----", "____":
		return NoColour, true
	case "BLEU":
		return Blue, true
	case "BLAN":
		return White, true
	case "ROUG":
		return Red, true
	}
	return NoColour, false
}

// String returns the colour's name.
func (c Colour) String() string { return word(c, "none", "blue", "white", "red") }

// Hours is a kind of hours that a contract tells apart.
type Hours uint8

// The kinds of hours.
const (
	AllHours    Hours = iota // TH..
	OffPeak                  // HC..
	Peak                     // HP..
	NormalHours              // HN.., EJP
	MobilePeak               // PM.., EJP
)

// String returns the kind's name.
func (h Hours) String() string {
	return word(h, "all hours", "off-peak", "peak", "normal hours", "mobile peak")
}

// Period is PTEC, the tariff period in progress. Its colour is that of a Tempo day.
//
//	Format:  TH.. HC.. HP.. HN.. PM.. HCJB HCJW HCJR HPJB HPJW HPJR
type Period struct {
	Hours  Hours
	Colour Colour
}

// ParsePeriod reads four characters. Where a point fills the name, a space is taken too.
func ParsePeriod(raw []byte) (Period, error) {
	p, ok := period(raw)
	if !ok {
		return Period{}, fmt.Errorf("read tariff period: %q is not TH.., HC.., HP.., HN.., PM.., HCJx or HPJx", raw)
	}
	return p, nil
}

func period(raw []byte) (Period, bool) {
	switch name := pointed(raw); string(name[:]) {
	case "TH..":
		return Period{Hours: AllHours}, true
	case "HC..":
		return Period{Hours: OffPeak}, true
	case "HP..":
		return Period{Hours: Peak}, true
	case "HN..":
		return Period{Hours: NormalHours}, true
	case "PM..":
		return Period{Hours: MobilePeak}, true
	case "HCJB":
		return Period{OffPeak, Blue}, true
	case "HCJW":
		return Period{OffPeak, White}, true
	case "HCJR":
		return Period{OffPeak, Red}, true
	case "HPJB":
		return Period{Peak, Blue}, true
	case "HPJW":
		return Period{Peak, White}, true
	case "HPJR":
		return Period{Peak, Red}, true
	}
	return Period{}, false
}

// String returns the kind of hours and the colour, if any.
func (p Period) String() string {
	if p.Colour == NoColour {
		return p.Hours.String()
	}
	return p.Hours.String() + " " + p.Colour.String()
}

// Timetable is HHPHC, the group of peak and off-peak hours a meter was given: A, C, D, E or Y. A Linky says A.
type Timetable byte

// ParseTimetable reads one character.
func ParseTimetable(raw []byte) (Timetable, error) {
	if len(raw) == 1 {
		switch raw[0] {
		case 'A', 'C', 'D', 'E', 'Y':
			return Timetable(raw[0]), nil
		}
	}
	return 0, fmt.Errorf("read timetable: %q is not A, C, D, E or Y", raw)
}

// String returns the letter.
func (t Timetable) String() string { return string(rune(t)) }

// pointed returns four characters with points for spaces, and zeros for any other number of them.
func pointed(raw []byte) [4]byte {
	if len(raw) != 4 {
		return [4]byte{}
	}
	name := [4]byte(raw)
	for i, c := range name {
		if c == sp {
			name[i] = '.'
		}
	}
	return name
}
