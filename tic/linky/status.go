package linky

// The fields of STGE that the emulated meter sets, by their lowest bit (54E §6.2.3.14, bit 0 is the last one sent).
const (
	statusContactOpen = 1 << 0
	statusOverPower   = 1 << 7
	statusProducer    = 1 << 8
	statusInjecting   = 1 << 9
	statusSupplier    = 10         // supplier's index less one, four bits
	statusDistributor = 14         // distributor's index less one, two bits
	statusField       = 0x3A << 16 // standard mode, Euridis output with security, power line: as every meter seen
	statusToday       = 24         // colour, two bits
	statusTomorrow    = 26
	statusNotice      = 28 // number of the announced peak, two bits
	statusPeak        = 30 // number of the running peak
)

// status is STGE, the status register.
//
//	Example: 003A0001, base contract, dry contact open
func (m *Meter) status() uint32 {
	t := &m.tariff
	s := uint32(statusField)
	s |= flag(!t.contactClosed(m.scenario.Contract), statusContactOpen)
	s |= flag(m.now.totalDrawn > int64(m.scenario.SubscribedKVA)*1000, statusOverPower)
	s |= flag(m.scenario.Producer, statusProducer)
	s |= flag(m.now.active < 0, statusInjecting)
	s |= uint32(t.supplier-1)<<statusSupplier | uint32(t.distributor-1)<<statusDistributor
	s |= uint32(t.today)<<statusToday | uint32(t.tomorrow)<<statusTomorrow
	s |= uint32(peak(t.tomorrow))<<statusNotice | uint32(peak(t.today))<<statusPeak
	return s
}

func flag(set bool, bit uint32) uint32 {
	if set {
		return bit
	}
	return 0
}

// relays is RELAIS: bit 0 is the dry contact, 1 when CLOSED, the opposite of STGE bit 0.
func (m *Meter) relays() int64 {
	if m.tariff.contactClosed(m.scenario.Contract) {
		return 1
	}
	return 0
}

// contactClosed tells whether the dry contact is closed. The base contract never closes it.
func (t *tariff) contactClosed(c Contract) bool { return c != Base && t.offPeak }

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
