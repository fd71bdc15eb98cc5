package linky

// historic appends the groups of a historic-mode frame, Enedis-NOI-CPT_02E and 54E §6.1, or on three phases
// those of a short frame during an overload.
func (m *Meter) historic(dst []byte) []byte {
	l := lines{out: dst, separator: space}
	if m.scenario.Phases == 3 && m.alarm.wantsShort(m.second) {
		m.sayShort(&l)
		return l.out
	}
	if m.scenario.Model == Plain {
		m.sayState(&l)
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

// sayContract is ADCO to ISOUSC. The last character of Tempo's OPTARIF holds the programs of two circuits (02E).
func (m *Meter) sayContract(l *lines) {
	l.text("ADCO", m.address)
	l.open("OPTARIF")
	l.out = append(l.out, [...]string{"BASE", "HC..", "BBR", "EJP."}[m.contract.historic()]...)
	if m.contract == Tempo {
		l.out = append(l.out, byte('('+m.scenario.TempoProgram))
	}
	l.shut()
	l.number("ISOUSC", 2, m.limit)
}

// sayHistoricIndexes is BASE, or HCHC and HCHP, BBRHCJB to BBRHPJR, EJPHN and EJPHPM: the supplier's indexes from 1 on.
func (m *Meter) sayHistoricIndexes(l *lines) {
	twoRates := [...]string{"HCHC", "HCHP"}
	tempo := [...]string{"BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"}
	ejp := [...]string{"EJPHN", "EJPHPM"}
	chosen := twoRates[:]
	switch m.contract.historic() {
	case Base:
		l.number("BASE", 9, m.index.drawn.hours)
		return
	case Tempo:
		chosen = tempo[:]
	case EJP:
		chosen = ejp[:]
	}
	for i, label := range chosen {
		l.number(label, 9, m.index.supplier[i])
	}
}

// sayRate is PEJP, PTEC and DEMAIN: what is counted now, and what is announced.
func (m *Meter) sayRate(l *lines) {
	index := m.tariff.supplier - 1
	switch m.contract.historic() {
	case Base:
		l.text("PTEC", "TH..")
	case PeakOffPeak:
		l.text("PTEC", [...]string{"HC..", "HP.."}[index])
	case EJP:
		if m.tariff.notice != 0 || m.tariff.running != 0 {
			l.text("PEJP", "30")
		}
		l.text("PTEC", [...]string{"HN..", "PM.."}[index])
	case Tempo:
		l.text("PTEC", [...]string{"HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR"}[index])
		l.text("DEMAIN", [...]string{"----", "BLEU", "BLAN", "ROUG"}[m.tariff.tomorrow])
	}
}

// sayCurrents is IINST, ADPS and IMAX, or their three-phase forms. A Linky's IMAX is a constant (54E §6.1), that of a
// meter before it the highest current it ever saw.
func (m *Meter) sayCurrents(l *lines) {
	if m.scenario.Phases == 1 {
		l.number("IINST", 3, m.now.amps[0])
		if m.alarm.over[0] {
			l.number("ADPS", 3, m.now.amps[0])
		}
		l.number("IMAX", 3, m.highestCurrent(0, 90))
		return
	}
	for phase, label := range [3]string{"IINST1", "IINST2", "IINST3"} {
		l.number(label, 3, m.now.amps[phase])
	}
	for phase, label := range [3]string{"IMAX1", "IMAX2", "IMAX3"} {
		l.number(label, 3, m.highestCurrent(phase, 60))
	}
	if m.scenario.Model.old() {
		l.number("PMAX", 5, m.highest.watts)
	} else {
		l.number("PMAX", 5, m.drawn.yesterday.value)
	}
}

// highestCurrent is IMAX; constant is what a Linky says.
func (m *Meter) highestCurrent(phase int, constant int64) int64 {
	if m.scenario.Model.old() {
		return m.highest.amps[phase]
	}
	return constant
}

// sayEnd is PAPP to PPOT. PAPP is rounded to ten volt-amperes (02E), but not by the three-phase meters before Linky,
// which have HHPHC only where there are off-peak hours.
func (m *Meter) sayEnd(l *lines) {
	three := m.scenario.Phases == 3
	old := m.scenario.Model == Electronic && three
	switch {
	case m.scenario.Model == Plain: // it measures no apparent power
	case old:
		l.number("PAPP", 5, m.now.totalDrawn)
	default:
		l.number("PAPP", 5, (m.now.totalDrawn+5)/10*10)
	}
	if m.scenario.Model != Plain && !(old && (m.contract == Base || m.contract == EJP)) {
		l.text("HHPHC", m.timetable)
	}
	if m.scenario.Model != Plain {
		m.sayState(l)
	}
	if three {
		l.open("PPOT")
		l.out = appendHex(l.out, 2, flag(m.condition.Lost != 0, 1)<<m.condition.Lost)
		l.shut()
	}
}

// sayState is MOTDETAT, a word for the distributor.
func (m *Meter) sayState(l *lines) {
	if m.scenario.Model == Electronic && m.scenario.Phases == 3 {
		l.text("MOTDETAT", "400000")
		return
	}
	l.text("MOTDETAT", "000000")
}
