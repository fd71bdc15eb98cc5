package linky

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"releve/tic"
)

// Scenario describes a meter and the home behind it. The zero value is a single-phase 6 kVA home on the base
// contract, standard mode, on a winter evening. Two meters of equal scenarios say the same bytes.
type Scenario struct {
	// Mode is how the meter talks; tic.Auto means tic.Standard, or tic.Historic for a model that knows nothing else.
	Mode tic.Mode
	// Model is what hangs on the wall.
	Model Model
	// Seed decides addresses, indexes, habits, weather and noise.
	Seed uint64
	// Start is the simulated instant of the first frame, in the years 2001 to 2098.
	// The zero time means 2026-01-15 17:30:00 UTC, half past six in the evening in France.
	Start time.Time
	// Contract is the supplier's tariff.
	Contract Contract
	// Calendar is the offer of the contract Custom.
	Calendar *Calendar
	// TempoProgram is the x of BBRx less "(": 0 to 7 for programs P0 to P7 of circuit 2 with circuit 1 on A,
	// 8 to 15 with B, 16 to 23 with C (02E).
	TempoProgram int
	// Unnamed is a meter into which no names of calendar and rates were programmed: NGTF and LTARF are absent.
	Unnamed bool
	// Phases is 1 or 3; 0 means 1.
	Phases int
	// Producer adds 3 kW of solar panels on phase 1 and the labels of a meter that counts both ways.
	Producer bool
	// SubscribedKVA is the subscribed power: 1 to 12 on one phase, 3 to 36 on three. 0 means 6, or 12 on three phases.
	SubscribedKVA int
	// Overload is a family that cooks, washes and heats for more than it subscribed: most evenings in winter
	// the meter warns, by STGE bit 7 in standard mode, by ADPS or ADIR1 to ADIR3 in historic mode.
	Overload bool
	// School puts classrooms and a kitchen behind the meter instead of a family.
	School bool
	// CarWatts is an electric car that charges at up to that power in off-peak hours, most nights; 0 means none.
	CarWatts int
	// CurvePeriod is the step of the load curve, CCASN: 10, 15, 30 or 60 minutes. 0 means 30 minutes.
	CurvePeriod time.Duration
	// NoCurve is a meter whose load curve was never switched on: CCASN and CCAIN are absent.
	NoCurve bool
	// Condition is the state of the meter at the start.
	Condition Condition
	// Changes happen to the meter while it plays, in order of After.
	Changes []Change
	// Damage is what is wrong with the meter and the line. Frame says what the meter says, its own nonsense included;
	// Run writes what a reader hears of it.
	Damage []Damage
}

const (
	defaultStart  = 1_768_498_200 // 2026-01-15 17:30:00 UTC
	earliestStart = 978_307_200   // 2001-01-01 00:00:00 UTC
	latestStart   = 4_070_908_799 // 2098-12-31 23:59:59 UTC
)

// completed fills in the defaults.
func (s Scenario) completed() Scenario {
	if s.Mode == tic.Auto {
		s.Mode = s.Model.mode()
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

// Check says what no French meter can be, in a sentence; New does the same.
func (s Scenario) Check() error { return s.completed().check() }

// check wants a completed scenario.
func (s Scenario) check() error {
	switch {
	case s.Mode != tic.Standard && s.Mode != tic.Historic:
		return fmt.Errorf("a meter talks in historic or standard mode, not in mode %d", s.Mode)
	case s.Model > Industrial:
		return fmt.Errorf("there is no model %d: choose Linky, Pilot, Electronic, Plain or Industrial", uint8(s.Model))
	case s.Mode != s.Model.mode() && s.Model.old():
		return fmt.Errorf("a meter of model %v talks in historic mode only", s.Model)
	case s.Contract > Custom:
		return fmt.Errorf("there is no contract %d: choose Base, PeakOffPeak, Tempo, EJP, Weekend or Custom", uint8(s.Contract))
	case s.Phases != 1 && s.Phases != 3:
		return fmt.Errorf("a meter has 1 or 3 phases, not %d", s.Phases)
	case s.Start.Unix() < earliestStart || s.Start.Unix() > latestStart:
		return fmt.Errorf("the meter's clock cannot start in %d: choose an instant in the years 2001 to 2098", s.Start.UTC().Year())
	case s.TempoProgram < 0 || s.TempoProgram > 23:
		return fmt.Errorf("a Tempo program is 0 to 23, three of circuit 1 by eight of circuit 2, not %d", s.TempoProgram)
	}
	if err := s.Condition.Check(s.Phases); err != nil {
		return err
	}
	return firstError(s.checkSizes, s.checkCurve, s.checkCalendar, s.checkChanges, s.checkDamage)
}

// firstError runs checks up to the first that fails.
func firstError(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkSizes looks at the subscribed power and the car.
func (s Scenario) checkSizes() error {
	home, low, high := "single-phase", 1, 12
	if s.Phases == 3 {
		home, low, high = "three-phase", 3, 36
	}
	if s.SubscribedKVA < low || s.SubscribedKVA > high {
		return fmt.Errorf("a %s home subscribes %d to %d kVA, not %d", home, low, high, s.SubscribedKVA)
	}
	if s.CarWatts < 0 || s.CarWatts > 22_000 {
		return fmt.Errorf("a car charges at up to 22000 W, not %d", s.CarWatts)
	}
	return nil
}

func (s Scenario) checkCurve() error {
	switch s.CurvePeriod {
	case 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour:
		return nil
	}
	return fmt.Errorf("the load curve has a step of 10, 15, 30 or 60 minutes, not %v", s.CurvePeriod)
}

func (s Scenario) checkCalendar() error {
	switch {
	case s.Calendar == nil && s.Contract == Custom:
		return fmt.Errorf("the contract Custom wants a calendar")
	case s.Calendar != nil:
		return s.Calendar.check()
	}
	return nil
}

func (s Scenario) checkChanges() error {
	if !slices.IsSortedFunc(s.Changes, func(a, b Change) int { return cmp.Compare(a.After, b.After) }) {
		return fmt.Errorf("the changes are not in order of time")
	}
	for i, change := range s.Changes {
		if change.After < 0 || change.Do == nil {
			return fmt.Errorf("change %d happens before the start, or is none", i+1)
		}
	}
	return nil
}

func (s Scenario) checkDamage() error {
	for _, damage := range s.Damage {
		if err := damage.check(); err != nil {
			return err
		}
	}
	return nil
}

// checkText refuses what the line cannot carry: 54E §5.3.4 allows 0x20 to 0x7E.
func checkText(what, text string, width int) error {
	if len(text) > width {
		return fmt.Errorf("the %s %q is longer than %d characters", what, text, width)
	}
	for _, c := range []byte(text) {
		if c < space || c > '~' {
			return fmt.Errorf("the %s %q has a character that a meter cannot send: letters without accents only", what, text)
		}
	}
	return nil
}

// ampsPerPhase is ISOUSC, the subscribed current: PREF over 200 V, shared between the phases (54E §6).
func (s Scenario) ampsPerPhase() int64 {
	return int64(s.SubscribedKVA) * 1000 / 200 / int64(s.Phases)
}
