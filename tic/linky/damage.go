package linky

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Damage is one thing that is wrong between the registers of the meter and the program that reads it, for a while.
type Damage struct {
	Kind     Kind
	Rate     float64       // share of what the kind says, 0 to 1
	From, To time.Duration // since the start of the scenario; To 0 is for ever
}

// Kind is a way to be damaged. They are in the order in which a frame meets them: the meter itself, the cable, the
// receiver, the driver.
type Kind uint8

// The kinds, with what Damage.Rate is a share of.
const (
	Power     Kind = iota // frames in which the meter says powers of 10 to 60 kVA, whatever the current
	Backward              // frames in which its indexes are 1 kWh below what they were
	Zero                  // frames in which its indexes are 0
	Jump                  // frames in which its indexes are 39 MWh above what they are
	LineFeeds             // LF received as 0F, 0E or 0B, as weak inputs do after a gap
	Starts                // STX received as 43
	Returns               // CR received as 0C
	Bits                  // bits that flip, parity included
	Bursts                // characters at which two to eight turn into anything
	Lost                  // characters that do not arrive
	Doubled               // characters that arrive twice
	Nulls                 // frames before which 1 to 16 NUL arrive
	Noise                 // frames after which 1 to 12 characters of anything arrive
	Baud                  // frames heard by a receiver set to the other speed
	Stuck                 // frames during which the line is held down: a receiver sees one NUL and then nothing
	Silence               // frames that are not heard
	Unplug                // frames during which the plug is out; a pseudo-terminal vanishes meanwhile
	Stripped              // frames of which the driver cleared bit 7
	Cooked                // frames through a terminal that clears bit 7, turns CR into LF and swallows ETX, EOT, XON and XOFF
)

// kindNames are the words of files and of the command line.
var kindNames = [...]string{
	Power: "power", Backward: "backward", Zero: "zero", Jump: "jump", LineFeeds: "lf", Starts: "stx", Returns: "cr",
	Bits: "bits", Bursts: "bursts", Lost: "lost", Doubled: "doubled", Nulls: "nul", Noise: "noise", Baud: "baud",
	Stuck: "stuck", Silence: "silence", Unplug: "unplug", Stripped: "stripped", Cooked: "cooked",
}

// String returns the word for the kind.
func (k Kind) String() string {
	if int(k) >= len(kindNames) {
		return fmt.Sprintf("damage %d", uint8(k))
	}
	return kindNames[k]
}

// ParseKind reads such a word.
func ParseKind(word string) (Kind, error) {
	if k := slices.Index(kindNames[:], word); k >= 0 {
		return Kind(k), nil
	}
	return 0, fmt.Errorf("there is no damage %q: choose among %s", word, strings.Join(kindNames[:], ", "))
}

// check says what no damage can be.
func (d Damage) check() error {
	switch {
	case d.Kind > Cooked:
		return fmt.Errorf("there is no damage %d", uint8(d.Kind))
	case !(d.Rate >= 0 && d.Rate <= 1): // NaN too
		return fmt.Errorf("the rate of %v is a share from 0 to 1, not %v", d.Kind, d.Rate)
	case d.From < 0 || d.To < 0 || d.To != 0 && d.To <= d.From:
		return fmt.Errorf("%v from %v to %v is no span of time", d.Kind, d.From, d.To)
	}
	return nil
}

// fault is a damage with its dice.
type fault struct {
	Damage
	dice      dice
	threshold uint64 // a roll of 63 bits below it is a hit
}

// newFaults casts the dice of checked damages. Two of a kind have different ones.
func newFaults(seed uint64, damages []Damage) (all []fault) {
	for i, d := range damages {
		all = append(all, fault{
			Damage: d, dice: castFor(seed, forDamage, int64(i)<<8|int64(d.Kind)),
			threshold: uint64(math.Ldexp(d.Rate, 63)),
		})
	}
	slices.SortStableFunc(all, func(a, b fault) int { return int(a.Kind) - int(b.Kind) })
	return all
}

// in tells whether the damage is there at a time since the start.
func (f *fault) in(at time.Duration) bool { return at >= f.From && (f.To == 0 || at < f.To) }

// hits decides for one bit, character or frame.
func (f *fault) hits() bool { return f.dice.roll()>>1 < f.threshold }

// garble spoils the registers for one frame, as meters in the field do under valid checksums.
func (m *Meter) garble(at time.Duration) {
	for i := range m.garbage {
		f := &m.garbage[i]
		if !f.in(at) || !f.hits() {
			continue
		}
		switch f.Kind {
		case Power:
			m.now.totalDrawn = f.dice.between(10_000, 60_000)
			for phase := range m.now.drawn {
				m.now.drawn[phase] = f.dice.between(10_000, 60_000)
			}
		case Backward:
			m.index.shift(-1000)
		case Zero:
			m.index = indexes{}
		case Jump:
			m.index.shift(39_000_000)
		}
	}
}

// shift moves every index that has counted.
func (x *indexes) shift(wattHours int64) {
	x.drawn.hours = max(x.drawn.hours+wattHours, 0)
	for i, hours := range x.supplier {
		if hours > 0 {
			x.supplier[i] = max(hours+wattHours, 0)
		}
	}
}
