package linky

// standard appends the groups of a standard-mode frame, Enedis-NOI-CPT_54E §6.2, in the order meters send them.
func (m *Meter) standard(dst []byte) []byte {
	l := lines{out: dst, separator: tab, degraded: m.condition.Degraded}
	m.sayWho(&l)
	m.sayIndexes(&l)
	m.sayLine(&l)
	m.sayPower(&l)
	m.sayMaxima(&l)
	m.sayInjected(&l)
	m.sayMeans(&l)
	m.sayStatus(&l)
	m.sayPeaks(&l)
	m.sayPlan(&l)
	return l.out
}

// sayWho is ADSC to LTARF.
func (m *Meter) sayWho(l *lines) {
	l.text("ADSC", m.address)
	if m.scenario.Model == Pilot {
		l.text("VTIC", "01")
	} else {
		l.text("VTIC", "02")
	}
	l.open("DATE") // a horodate and an empty value
	l.out = append(appendHorodate(l.out, m.second, l.degraded), tab)
	l.shut()
	m.sayNames(l)
}

// sayNames is NGTF and LTARF, where they were programmed.
func (m *Meter) sayNames(l *lines) {
	if name := m.calendar.Name; name != "" && !m.scenario.Unnamed {
		l.padded("NGTF", 16, name)
	}
	if name := m.calendar.Rates[m.tariff.supplier-1]; name != "" && !m.scenario.Unnamed {
		l.padded("LTARF", 16, name)
	}
}

// sayIndexes is EAST to ERQ4. All registers are always sent, used or not; those of a producer only by a producer.
func (m *Meter) sayIndexes(l *lines) {
	supplier := [...]string{"EASF01", "EASF02", "EASF03", "EASF04", "EASF05", "EASF06", "EASF07", "EASF08", "EASF09", "EASF10"}
	distributor := [...]string{"EASD01", "EASD02", "EASD03", "EASD04"}
	l.number("EAST", 9, m.index.drawn.hours)
	for i, label := range supplier {
		l.number(label, 9, m.index.supplier[i])
	}
	for i, label := range distributor {
		l.number(label, 9, m.index.distributor[i])
	}
	if !m.scenario.Producer {
		return
	}
	l.number("EAIT", 9, m.index.injected.hours)
	for i, label := range [...]string{"ERQ1", "ERQ2", "ERQ3", "ERQ4"} {
		l.number(label, 9, m.index.reactive[i].hours)
	}
}

// sayLine is IRMS1 to PCOUP.
func (m *Meter) sayLine(l *lines) {
	amps := [3]string{"IRMS1", "IRMS2", "IRMS3"}
	volts := [3]string{"URMS1", "URMS2", "URMS3"}
	for phase := range m.scenario.Phases {
		l.number(amps[phase], 3, m.now.amps[phase])
	}
	for phase := range m.scenario.Phases {
		l.number(volts[phase], 3, m.now.volts[phase])
	}
	l.number("PREF", 2, int64(m.scenario.SubscribedKVA))
	l.number("PCOUP", 2, int64(m.scenario.SubscribedKVA))
}

// sayPower is SINSTS and, on three phases, SINSTS1 to SINSTS3.
func (m *Meter) sayPower(l *lines) {
	l.number(m.named("SINSTS", "SINST1"), 5, m.now.totalDrawn)
	if m.scenario.Phases != 3 {
		return
	}
	for phase, label := range [3]string{"SINSTS1", "SINSTS2", "SINSTS3"} {
		l.number(label, 5, m.now.drawn[phase])
	}
}

// named is a label, or that of a pilot meter.
func (m *Meter) named(label, pilot string) string {
	if m.scenario.Model == Pilot {
		return pilot
	}
	return label
}

