package linky

import "releve/tic"

// The fields of STGE, by their lowest bit (54E §6.2.3.14, bit 0 is the last one sent). Bits 5 and 18 are always 0.
const (
	statusContactOpen  = 1 << 0
	statusBreaker      = 1 // three bits
	statusCover        = 1 << 4
	statusOverVoltage  = 1 << 6
	statusOverPower    = 1 << 7
	statusProducer     = 1 << 8
	statusInjecting    = 1 << 9
	statusSupplier     = 10 // supplier's index less one, four bits
	statusDistributor  = 14 // distributor's index less one, two bits
	statusDegraded     = 1 << 16
	statusStandard     = 1 << 17
	statusEuridis      = 19 // two bits
	statusCarrier      = 21 // two bits
	statusSynchronised = 1 << 23
	statusToday        = 24 // colour, two bits
	statusTomorrow     = 26
	statusNotice       = 28 // number of the announced peak, two bits
	statusPeak         = 30 // number of the running peak
)

// overvoltage is what the condition of that name adds to phase 1, in V: past the 253 V that EN 50160 allows.
const overvoltage = 33

// status is STGE, the status register.
//
//	Example: 003A0001, base contract, dry contact open
func (m *Meter) status() uint32 {
	t, c := &m.tariff, &m.condition
	s := flag(!t.closed, statusContactOpen)
	s |= uint32(c.Breaker)<<statusBreaker | flag(c.CoverOpen, statusCover) | flag(c.Overvoltage, statusOverVoltage)
	s |= flag(m.now.totalDrawn > int64(m.scenario.SubscribedKVA)*1000, statusOverPower)
	s |= flag(m.scenario.Producer, statusProducer) | flag(m.now.active < 0, statusInjecting)
	s |= uint32(t.supplier-1)<<statusSupplier | uint32(t.distributor-1)<<statusDistributor
	s |= flag(c.Degraded, statusDegraded) | flag(m.mode == tic.Standard, statusStandard)
	s |= [...]uint32{3, 1, 0}[c.Euridis]<<statusEuridis | [...]uint32{1, 2, 0}[c.Carrier]<<statusCarrier
	s |= flag(c.Synchronised, statusSynchronised)
	s |= uint32(t.today)<<statusToday | uint32(t.tomorrow)<<statusTomorrow
	s |= uint32(t.notice)<<statusNotice | uint32(t.running)<<statusPeak
	return s
}

func flag(set bool, bit uint32) uint32 {
	if set {
		return bit
	}
	return 0
}

// relays is RELAIS: bit 0 is the dry contact, 1 when CLOSED, the opposite of STGE bit 0; bits 1 to 7 are virtual.
func (m *Meter) relays() int64 {
	relays := int64(m.tariff.virtual) << 1
	if m.tariff.closed {
		relays++
	}
	return relays
}

// alarm is how a historic meter reports more current than was subscribed.
type alarm struct {
	over  [3]bool // by phase, now
	until int64   // short frames are sent up to this second
	short int     // short frames since the last long one
}

// watch compares the current of a second with the subscription.
func (a *alarm) watch(now *measure, limit, unix int64) {
	for phase, amps := range now.amps {
		a.over[phase] = amps > limit
		if a.over[phase] {
			a.until = unix + 60
		}
	}
}
