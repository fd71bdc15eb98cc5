package kiosk

// Slide is one view of the rotation, worded. Whatever is empty is left out.
type Slide struct {
	Name   string // of the view, in addresses and tokens: "now", "synchro"
	Title  string // "Maintenant"
	Spoken string // all of it in one sentence, for a screen reader
	Hero   *Hero
	Bar    *Bar
	Tiles  []Tile
	Lines  []Line
	Curve  *Curve
}

// Tone is what a colour means. It is never the only thing that says so.
type Tone int

// The tones.
const (
	Plain Tone = iota
	Drawn
	Injected
	Shared // consumed where it is produced
	Alert
	Quiet
)

// Arrow is which way energy crosses the meter.
type Arrow int

// The ways.
const (
	Level   Arrow = iota // neither way
	Down                 // drawn from the network
	Up                   // given to it
	Waiting              // nothing is known that is fresh
)

// Hero is the one number that is read from the other end of the room.
type Hero struct {
	Tone         Tone
	Arrow        Arrow
	Word         string // "Prélevé"
	Number, Unit string // "1 240", "VA"; no number when none is known
	Caption      string // "moyenne de 14:10 à 14:20"
}

// Bar is how much of a whole is used: 0 to 1.
type Bar struct {
	Text  string // "42 % de 6 kVA"
	Fill  float64
	Alert bool
}

// Tile is a number of the second rank.
type Tile struct {
	Tone         Tone
	Label, Value string
}

// Line is a figure and what it is: "2", "réfrigérateurs".
type Line struct {
	Figure, Text string
}

// Curve is a series of powers at equal distances, upwards and downwards from a line; NaN is a gap.
type Curve struct {
	Above, Below         []float64
	AboveTone, BelowTone Tone
	From, To, Top        string // what stands at its ends, and at its highest
}
