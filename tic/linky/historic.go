package linky

// historic appends the groups of a historic-mode frame, Enedis-NOI-CPT_02E and 54E §6.1, or on three phases
// those of a short frame during an overload.
func (m *Meter) historic(dst []byte) []byte {
	l := lines{out: dst, separator: space}
	if m.scenario.Phases == 3 && m.alarm.wantsShort(m.second) {
		m.sayShort(&l)
		return l.out
	}
	m.sayContract(&l)
	m.sayHistoricIndexes(&l)
	m.sayRate(&l)
	m.sayCurrents(&l)
	m.sayEnd(&l)
	return l.out
}

// wantsShort counts out the cycle of an overload: twenty short frames, then a long one, until one minute after it.
func (a *alarm) wantsShort(unix int64) bool {
	if unix >= a.until || a.short == 20 {
		a.short = 0
		return false
	}
	a.short++
	return true
}

// sayShort is ADIR1 to IINST3 (02E table 5): ADIR only for the phases that are over.
func (m *Meter) sayShort(l *lines) {
	for phase, label := range [3]string{"ADIR1", "ADIR2", "ADIR3"} {
		if m.alarm.over[phase] {
			l.number(label, 3, m.now.amps[phase])
		}
	}
	l.text("ADCO", m.address)
	for phase, label := range [3]string{"IINST1", "IINST2", "IINST3"} {
		l.number(label, 3, m.now.amps[phase])
	}
}

// sayContract is ADCO to ISOUSC.
func (m *Meter) sayContract(l *lines) {
	l.text("ADCO", m.address)
	l.text("OPTARIF", [...]string{"BASE", "HC..", "BBR("}[m.scenario.Contract])
	l.number("ISOUSC", 2, m.limit)
}

// sayHistoricIndexes is BASE, or HCHC and HCHP, or BBRHCJB to BBRHPJR: the supplier's indexes from 1 on.
func (m *Meter) sayHistoricIndexes(l *lines) {
	labels := [...]string{"BASE"}
	twoRates := [...]string{"HCHC", "HCHP"}
	tempo := [...]string{"BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"}
	chosen := labels[:]
	switch m.scenario.Contract {
	case PeakOffPeak:
		chosen = twoRates[:]
	case Tempo:
		chosen = tempo[:]
	}
	for i, label := range chosen {
		l.number(label, 9, m.index.supplier[i])
	}
}

// sayRate is PTEC and, on Tempo, DEMAIN.
func (m *Meter) sayRate(l *lines) {
	switch m.scenario.Contract {
	case PeakOffPeak:
		l.text("PTEC", [...]string{"HC..", "HP.."}[m.tariff.supplier-1])
	case Tempo:
		l.text("PTEC", [...]string{"HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR"}[m.tariff.supplier-1])
		l.text("DEMAIN", [...]string{"----", "BLEU", "BLAN", "ROUG"}[m.tariff.tomorrow])
	default:
		l.text("PTEC", "TH..")
	}
}

// sayCurrents is IINST, ADPS and IMAX, or their three-phase forms. A Linky's IMAX is a constant (54E §6.1).
func (m *Meter) sayCurrents(l *lines) {
	if m.scenario.Phases == 1 {
		l.number("IINST", 3, m.now.amps[0])
		if m.alarm.over[0] {
			l.number("ADPS", 3, m.now.amps[0])
		}
		l.number("IMAX", 3, 90)
		return
	}
	for phase, label := range [3]string{"IINST1", "IINST2", "IINST3"} {
		l.number(label, 3, m.now.amps[phase])
	}
	for _, label := range [3]string{"IMAX1", "IMAX2", "IMAX3"} {
		l.number(label, 3, 60)
	}
	l.number("PMAX", 5, m.drawn.yesterday.value)
}

// sayEnd is PAPP to PPOT. PAPP is rounded to ten volt-amperes (02E).
func (m *Meter) sayEnd(l *lines) {
	l.number("PAPP", 5, (m.now.totalDrawn+5)/10*10)
	l.text("HHPHC", "A")
	l.text("MOTDETAT", "000000")
	if m.scenario.Phases == 3 {
		l.text("PPOT", "00")
	}
}
