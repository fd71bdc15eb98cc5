package tic

// Kind is what the value of a label is: it fixes the characters the value may hold and the field of a Reading that
// holds it.
type Kind uint8

// The kinds.
const (
	Nothing        Kind = iota // DATE: the horodate says it all
	Digits                     // a number in the label's unit
	Identity                   // digits that name a meter or a delivery point
	Text                       // printable characters, padded with spaces
	Hexadecimal                // upper-case hexadecimal digits without a published meaning
	StatusRegister             // STGE, see Status
	RelayStates                // RELAIS, see Relays
	PhaseStates                // PPOT, see MissingPhases
	TariffOption               // OPTARIF, see Option
	TariffPeriod               // PTEC, see Period
	DayColour                  // DEMAIN, see Colour
	HoursGroup                 // HHPHC, see Timetable
	DayPlan                    // PJOURF+1 and PPOINTE, see Profile
)

// String returns the words used in the documentation.
func (k Kind) String() string {
	return word(k, "none", "digits", "digits", "text", "hexadecimal", "hexadecimal", "digits, 000 to 255", "hexadecimal",
		"BASE, HC.., EJP., BBRx", "TH.., HC.., HP.., HN.., PM.., HCJx, HPJx", "----, BLEU, BLAN, ROUG", "a letter: A, C, D, E, Y",
		"eleven blocks")
}

// Unit is what a number counts. Nothing on the bus has decimals or a sign.
type Unit uint8

// The units of the bus.
const (
	NoUnit Unit = iota // a count, a code
	Ampere
	Volt
	Watt
	VoltAmpere
	KiloVoltAmpere
	WattHour
	VoltAmpereReactiveHour
	Minute
	Decalitre
)

// String returns the unit as the specifications write it: A, V, W, VA, kVA, Wh, VArh, min, dal; "" for none.
func (u Unit) String() string {
	if u == NoUnit {
		return ""
	}
	return word(u, "", "A", "V", "W", "VA", "kVA", "Wh", "VArh", "min", "dal")
}

// Words is the same sentence in French and in English.
type Words struct{ FR, EN string }

// IsZero reports whether nothing is said.
func (w Words) IsZero() bool { return w == Words{} }
