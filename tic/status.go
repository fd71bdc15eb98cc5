package tic

import (
	"fmt"
	"strings"
)

// Status is STGE, the status register: 32 bits as eight hexadecimal digits, 54E §6.2.3.14. Bit 0 is the last one sent.
//
//	Example: 463A0800, supplier index 3 on a white day, blue tomorrow, mobile peak 1 in progress
type Status struct {
	ContactOpen      bool      // bit 0: the dry contact; RELAIS says the same the other way round
	Breaker          Breaker   // bits 1–3
	CoverOpen        bool      // bit 4: cover of the distributor's terminals
	Overvoltage      bool      // bit 6: on one of the phases
	OverPower        bool      // bit 7: above the reference power; standard mode has no ADPS
	Producer         bool      // bit 8
	Injecting        bool      // bit 9: active energy is negative now
	SupplierIndex    int       // bits 10–13, 1 to 10: the index that counts, as NTARF
	DistributorIndex int       // bits 14–15, 1 to 4
	ClockDegraded    bool      // bit 16: the clock lost power and may be wrong
	Mode             Mode      // bit 17
	Euridis          Euridis   // bits 19–20
	PowerLine        PowerLine // bits 21–22
	Synchronised     bool      // bit 23: with the power line
	Today            Colour    // bits 24–25
	Tomorrow         Colour    // bits 26–27, NoColour until it is announced
	PeakNotice       int       // bits 28–29: number of the announced mobile peak, 0 for none
	Peak             int       // bits 30–31: number of the mobile peak in progress, 0 for none
}

// ParseStatus reads eight hexadecimal digits. A code the specification does not define is an error. Bit 18, unused, is
// ignored.
func ParseStatus(raw []byte) (Status, error) {
	r, ok := hexadecimal(raw)
	if !ok || len(raw) != 8 {
		return Status{}, fmt.Errorf("read status: %q is not eight hexadecimal digits", raw)
	}
	s := Status{
		ContactOpen:      r&(1<<0) != 0,
		Breaker:          Breaker(r >> 1 & 7),
		CoverOpen:        r&(1<<4) != 0,
		Overvoltage:      r&(1<<6) != 0,
		OverPower:        r&(1<<7) != 0,
		Producer:         r&(1<<8) != 0,
		Injecting:        r&(1<<9) != 0,
		SupplierIndex:    int(r>>10&15) + 1,
		DistributorIndex: int(r>>14&3) + 1,
		ClockDegraded:    r&(1<<16) != 0,
		Mode:             Historic + Mode(r>>17&1),
		Euridis:          Euridis(r >> 19 & 3),
		PowerLine:        PowerLine(r >> 21 & 3),
		Synchronised:     r&(1<<23) != 0,
		Today:            Colour(r >> 24 & 3),
		Tomorrow:         Colour(r >> 26 & 3),
		PeakNotice:       int(r >> 28 & 3),
		Peak:             int(r >> 30 & 3),
	}
	if fault := s.fault(r); fault != "" {
		return Status{}, fmt.Errorf("read status %s: %s", raw, fault)
	}
	return s, nil
}

// fault names the first field that holds what the specification does not define.
func (s *Status) fault(register uint64) string {
	switch {
	case s.Breaker > OverheatBelow:
		return "breaker is 7, want 0 to 6"
	case register&(1<<5) != 0:
		return "bit 5 is set, want 0"
	case s.SupplierIndex > supplierIndexes:
		return fmt.Sprintf("supplier index is %d, want 1 to %d", s.SupplierIndex, supplierIndexes)
	case s.Euridis == 2:
		return "Euridis output is 2, want 0, 1 or 3"
	case s.PowerLine == 3:
		return "power line is 3, want 0 to 2"
	}
	return ""
}

// supplierIndexes is how many indexes a supplier's calendar has at most, EASF01 to EASF10.
const supplierIndexes = 10

