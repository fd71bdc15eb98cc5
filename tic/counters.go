package tic

import "fmt"

// Cause says why a line did not become a group.
type Cause uint8

// The causes, in the order a line is checked.
const (
	Overflow    Cause = iota // a line over 160 bytes, or a frame over 4 KiB or 128 groups
	BadParity                // an odd number of bits in a byte
	BadFraming               // separators missing, too many, or not before the checksum; a horodate missing or too many
	BadCharset               // a character that the label's value, or no line at all, may hold
	BadChecksum              // the checksum is not that of the line
	BadLabel                 // a label no meter can have
	WrongMode                // a good line with the separator of the other mode
	BadWidth                 // a value longer or shorter than the label's
)

const causes = int(BadWidth) + 1

// String returns the word used in logs and metrics.
func (c Cause) String() string {
	words := [causes]string{"overflow", "parity", "framing", "charset", "checksum", "label", "mode", "width"}
	if int(c) >= causes {
		return "unknown"
	}
	return words[c]
}

// french returns what is wrong in French, with its article.
func (c Cause) french() string {
	return [causes]string{
		"leur longueur", "leur parité", "leurs séparateurs", "leurs caractères", "leur somme de contrôle",
		"leur étiquette", "leur mode", "leur largeur",
	}[c]
}

// Causes lists all causes, for those who print one line each.
func Causes() []Cause {
	all := make([]Cause, causes)
	for i := range all {
		all[i] = Cause(i)
	}
	return all
}

// Counters is what a decoder has seen since it was made. All of them only grow.
type Counters struct {
	Bytes     uint64         // everything written to the decoder
	Frames    uint64         // complete frames emitted
	Groups    uint64         // groups accepted
	Known     [modes]uint64  // accepted groups whose label Lookup knows, by the Mode they came in
	Rejected  [causes]uint64 // by Cause
	Unknown   [modes]uint64  // accepted groups whose label Lookup does not know, likewise
	OffWidth  uint64         // accepted groups whose value has not the width of the specification, but one that was seen
	DamagedLF uint64         // accepted groups that did not begin with LF: the receiver is slow to wake after a silence
	NoParity  uint64         // accepted groups without a parity bit: a recording, or a driver that strips bit 7
	Stripped  uint64         // times that a line was found to have lost its parity bits
	Standby   uint64         // frames of a meter that says nothing but its address
}

// Since returns what was seen since the same decoder had seen before.
func (c Counters) Since(before Counters) Counters {
	c.Bytes -= before.Bytes
	c.Frames -= before.Frames
	c.Groups -= before.Groups
	for mode := range c.Known {
		c.Known[mode] -= before.Known[mode]
		c.Unknown[mode] -= before.Unknown[mode]
	}
	for cause := range c.Rejected {
		c.Rejected[cause] -= before.Rejected[cause]
	}
	c.OffWidth -= before.OffWidth
	c.DamagedLF -= before.DamagedLF
	c.NoParity -= before.NoParity
	c.Stripped -= before.Stripped
	c.Standby -= before.Standby
	return c
}

// Strange returns the accepted groups whose label is not known, in both modes together.
func (c Counters) Strange() uint64 { return c.Unknown[Historic] + c.Unknown[Standard] }

// Foreign reports whether a meter talks that has labels of its own only, as those of businesses (PME-PMI) have.
func (c Counters) Foreign() bool { return c.Groups >= enoughLines && c.Strange() == c.Groups }

// Refused returns the lines that did not become groups, all causes together.
func (c Counters) Refused() uint64 {
	var n uint64
	for _, r := range c.Rejected {
		n += r
	}
	return n
}

// OnStandby reports whether the meter says nothing but its address, see Frame.Standby. Of a damaged frame an address may be
// all that is left, but not of most of them.
func (c Counters) OnStandby() bool { return c.Standby > 1 && 2*c.Standby > c.Frames }

