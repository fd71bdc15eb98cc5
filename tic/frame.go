// Package tic turns the bytes of a French electricity meter's customer bus (Télé-Information Client) into frames, and
// their groups into values by type. It knows the meter and nothing else: no SenML, no storage, no network.
package tic

import "fmt"

// Mode is the way a meter talks: historic (Enedis-NOI-CPT_02E for all electronic meters, 54E for Linky) or standard (54E).
type Mode uint8

// The modes. Auto is "not known yet".
const (
	Auto     Mode = iota
	Historic      // 1200 Bd, separator SP
	Standard      // 9600 Bd, separator HT
)

const modes = int(Standard) + 1

// String returns the word used in configuration, logs and JSON: auto, historic or standard.
func (m Mode) String() string {
	switch m {
	case Historic:
		return "historic"
	case Standard:
		return "standard"
	default:
		return "auto"
	}
}

// ParseMode reads the word Mode.String writes.
func ParseMode(word string) (Mode, error) {
	for _, m := range []Mode{Auto, Historic, Standard} {
		if word == m.String() {
			return m, nil
		}
	}
	return Auto, fmt.Errorf("read mode %q: want auto, historic or standard", word)
}

// Group is one labelled line of the bus, verified: checksum, parity where there is one, and what its label may say.
//
//	Format:  LF label SP value SP checksum CR                  historic
//	         LF label HT [horodate HT] value HT checksum CR    standard
//	Example: "\nEASF01\t001234567\t>\r"
//
// The slices are views of the decoder's memory, only to be read. Padding of the value is kept.
type Group struct {
	Label    []byte
	Horodate []byte // nil when the group has none
	Value    []byte

	own     *Reading // where the decoder keeps what was read of the group; nil for one that it did not make
	reading *Reading // the same once it was read
}

// Uint returns the value as a whole number, in the unit Lookup gives for the label.
// Nothing on the bus is signed, so any byte but a digit is an error, and so is an empty value.
func (g Group) Uint() (uint64, error) {
	if r := g.reading; r != nil && r.Kind == Digits {
		return r.Quantity.Amount, nil
	}
	if len(g.Value) == 0 || len(g.Value) > maxDigits {
		return 0, fmt.Errorf("read %s: %d digits, want 1 to %d", g.Label, len(g.Value), maxDigits)
	}
	var n uint64
	for i, c := range g.Value {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("read %s: byte %d is %q, want a digit", g.Label, i+1, c)
		}
		n = n*10 + uint64(c-'0')
	}
	return n, nil
}

// maxDigits is the longest number that cannot overflow 64 bits. The longest on the bus is PRM, 14 digits.
const maxDigits = 19

// Time reads the horodate of the group. A group without one is an error.
func (g Group) Time() (Horodate, error) {
	if r := g.reading; r != nil && r.Dated {
		return r.Horodate, nil
	}
	h, err := ParseHorodate(g.Horodate)
	if err != nil {
		return Horodate{}, fmt.Errorf("read %s: %w", g.Label, err)
	}
	return h, nil
}

// Frame is the groups between STX and ETX, in order. It always holds at least one group.
type Frame struct {
	Mode     Mode
	Complete bool // began with STX and ended with ETX; false for groups accepted outside a whole frame
	Groups   []Group
	Rejected int // lines of this frame that did not become groups
}

// Standby reports whether a meter is in its idle state, veille in 02E §1.3: its frames hold nothing but its address, and
// the distributor has to be asked to switch the information on.
func (f *Frame) Standby() bool {
	return f.Complete && f.Rejected == 0 && len(f.Groups) == 1 && string(f.Groups[0].Label) == "ADCO"
}
