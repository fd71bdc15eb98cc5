// Package linky is an emulated electricity meter, the opposite of package tic: a scenario comes in, the bytes of a
// Linky's customer bus go out, at the rhythm of the real line or as fast as they can be made.
// It simulates the home behind the meter. It knows nothing of decoding, of SenML or of the network.
package linky

import (
	"fmt"
	"time"

	"releve/tic"
)

// Meter is an emulated Linky. It is not safe for concurrent use.
type Meter struct {
	// set once
	scenario Scenario
	address  string // ADSC and ADCO
	point    string // PRM
	limit    int64  // ISOUSC, in A

	// the clock
	instant int64 // of the next frame, in nanoseconds since 1970
	second  int64 // the last one that was measured
	legal   calendar
	silence dice

	// the home
	home household
	roof roof
	grid grid

	// the registers
	tariff  tariff
	now     measure
	index   indexes
	drawn   maximum    // VA
	phases  [3]maximum // VA
	sent    maximum    // VA
	curve   mean       // W drawn
	sending mean       // W injected
	volts   [3]mean    // V
	alarm   alarm
}

// New checks a scenario and returns its meter. The meter has already lived through the day before and the
// hours since midnight, so that yesterday's maximum and the load curve are there from the first frame on.
// The error is a sentence that says what to change.
func New(s Scenario) (*Meter, error) {
	s = s.completed()
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("check scenario: %w", err)
	}
	m := &Meter{
		scenario: s,
		limit:    s.ampsPerPhase(),
		instant:  s.Start.UnixNano(),
		silence:  castFor(s.Seed, forSilence, 0),
		home:     newHousehold(&s),
		roof:     newRoof(&s),
		grid:     newGrid(s.Seed),
	}
	m.name()
	m.liveYesterday()
	return m, nil
}

// name invents the addresses. ADSC has the form of a real one, two digits of maker, two of year and two of type
// (61 on one phase, 76 on three), and no household's. The PRM begins with 99, which no region of France has.
func (m *Meter) name() {
	d := castFor(m.scenario.Seed, forIdentity, 0)
	model := 61
	if m.scenario.Phases == 3 {
		model = 76
	}
	m.address = fmt.Sprintf("%02d%02d%02d%06d", d.between(2, 4), d.between(16, 25), model, d.below(1_000_000))
	m.point = fmt.Sprintf("99%012d", d.below(1_000_000_000_000))
}

// liveYesterday starts the registers and runs the home from the midnight before last to the start.
func (m *Meter) liveYesterday() {
	today := localMidnight(m.instant / int64(time.Second))
	m.second = localMidnight(today-1) - 1 // so that midnight itself opens the day
	m.tariff = tariffAt(&m.scenario, m.legal.at(m.second))
	m.inherit()
	m.measureUntil(m.instant / int64(time.Second))
}

// inherit fills the indexes with the years before the scenario.
func (m *Meter) inherit() {
	d := castFor(m.scenario.Seed, forIndexes, 0)
	shares := [...][]int64{{9000}, {3600, 5400}, {2600, 4500, 350, 600, 120, 160}}[m.scenario.Contract]
	years := d.between(1, 5)
	for i, share := range shares {
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

// measureUntil measures every second up to and including the given one.
func (m *Meter) measureUntil(second int64) {
	for m.second < second {
		m.second++
		m.measure(m.legal.at(m.second))
	}
}

// measure takes one second into the registers. The energy of the second that ends belongs to the rate that
// counted during it, so the rate changes after it; the maximum of the new day starts with the second that opens it.
func (m *Meter) measure(now moment) {
	loads := m.home.live(now, m.tariff.offPeak)
	loads[0].active -= m.roof.shine(now)
	m.grid.drift()
	m.now.see(&loads, &m.grid, m.scenario.Phases)
	m.index.count(m.now.active, m.now.reactive, &m.tariff)
	m.average(now)
	if now.second%60 == 0 {
		m.tariff = tariffAt(&m.scenario, now)
	}
	m.keepMaxima(now)
	m.alarm.watch(&m.now, m.limit, now.unix)
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
		m.drawn.turn(now.unix)
		m.sent.turn(now.unix)
		for phase := range m.phases {
			m.phases[phase].turn(now.unix)
		}
	}
	m.drawn.note(m.now.totalDrawn, now.unix)
	m.sent.note(m.now.totalSent, now.unix)
	for phase := range m.scenario.Phases {
		m.phases[phase].note(m.now.drawn[phase], now.unix)
	}
}

// Frame appends the next whole frame, STX to ETX, in seven-bit characters without parity, and moves the simulated
// clock by the time that the frame and the silence after it take on the line.
// It allocates nothing but room in dst.
//
//	Format:  STX group … ETX
//	Example: "\x02\nADSC\t041861282663\t<\r … \x03"
func (m *Meter) Frame(dst []byte) []byte {
	dst, _ = m.next(dst)
	return dst
}

// next is Frame, and also returns the silence after it.
func (m *Meter) next(dst []byte) ([]byte, time.Duration) {
	before := len(dst)
	dst = append(dst, startOfText)
	if m.scenario.Mode == tic.Historic {
		dst = m.historic(dst)
	} else {
		dst = m.standard(dst)
	}
	dst = append(dst, endOfText)
	silence := time.Duration(m.silence.between(16_700, 33_400)) * time.Microsecond // 02E §1.5.1
	m.Advance(m.onLine(len(dst)-before) + silence)
	return dst, silence
}

// onLine is the time that n characters take: a start bit, seven bits, parity and a stop bit each.
func (m *Meter) onLine(n int) time.Duration {
	return time.Duration(int64(n) * 10 * int64(time.Second) / m.scenario.baud())
}