// Thresholds of Diagnosis: fewer lines say nothing, and a few refused ones are usual when a line is joined or noisy.
const (
	enoughBytes = 2048 // two standard frames, or twelve of the shortest historic ones
	enoughLines = 20
	enoughBad   = 5
	perMilleBad = 20
	perMilleLF  = 50
)

// Diagnosis returns one sentence a user can act on, or none when the line is healthy or has said too little.
func (c Counters) Diagnosis() Words {
	switch {
	case c.Groups == 0:
		return c.silence()
	case c.OnStandby():
		return Words{
			"Le compteur ne donne que son adresse (veille) : demandez au distributeur d'activer sa télé-information.",
			"The meter says nothing but its address (standby): ask the distributor to switch its customer information on.",
		}
	case c.Foreign():
		return Words{
			"Aucune étiquette de ce compteur n'est connue : c'est un compteur d'entreprise (PME-PMI), dont rien n'est relevé.",
			"Not one label of this meter is known: it is a meter of businesses (PME-PMI), of which nothing is recorded.",
		}
	case c.Groups+c.Refused() < enoughLines:
		return Words{}
	case c.Rejected[WrongMode] > c.Groups:
		return otherMode()
	case c.Refused() >= enoughBad && c.Refused()*1000 > (c.Groups+c.Refused())*perMilleBad:
		return c.noise()
	case c.Stripped > 0 && c.NoParity*2 > c.Groups:
		return Words{
			"Un autre programme a réglé le port sur sept bits : la parité n'est plus vérifiée, fermez ce programme et rouvrez le port.",
			"Another program set the port to seven bits: parity is no longer checked, close that program and open the port again.",
		}
	case c.DamagedLF*1000 > c.Groups*perMilleLF:
		return Words{
			fmt.Sprintf("Le premier octet après un silence est abîmé dans %d groupes sur %d : le récepteur est à la limite, vérifiez sa résistance et la longueur des fils.", c.DamagedLF, c.Groups),
			fmt.Sprintf("The first byte after a silence is damaged in %d of %d groups: the receiver circuit is marginal, check its resistor and the length of the wires.", c.DamagedLF, c.Groups),
		}
	case c.Frames == 0 && c.Groups > maxGroups:
		return Words{
			"Les groupes sont bons mais aucune trame ne commence ni ne finit : quelque chose avale les caractères de contrôle, ouvrez le port en mode brut.",
			"Groups are good but no frame begins and ends: something eats control characters, open the port in raw mode.",
		}
	}
	return Words{}
}

func otherMode() Words {
	return Words{"Le compteur parle dans l'autre mode : mettez mode à auto.", "The meter talks in the other mode: set mode to auto."}
}

// silence explains why there is no group at all.
func (c Counters) silence() Words {
	switch {
	case c.Rejected[WrongMode] > 0:
		return otherMode()
	case c.Bytes < enoughBytes:
		return Words{}
	}
	return Words{
		"Des octets arrivent mais aucun groupe : la vitesse n'est pas la bonne (1200 Bd en mode historique, 9600 en standard) ou ce n'est pas un compteur.",
		"Bytes arrive but no group does: the speed is wrong (1200 Bd in historic mode, 9600 in standard) or this is not a meter.",
	}
}

// noise names the share of lines refused and their main cause.
func (c Counters) noise() Words {
	worst := Overflow
	for _, cause := range Causes() {
		if c.Rejected[cause] > c.Rejected[worst] {
			worst = cause
		}
	}
	return Words{
		fmt.Sprintf("%d lignes sur %d sont refusées, surtout pour %s : le récepteur est à la limite (à 9600 Bd sa résistance est souvent trop grande), les fils sont trop longs, ou deux programmes lisent le port.",
			c.Refused(), c.Groups+c.Refused(), worst.french()),
		fmt.Sprintf("%d of %d lines are refused, most for their %s: the receiver circuit is marginal (at 9600 Bd its resistor is often too large), the wires are too long, or two programs read the port.",
			c.Refused(), c.Groups+c.Refused(), worst),
	}
}
