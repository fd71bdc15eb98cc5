package linky

// industrial appends groups in the manner of the meters of businesses, PME-PMI (02E): the grammar of historic mode,
// names with lower case and signs, values that carry their units. It is not the full set of such a meter, which has some
// sixty labels: what a decoder has to stand is their form.
//
//	Example: "\nEA_s 19824794Wh 6\r"
func (m *Meter) industrial(dst []byte) []byte {
	l := lines{out: dst, separator: space}
	season := "E"
	if highSeason(m.legal.last.date.month) {
		season = "H"
	}
	rate := "HP" + season
	if m.tariff.offPeak {
		rate = "HC" + season
	}
	l.text("ADS", m.address)
	l.text("MESURES1", "BT 4 SUP36")
	l.text("PTCOUR1", rate)
	l.text("TARIFDYN", "INACTIF")
	l.united("EA_s", m.index.drawn.hours, "Wh")
	l.united("ER+_s", m.index.reactive[0].hours, "varh")
	l.united("ER-_s", m.index.reactive[3].hours, "varh")
	l.united("PS", int64(m.scenario.SubscribedKVA), "kVA")
	l.united("PA1MN", (max(m.now.active, 0)+500)/1000, "kW")
	l.united("PMAX_s", m.drawn.today.value, "VA")
	return l.out
}

// united writes a group with a number that is not padded, and its unit.
func (l *lines) united(label string, value int64, unit string) {
	l.open(label)
	width := 1
	for rest := value; rest > 9; rest /= 10 {
		width++
	}
	l.out = append(appendPadded(l.out, width, value), unit...)
	l.shut()
}