// sayMaxima is SMAXSN to SMAXSN3-1: today's maxima, then yesterday's.
func (m *Meter) sayMaxima(l *lines) {
	today := [3]string{"SMAXSN1", "SMAXSN2", "SMAXSN3"}
	yesterday := [3]string{"SMAXSN1-1", "SMAXSN2-1", "SMAXSN3-1"}
	l.dated(m.named("SMAXSN", "SMAXN"), 5, m.drawn.today)
	if m.scenario.Phases == 3 {
		for phase, label := range today {
			l.dated(label, 5, m.phases[phase].today)
		}
	}
	l.dated(m.named("SMAXSN-1", "SMAXN-1"), 5, m.drawn.yesterday)
	if m.scenario.Phases == 3 {
		for phase, label := range yesterday {
			l.dated(label, 5, m.phases[phase].yesterday)
		}
	}
}

// sayInjected is SINSTI to SMAXIN-1.
func (m *Meter) sayInjected(l *lines) {
	if !m.scenario.Producer {
		return
	}
	l.number("SINSTI", 5, m.now.totalSent)
	l.dated("SMAXIN", 5, m.sent.today)
	l.dated("SMAXIN-1", 5, m.sent.yesterday)
}

// sayMeans is CCASN to UMOY3.
func (m *Meter) sayMeans(l *lines) {
	m.sayCurves(l)
	volts := [3]string{"UMOY1", "UMOY2", "UMOY3"}
	for phase := range m.scenario.Phases {
		l.dated(volts[phase], 3, m.volts[phase].last)
	}
}

// sayCurves is CCASN to CCAIN-1, when the load curve is on.
func (m *Meter) sayCurves(l *lines) {
	if m.scenario.NoCurve {
		return
	}
	l.dated("CCASN", 5, m.curve.last)
	l.dated("CCASN-1", 5, m.curve.before)
	if m.scenario.Producer {
		l.dated("CCAIN", 5, m.sending.last)
		l.dated("CCAIN-1", 5, m.sending.before)
	}
}

// sayStatus is STGE.
func (m *Meter) sayStatus(l *lines) {
	l.open("STGE")
	l.out = appendHex(l.out, 8, m.status())
	l.shut()
}

// sayPeaks is DPM1 to FPM3: the start and the end of the mobile peaks that are announced or running.
func (m *Meter) sayPeaks(l *lines) {
	start, end := [...]string{"DPM1", "DPM2", "DPM3"}, [...]string{"FPM1", "FPM2", "FPM3"}
	for i, peak := range m.tariff.peaks {
		if peak != (span{}) {
			sayPeak(l, start[i], peak.from)
			sayPeak(l, end[i], peak.to)
		}
	}
}

// sayPeak writes when a mobile peak starts or ends. The value is 00 on every meter seen.
func sayPeak(l *lines, label string, minute int64) {
	l.open(label)
	l.out = append(appendPeakHorodate(l.out, minute), tab, '0', '0')
	l.shut()
}

// sayPlan is MSG1 to PPOINTE.
func (m *Meter) sayPlan(l *lines) {
	m.sayMessages(l)
	l.text("PRM", m.point)
	l.number("RELAIS", 3, m.relays())
	l.number("NTARF", 2, int64(m.tariff.supplier))
	l.number("NJOURF", 2, int64(m.tariff.profile))
	l.number("NJOURF+1", 2, int64(m.tariff.next))
	sayProfile(l, "PJOURF+1", m.calendar.Days[m.tariff.next])
	if m.tariff.pending != 0 {
		sayProfile(l, "PPOINTE", m.calendar.Peaks[m.tariff.pending-1].Day)
	}
}

// sayMessages is MSG1, and MSG2 in a single frame.
func (m *Meter) sayMessages(l *lines) {
	if m.condition.Message == "" {
		l.text("MSG1", "PAS DE          MESSAGE         ")
	} else {
		l.padded("MSG1", 32, m.condition.Message)
	}
	if m.condition.ShortMessage != "" {
		l.padded("MSG2", 16, m.condition.ShortMessage)
		m.condition.ShortMessage = ""
	}
}

func sayProfile(l *lines, label string, day Day) {
	l.open(label)
	l.out = day.appendTo(l.out)
	l.shut()
}
