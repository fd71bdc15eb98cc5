package linky

import (
	"fmt"
	"time"

	"releve/tic"
)

// Contract is what the household bought; it decides indexes and labels.
type Contract uint8

// The contracts. PeakOffPeak is "heures creuses / heures pleines", off peak from 22:30 to 06:30.
// Tempo is off peak from 22:00 to 06:00 and its days, blue, white or red, run from 06:00 to 06:00.
const (
	Base Contract = iota
	PeakOffPeak
	Tempo
)

// String returns the name used in messages: base, hc/hp or tempo.
func (c Contract) String() string {
	switch c {
	case Base:
		return "base"
	case PeakOffPeak:
		return "hc/hp"
	case Tempo:
		return "tempo"
	}
	return fmt.Sprintf("contract %d", uint8(c))
}

// Scenario describes a meter and the home behind it. The zero value is a single-phase 6 kVA home on the base
// contract, standard mode, on a winter evening. Two meters of equal scenarios say the same bytes.
type Scenario struct {
	// Mode is how the meter talks; tic.Auto means tic.Standard.
	Mode tic.Mode
	// Seed decides addresses, indexes, habits, weather and noise.
	Seed uint64
	// Start is the simulated instant of the first frame, in the years 2001 to 2098.
	// The zero time means 2026-01-15 17:30:00 UTC, half past six in the evening in France.
	Start time.Time
	// Contract is the supplier's tariff.
	Contract Contract
	// Phases is 1 or 3; 0 means 1.
	Phases int
	// Producer adds 3 kW of solar panels on phase 1 and the labels of a meter that counts both ways.
	Producer bool
	// SubscribedKVA is the subscribed power: 1 to 12 on one phase, 3 to 36 on three. 0 means 6, or 12 on three phases.
	SubscribedKVA int
	// Overload is a family that cooks, washes and heats for more than it subscribed: most evenings in winter
	// the meter warns, by STGE bit 7 in standard mode, by ADPS or ADIR1 to ADIR3 in historic mode.
	Overload bool
	// CurvePeriod is the step of the load curve, CCASN: 10, 15, 30 or 60 minutes. 0 means 30 minutes.
	CurvePeriod time.Duration
}

const (
	defaultStart  = 1_768_498_200 // 2026-01-15 17:30:00 UTC
	earliestStart = 978_307_200   // 2001-01-01 00:00:00 UTC
	latestStart   = 4_070_908_799 // 2098-12-31 23:59:59 UTC
)

// completed fills in the defaults.
func (s Scenario) completed() Scenario {
	if s.Mode == tic.Auto {
		s.Mode = tic.Standard
	}
	if s.Start.IsZero() {
		s.Start = time.Unix(defaultStart, 0).UTC()
	}
	if s.Phases == 0 {
		s.Phases = 1
	}
	if s.SubscribedKVA == 0 {
		s.SubscribedKVA = 6
		if s.Phases == 3 {
			s.SubscribedKVA = 12
		}
	}
	if s.CurvePeriod == 0 {
		s.CurvePeriod = 30 * time.Minute
	}
	return s
}

// check says what no French meter can be. It wants a completed scenario.
func (s Scenario) check() error {
	switch {
	case s.Mode != tic.Standard && s.Mode != tic.Historic:
		return fmt.Errorf("a meter talks in historic or standard mode, not in mode %d", s.Mode)
	case s.Contract > Tempo:
		return fmt.Errorf("there is no contract %d: choose Base, PeakOffPeak or Tempo", uint8(s.Contract))
	case s.Phases != 1 && s.Phases != 3:
		return fmt.Errorf("a meter has 1 or 3 phases, not %d", s.Phases)
	case s.Start.Unix() < earliestStart || s.Start.Unix() > latestStart:
		return fmt.Errorf("the meter's clock cannot start in %d: choose an instant in the years 2001 to 2098", s.Start.UTC().Year())
	}
	return s.checkSizes()
}

// checkSizes looks at the subscribed power and the load curve.
func (s Scenario) checkSizes() error {
	home, low, high := "single-phase", 1, 12
	if s.Phases == 3 {
		home, low, high = "three-phase", 3, 36
	}
	if s.SubscribedKVA < low || s.SubscribedKVA > high {
		return fmt.Errorf("a %s home subscribes %d to %d kVA, not %d", home, low, high, s.SubscribedKVA)
	}
	switch s.CurvePeriod {
	case 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour:
		return nil
	}
	return fmt.Errorf("the load curve has a step of 10, 15, 30 or 60 minutes, not %v", s.CurvePeriod)
}

// baud is the speed of the line, in bits per second.
func (s Scenario) baud() int64 {
	if s.Mode == tic.Historic {
		return 1200
	}
	return 9600
}

// ampsPerPhase is ISOUSC, the subscribed current: PREF over 200 V, shared between the phases (54E §6).
func (s Scenario) ampsPerPhase() int64 {
	return int64(s.SubscribedKVA) * 1000 / 200 / int64(s.Phases)
}
