package linky

import (
	"fmt"

	"releve/tic"
)

// Model is a generation of meters.
type Model uint8

// The models.
const (
	// Linky is what hangs in most homes.
	Linky Model = iota
	// Pilot is a Linky of the first trials: VTIC 01, SINST1, SMAXN and SMAXN-1 for SINSTS, SMAXSN and SMAXSN-1.
	Pilot
	// Electronic is a meter before Linky, CBEMM-ICC on one phase, CBETM on three: historic mode only, true IMAX and PMAX.
	Electronic
	// Plain is the older CBEMM, or a three-phase meter like it: no PAPP, no HHPHC, and MOTDETAT comes first.
	Plain
	// Industrial is a PME-PMI, the meter of businesses, or a sample of its labels: unknown ones, with units in the values.
	Industrial
)

// String returns the name used in messages.
func (m Model) String() string {
	if m > Industrial {
		return fmt.Sprintf("model %d", uint8(m))
	}
	return [...]string{"linky", "pilot", "electronic", "plain", "pme-pmi"}[m]
}

// old tells the meters that know historic mode only.
func (m Model) old() bool { return m >= Electronic }

// mode is how a new meter of the model talks.
func (m Model) mode() tic.Mode {
	if m.old() {
		return tic.Historic
	}
	return tic.Standard
}

// address invents the address of the nth meter at this place: ADSC, or ADCO. It has the form of a real one, two digits of
// maker, two of year and two of type, and no household's. Type is 61 on one phase and 76 on three for a Linky, 67 and 68
// for a pilot, and before it mostly 28 and 30.
func (s *Scenario) address(nth int64) string {
	d := castFor(s.Seed, forIdentity, nth)
	model := [...]struct{ since, until, single, three int64 }{
		Linky: {16, 25, 61, 76}, Pilot: {10, 10, 67, 68}, Electronic: {4, 14, 28, 30}, Plain: {96, 99, 28, 30}, Industrial: {8, 19, 50, 50},
	}[s.Model]
	kind := model.single
	if s.Phases == 3 {
		kind = model.three
	}
	return fmt.Sprintf("%02d%02d%02d%06d", d.between(2, 4), d.between(model.since, model.until), kind, d.below(1_000_000))
}

// point invents the PRM. It begins with 99, which no region of France has.
func (s *Scenario) point() string {
	d := castFor(s.Seed, forIdentity, 0)
	for range 3 { // the meter's address was drawn first
		d.roll()
	}
	return fmt.Sprintf("99%012d", d.below(1_000_000_000_000))
}

// timetable is HHPHC: always A on a Linky, one of five letters before it.
func (s *Scenario) timetable() string {
	if !s.Model.old() {
		return "A"
	}
	d := castFor(s.Seed, forIdentity, 1)
	at := d.below(5)
	return "ACDEY"[at : at+1]
}