// String returns the register as the meter writes it.
func (s Status) String() string {
	r := uint32(s.Breaker)<<1 | uint32(s.SupplierIndex-1)<<10 | uint32(s.DistributorIndex-1)<<14 |
		uint32(s.Euridis)<<19 | uint32(s.PowerLine)<<21 | uint32(s.Today)<<24 | uint32(s.Tomorrow)<<26 |
		uint32(s.PeakNotice)<<28 | uint32(s.Peak)<<30
	for bit, set := range map[int]bool{
		0: s.ContactOpen, 4: s.CoverOpen, 6: s.Overvoltage, 7: s.OverPower, 8: s.Producer, 9: s.Injecting,
		16: s.ClockDegraded, 17: s.Mode == Standard, 23: s.Synchronised,
	} {
		if set {
			r |= 1 << bit
		}
	}
	return fmt.Sprintf("%08X", r)
}

// Breaker is the state of the breaker inside the meter, and why it is open.
type Breaker uint8

// The states of the breaker.
const (
	Closed        Breaker = iota
	OverPowerTrip         // the breaking power was exceeded
	OvervoltageTrip
	LoadShedding
	Ordered       // by the distributor, over the power line or Euridis
	OverheatAbove // overheated, with a current above the most it can switch
	OverheatBelow // overheated, with a current below it
)

// String returns the state in a few words.
func (b Breaker) String() string {
	return word(b, "closed", "open: over power", "open: overvoltage", "open: load shedding", "open: ordered",
		"open: overheated above the switching current", "open: overheated below the switching current")
}

// Euridis is the state of the output for the meter reader's terminal.
type Euridis uint8

// The states of the Euridis output; 2 is not defined.
const (
	EuridisOff     Euridis = 0
	EuridisOpen    Euridis = 1 // on, without security
	EuridisSecured Euridis = 3 // on, with security
)

// String returns the state in a word.
func (e Euridis) String() string { return word(e, "off", "on", "", "secured") }

// PowerLine is the state of the link over the power line.
type PowerLine uint8

// The states of the power line; 3 is not defined.
const (
	NewUnlocked PowerLine = iota
	NewLocked
	Registered
)

// String returns the state as the specification writes it.
func (p PowerLine) String() string { return word(p, "New/Unlock", "New/Lock", "Registered") }

// word returns the word of a code, which a code that is not defined has not.
func word[T ~uint8](code T, words ...string) string {
	if int(code) < len(words) && words[code] != "" {
		return words[code]
	}
	return fmt.Sprintf("undefined (%d)", code)
}

// Relays is RELAIS: bit 0 is relay 1, the dry contact of the meter; 2 to 8 are virtual. A set bit is CLOSED.
type Relays uint8

// ParseRelays reads three decimal digits, 000 to 255.
func ParseRelays(raw []byte) (Relays, error) {
	r, ok := relays(raw)
	if !ok {
		return 0, fmt.Errorf("read relays: %q is not a number from 000 to 255", raw)
	}
	return r, nil
}

func relays(raw []byte) (Relays, bool) {
	n, ok := decimal(raw)
	return Relays(n), ok && len(raw) == 3 && n <= 255
}

// Closed reports whether a relay, 1 to 8, is closed.
func (r Relays) Closed(relay int) bool {
	return relay >= 1 && relay <= 8 && r&(1<<(relay-1)) != 0
}

// String returns the three digits.
func (r Relays) String() string { return fmt.Sprintf("%03d", uint8(r)) }

// MissingPhases is PPOT: bit n is set when the voltage of phase n, 1 to 3, is below the threshold. Bit 0 is always 0.
type MissingPhases uint8

// ParseMissingPhases reads two hexadecimal digits, 02E Table 3.
func ParseMissingPhases(raw []byte) (MissingPhases, error) {
	n, ok := hexadecimal(raw)
	if !ok || len(raw) != 2 || n&^0x0E != 0 {
		return 0, fmt.Errorf("read missing phases: %q is not 00 to 0E and even", raw)
	}
	return MissingPhases(n), nil
}

// Missing reports whether a phase, 1 to 3, has no voltage.
func (m MissingPhases) Missing(phase int) bool {
	return phase >= 1 && phase <= 3 && m&(1<<phase) != 0
}

// String lists the phases, or says none.
func (m MissingPhases) String() string {
	var phases []string
	for n := 1; n <= 3; n++ {
		if m.Missing(n) {
			phases = append(phases, fmt.Sprint(n))
		}
	}
	if phases == nil {
		return "none"
	}
	return strings.Join(phases, " ")
}
