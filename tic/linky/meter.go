// Package linky is an emulated electricity meter, the opposite of package tic: a scenario comes in, the bytes of a
// Linky's customer bus go out, at the rhythm of the real line or as fast as they can be made.
// It simulates the home behind the meter. It knows nothing of decoding, of SenML or of the network.
package linky

import (
	"fmt"
	"time"

	"releve/tic"
)

// Meter is an emulated Linky, or one of those before it. It is not safe for concurrent use.
type Meter struct {
	scenario  Scenario
	point     string   // PRM
	limit     int64    // ISOUSC, in A
	timetable string   // HHPHC
	pending   []Change // that have not happened yet
	garbage   []fault  // what it says wrongly
	cable     *Cable   // nil when nothing is wrong with the line

	// what may change
	mode      tic.Mode
	number    int64  // of the meters that hung here before
	address   string // ADSC and ADCO
	contract  Contract
	calendar  *Calendar
	condition Condition

	// the clock
	instant int64 // of the next frame, in nanoseconds since 1970
	second  int64 // the last one that was measured
	stride  int64 // seconds from one measure to the next: 1, but for tests that live years
	legal   legalTime
	silence dice

	// the home
	home building
	car  car
	roof roof
	grid grid

	// the registers
	tariff  tariff
	now     measure
	index   indexes
	highest highest
	drawn   maximum    // VA
	phases  [3]maximum // VA
	sent    maximum    // VA
	curve   mean       // W drawn
	sending mean       // W injected
	volts   [3]mean    // V
	alarm   alarm
	breaker breaker
}

// building is what uses electricity behind the meter.
type building interface {
	// live returns the power on each phase at a moment.
	live(now moment, offPeak bool) [3]load
}

// New checks a scenario and returns its meter. The meter has already lived through the day before and the
// hours since midnight, so that yesterday's maximum and the load curve are there from the first frame on.
// The error is a sentence that says what to change.
func New(s Scenario) (*Meter, error) { return newMeter(s, 1) }

// newMeter is New, of a meter that lived through yesterday in strides of so many seconds, a divisor of 60.
func newMeter(s Scenario, stride int64) (*Meter, error) {
	s = s.completed()
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("check scenario: %w", err)
	}
	m := &Meter{
		scenario: s, point: s.point(), limit: s.ampsPerPhase(), timetable: s.timetable(), pending: s.Changes,
		mode: s.Mode, address: s.address(0), contract: s.Contract, calendar: s.Contract.calendar(s.Calendar),
		instant: s.Start.UnixNano(), stride: stride, silence: castFor(s.Seed, forSilence, 0),
		home: newBuilding(&s), car: newCar(&s), roof: newRoof(&s), grid: newGrid(s.Seed),
	}
	garbage, line := divide(newFaults(s.Seed, s.Damage))
	m.garbage = garbage
	if len(line) > 0 {
		m.cable = &Cable{faults: line}
	}
	m.liveYesterday()
	m.condition = s.Condition
	m.happen(m.second)
	return m, nil
}

// newBuilding puts a school or a family behind the meter.
func newBuilding(s *Scenario) building {
	if s.School {
		return newSchool(s)
	}
	return newHousehold(s)
}

// liveYesterday starts the registers and runs the home from the midnight before last to the start.
func (m *Meter) liveYesterday() {
	start := m.instant / int64(time.Second)
	m.second = localMidnight(localMidnight(start)-1) - m.stride // so that midnight itself opens the day
	m.tariff = m.calendar.tariffAt(m.scenario.Seed, m.legal.at(m.second))
	m.inherit()
	m.measureUntil(start)
	m.stride = 1
	m.measureUntil(start)
}

// inherit fills the indexes with the years before the scenario.
func (m *Meter) inherit() {
	d := castFor(m.scenario.Seed, forIndexes, 0)
	shares := map[Contract][]int64{
		Base: {9000}, PeakOffPeak: {3600, 5400}, Tempo: {2600, 4500, 350, 600, 120, 160}, EJP: {8200, 800},
		Weekend: {2700, 3700, 2600}, Custom: {2600, 2200, 1400, 900, 700, 500, 300, 200, 100, 100},
	}[m.contract]
	years := d.between(1, 5)
	for i, share := range shares[:min(len(shares), len(m.calendar.Rates))] {
		wattHours := share*1000*years + d.below(share*1000)
		m.index.drawn.hours += wattHours
		m.index.supplier[i] += wattHours
		m.index.distributor[i%2] += wattHours
	}
	if !m.scenario.Producer {
		return
	}
	m.index.injected.hours = 2_000_000*years + d.below(2_000_000)
	for i, share := range [...]int64{300, 60, 500, 900} {
		m.index.reactive[i].hours = share*1000*years + d.below(share*1000)
	}
}

