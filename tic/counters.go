package tic

import "fmt"

// Cause says why a line did not become a group.
type Cause uint8

// The causes, in the order a line is checked.
const (
	Overflow    Cause = iota // a line over 160 bytes, or a frame over 4 KiB or 128 groups
	BadParity                // an odd number of bits in a byte
	BadFraming               // separators missing, too many, or not before the checksum
	BadCharset               // a control character inside, or a label that cannot be one
	BadChecksum              // the checksum is not that of the line
	WrongMode                // a good line with the separator of the other mode
)

const causes = int(WrongMode) + 1

// String returns the word used in logs and metrics.
func (c Cause) String() string {
	words := [causes]string{"overflow", "parity", "framing", "charset", "checksum", "mode"}
	if int(c) >= causes {
		return "unknown"
	}
	return words[c]
}

// Causes lists all causes, for those who print one line each.
func Causes() []Cause {
	return []Cause{Overflow, BadParity, BadFraming, BadCharset, BadChecksum, WrongMode}
}

// Counters is what a decoder has seen since it was made. All of them only grow.
type Counters struct {
	Bytes     uint64         // everything written to the decoder
	Frames    uint64         // complete frames emitted
	Groups    uint64         // groups accepted
	Known     [modes]uint64  // accepted groups whose label Lookup knows, by the Mode they came in
	Rejected  [causes]uint64 // by Cause
	Unknown   uint64         // accepted groups whose label Lookup does not know
	DamagedLF uint64         // accepted groups that did not begin with LF: the receiver is slow to wake after a silence
}

// Refused returns the lines that did not become groups, all causes together.
func (c Counters) Refused() uint64 {
	var n uint64
	for _, r := range c.Rejected {
		n += r
	}
	return n
}

// Thresholds of Diagnosis: fewer lines say nothing, and a few refused ones are usual when a line is joined or noisy.
const (
	enoughBytes = 2048 // two standard frames, or twelve of the shortest historic ones
	enoughLines = 20
	enoughBad   = 5
	perMilleBad = 20
	perMilleLF  = 50
)

// Diagnosis returns one sentence a user can act on, or "" when the line is healthy or has said too little.
func (c Counters) Diagnosis() string {
	switch {
	case c.Groups == 0:
		return c.silence()
	case c.Groups+c.Refused() < enoughLines:
		return ""
	case c.Rejected[WrongMode] > c.Groups:
		return "The meter talks in the other mode: set mode to auto."
	case c.Refused() >= enoughBad && c.Refused()*1000 > (c.Groups+c.Refused())*perMilleBad:
		return c.noise()
	case c.DamagedLF*1000 > c.Groups*perMilleLF:
		return fmt.Sprintf("The first byte after a silence is damaged in %d of %d groups: the receiver circuit is marginal, check its resistor and the length of the wires.", c.DamagedLF, c.Groups)
	case c.Frames == 0 && c.Groups > maxGroups:
		return "Groups are good but no frame begins and ends: something eats control characters, open the port in raw mode."
	}
	return ""
}

// silence explains why there is no group at all.
func (c Counters) silence() string {
	switch {
	case c.Rejected[WrongMode] > 0:
		return "The meter talks in the other mode: set mode to auto."
	case c.Bytes < enoughBytes:
		return ""
	}
	return "Bytes arrive but no group does: the speed is wrong (1200 Bd in historic mode, 9600 in standard) or this is not a meter."
}

// noise names the share of lines refused and their main cause.
func (c Counters) noise() string {
	worst := Overflow
	for _, cause := range Causes() {
		if c.Rejected[cause] > c.Rejected[worst] {
			worst = cause
		}
	}
	return fmt.Sprintf("%d of %d lines are refused, most for their %s: the receiver circuit is marginal (at 9600 Bd its resistor is often too large), the wires are too long, or two programs read the port.",
		c.Refused(), c.Groups+c.Refused(), worst)
}
