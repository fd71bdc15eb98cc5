package linky

import (
	"fmt"
	"time"

	"releve/tic"
)

// Change is something that happens to the meter while it plays: the distributor switches its mode, a technician
// exchanges it.
type Change struct {
	After time.Duration // since the start, on the meter's clock; the next frame to begin shows it
	Do    func(*Meter)  // calls methods of the meter, such as Switch, Replace, Subscribe and Set
}

// Output is the state of the customer's output (02E §1.5.2).
type Output uint8

// The states.
const (
	Informing Output = iota // "télé-information": frames
	Standby                 // "veille": frames of the address and nothing else
	Silent                  // "métrologie", or a meter without current: no characters
)

// Condition is what the meter suffers and what it was told, apart from its contract. The zero value is a healthy meter.
type Condition struct {
	Output       Output
	Degraded     bool   // the clock is not to be trusted: h and e for H and E, STGE bit 16
	Breaker      int    // why the breaker is open, 1 to 6 of STGE bits 1 to 3; 0 is closed, and the home has current
	CoverOpen    bool   // distributor's cover, STGE bit 4
	Overvoltage  bool   // 258 V and more on phase 1, STGE bit 6
	Lost         int    // the phase that has no voltage, 1 to 3, PPOT in historic mode; 0 is none
	Euridis      int    // STGE bits 19 and 20: 0 for code 11, on with security, as most meters seen, 1 for 01, 2 for 00
	Carrier      int    // STGE bits 21 and 22: 0 for code 01, as every meter seen, 1 for 10, 2 for 00
	Synchronised bool   // STGE bit 23
	Message      string // MSG1, up to 32 characters; "" is that there is none
	ShortMessage string // MSG2, up to 16 characters, sent once; "" is that there is none
}

// Check says what no meter of so many phases can be in.
func (c Condition) Check(phases int) error {
	switch {
	case c.Output > Silent:
		return fmt.Errorf("there is no output %d: choose Informing, Standby or Silent", uint8(c.Output))
	case c.Breaker < 0 || c.Breaker > 6:
		return fmt.Errorf("a breaker is open for reasons 1 to 6, or 0, closed, not %d", c.Breaker)
	case c.Lost < 0 || c.Lost > phases:
		return fmt.Errorf("a phase is lost from 1 to %d, or 0, none, not %d", phases, c.Lost)
	case c.Euridis < 0 || c.Euridis > 2 || c.Carrier < 0 || c.Carrier > 2:
		return fmt.Errorf("the states of the Euridis output and of the carrier are 0 to 2, not %d and %d", c.Euridis, c.Carrier)
	}
	if err := checkText("message", c.Message, 32); err != nil {
		return err
	}
	return checkText("short message", c.ShortMessage, 16)
}

// Switch makes the meter talk in another mode from the next frame on, as the distributor does without notice.
// A meter before Linky has no other mode, and nothing happens.
func (m *Meter) Switch(mode tic.Mode) {
	if (mode == tic.Historic || mode == tic.Standard) && !m.scenario.Model.old() {
		m.mode = mode
	}
}

// Replace hangs another meter of the same model on the wall: another address at the same delivery point, and indexes
// that start from zero.
func (m *Meter) Replace() {
	m.number++
	m.address = m.scenario.address(m.number)
	m.index, m.highest = indexes{}, highest{}
	m.curve, m.sending, m.volts = mean{}, mean{}, [3]mean{}
	m.drawn, m.sent, m.phases = maximum{}, maximum{}, [3]maximum{}
	for range 2 { // yesterday has no maxima either
		m.turnMaxima(localMidnight(m.second))
	}
}

// Subscribe gives the home another contract. The indexes go on, as in the field: a new offer finds them as they are.
func (m *Meter) Subscribe(c Contract) {
	if c > Custom || c == Custom && m.scenario.Calendar == nil {
		return
	}
	m.contract, m.calendar = c, c.calendar(m.scenario.Calendar)
	m.tariff = m.calendar.tariffAt(m.scenario.Seed, m.legal.at(m.second))
}

// Condition returns the state of the meter.
func (m *Meter) Condition() Condition { return m.condition }

// Set puts the meter into another condition; the error says why a meter cannot be in it, and nothing changes.
func (m *Meter) Set(c Condition) error {
	if err := c.Check(m.scenario.Phases); err != nil {
		return fmt.Errorf("set condition: %w", err)
	}
	m.condition = c
	return nil
}

// happen makes the changes that are due by a second.
func (m *Meter) happen(second int64) {
	for len(m.pending) > 0 {
		due := m.scenario.Start.Add(m.pending[0].After)
		if due.After(time.Unix(second, 0)) {
			return
		}
		change := m.pending[0]
		m.pending = m.pending[1:]
		change.Do(m)
	}
}