// Now is the simulated instant at which the next frame begins, in UTC.
func (m *Meter) Now() time.Time { return time.Unix(0, m.instant).UTC() }

// Advance lets the meter live for d without saying anything, as if nobody had listened. A negative d does nothing.
func (m *Meter) Advance(d time.Duration) {
	m.instant += int64(max(d, 0))
	m.measureUntil(m.instant / int64(time.Second))
}

// Skip is Advance for days and months: whole minutes go by in one measure each. A negative d does nothing.
func (m *Meter) Skip(d time.Duration) {
	m.instant += int64(max(d, 0))
	end := m.instant / int64(time.Second)
	m.measureUntil(min((m.second+59)/60*60, end))
	m.stride = 60
	m.measureUntil(end)
	m.stride = 1
	m.measureUntil(end)
}

// measureUntil measures every second up to and including the given one.
func (m *Meter) measureUntil(second int64) {
	for m.second+m.stride <= second {
		m.second += m.stride
		m.measure(m.legal.at(m.second))
		m.happen(m.second)
	}
}

// measure takes one second into the registers. The energy of the second that ends belongs to the rate that
// counted during it, so the rate changes after it; the maximum of the new day starts with the second that opens it.
func (m *Meter) measure(now moment) {
	now.lasts = m.stride
	m.see(now)
	m.index.count(m.now.active*now.lasts, m.now.reactive*now.lasts, &m.tariff)
	m.highest.note(&m.now)
	m.average(now)
	if now.second%60 == 0 {
		m.tariff = m.calendar.tariffAt(m.scenario.Seed, now)
	}
	m.keepMaxima(now)
	m.alarm.watch(&m.now, m.limit, now.unix)
	m.condition.Breaker = m.breaker.watch(m.now.totalDrawn, int64(m.scenario.SubscribedKVA), now.unix, m.condition.Breaker)
}

// see measures the home, of which an open breaker and a lost phase leave nothing.
func (m *Meter) see(now moment) {
	loads := m.home.live(now, m.tariff.offPeak)
	m.car.charge(&loads, now, m.tariff.offPeak)
	loads[0].active -= m.roof.shine(now)
	m.grid.drift()
	for phase := range loads {
		if m.condition.Breaker != 0 || m.condition.Lost == phase+1 {
			loads[phase] = load{}
		}
	}
	m.now.see(&loads, &m.grid, m.scenario.Phases)
	switch {
	case m.condition.Lost != 0:
		m.now.volts[m.condition.Lost-1] = 0
	case m.condition.Overvoltage:
		m.now.volts[0] += overvoltage
	}
}

// average takes the second into the load curves and the mean voltages, and shuts the periods that end with it.
func (m *Meter) average(now moment) {
	m.curve.add(max(m.now.active, 0))
	m.sending.add(max(-m.now.active, 0))
	for phase := range m.scenario.Phases {
		m.volts[phase].add(m.now.volts[phase])
	}
	if now.unix%int64(m.scenario.CurvePeriod/time.Second) == 0 {
		m.curve.shut(now.unix)
		m.sending.shut(now.unix)
	}
	if now.unix%600 == 0 {
		for phase := range m.scenario.Phases {
			m.volts[phase].shut(now.unix)
		}
	}
}

// keepMaxima notes the powers of the second, in the new day when it is midnight.
func (m *Meter) keepMaxima(now moment) {
	if now.second == 0 {
		m.turnMaxima(now.unix)
	}
	m.drawn.note(m.now.totalDrawn, now.unix)
	m.sent.note(m.now.totalSent, now.unix)
	for phase := range m.scenario.Phases {
		m.phases[phase].note(m.now.drawn[phase], now.unix)
	}
}

// turnMaxima starts a new day.
func (m *Meter) turnMaxima(midnight int64) {
	m.drawn.turn(midnight)
	m.sent.turn(midnight)
	for phase := range m.phases {
		m.phases[phase].turn(midnight)
	}
}

// Frame appends the next whole frame, STX to ETX, in seven-bit characters without parity, and moves the simulated
// clock by the time that the frame and the silence after it take on the line. A three-phase historic meter cuts the
// frame in which an overload begins: it ends with EOT. A meter that is silent appends nothing, and a second goes by.
// It allocates nothing but room in dst.
//
//	Format:  STX group … ETX
//	Example: "\x02\nADSC\t041861282663\t<\r … \x03"
func (m *Meter) Frame(dst []byte) []byte { return m.next(dst).line }
