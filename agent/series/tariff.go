package series

import (
	"bytes"

	"releve/senml"
	"releve/tic"
)

// contract is what was agreed with the supplier.
func contract() []entry {
	const std, his = tic.Standard, tic.Historic
	return []entry{
		{"PREF", std, 0, PathSubscribed, "kVA", number(), "Puissance souscrite", "Subscribed power"},
		{"PCOUP", std, 0, pathBreaking, "kVA", number(), "Puissance de coupure", "Breaking power"},
		{"NGTF", std, 0, PathCalendar, "", text(), "Calendrier du fournisseur", "Supplier's calendar"},

		{"ISOUSC", his, 0, PathSubscribedCurrent, "A", number(), "Intensité souscrite", "Subscribed current"},
		{"OPTARIF", his, 0, PathOption, "", parsed(tic.ParseOption, func(o tic.Option) senml.Value {
			return senml.TextValue(o.String())
		}), "Option tarifaire", "Tariff option"},
		{"HHPHC", his, 0, "tariff/timetable", "", text(), "Horaire heures pleines, heures creuses", "Timetable of peak and off-peak hours"},
	}
}

// tariffs is what counts now and next, in standard mode.
func tariffs() []entry {
	const std = tic.Standard
	return []entry{
		{"LTARF", std, 0, PathTariff, "", text(), "Tarif en cours", "Current tariff"},
		{"NTARF", std, 0, PathTariffIndex, "", number(), "Index fournisseur en cours", "Supplier index in use"},
		{"STGE", std, 0, "tariff/index/distributor", "", count(func(s tic.Status) int { return s.DistributorIndex }), "Index distributeur en cours", "Distributor index in use"},
		{"STGE", std, 0, PathColourToday, "", state(func(s tic.Status) string { return s.Today.String() }), "Couleur du jour", "Colour of today"},
		{"STGE", std, 0, PathColourTomorrow, "", state(func(s tic.Status) string { return s.Tomorrow.String() }), "Couleur du lendemain", "Colour of tomorrow"},
		{"STGE", std, 0, "tariff/peak/notice", "", count(func(s tic.Status) int { return s.PeakNotice }), "Préavis de pointe mobile", "Notice of a mobile peak"},
		{"STGE", std, 0, "tariff/peak/current", "", count(func(s tic.Status) int { return s.Peak }), "Pointe mobile en cours", "Mobile peak in progress"},
		{"DPM%d", std, 3, "tariff/peak/%d/start", "", localTime(), "Début de la pointe mobile %d", "Start of mobile peak %d"},
		{"FPM%d", std, 3, "tariff/peak/%d/end", "", localTime(), "Fin de la pointe mobile %d", "End of mobile peak %d"},
	}
}

// historicTariffs is what counts now and next, in historic mode.
func historicTariffs() []entry {
	const his = tic.Historic
	return []entry{
		{"PTEC", his, 0, PathTariff, "", text(), "Tarif en cours", "Current tariff"},
		{"PTEC", his, 0, PathTariffIndex, "", reading{value: readPeriodIndex}, "Index fournisseur en cours", "Supplier index in use"},
		{"PTEC", his, 0, PathColourToday, "", reading{value: readPeriodColour}, "Couleur du jour", "Colour of today"},
		{"DEMAIN", his, 0, PathColourTomorrow, "", parsed(tic.ParseColour, func(c tic.Colour) senml.Value {
			return senml.TextValue(c.String())
		}), "Couleur du lendemain", "Colour of tomorrow"},
		{"PEJP", his, 0, "tariff/peak/warning", "min", number(), "Préavis de pointe EJP", "Warning before an EJP peak"},
	}
}

// days are the plans of days, in standard mode.
func days() []entry {
	const std = tic.Standard
	return []entry{
		{"NJOURF", std, 0, "tariff/day/today", "", number(), "Profil du jour", "Day profile of today"},
		{"NJOURF+1", std, 0, "tariff/day/tomorrow", "", number(), "Profil du lendemain", "Day profile of tomorrow"},
		{"PJOURF+1", std, 0, "tariff/profile/tomorrow", "", profile(), "Plages horaires du lendemain", "Hours of tomorrow"},
		{"PPOINTE", std, 0, "tariff/profile/peak", "", profile(), "Plages horaires du jour de pointe", "Hours of the peak day"},
	}
}

// readPeriodIndex numbers a period of PTEC as the indexes are numbered: off-peak before peak, blue before white before
// red, and normal hours before mobile peaks.
func readPeriodIndex(g tic.Group, _ int) (senml.Value, bool) {
	p, err := tic.ParsePeriod(g.Value)
	n := 1
	if p.Hours == tic.Peak || p.Hours == tic.MobilePeak {
		n = 2
	}
	if p.Colour != tic.NoColour {
		n += 2 * int(p.Colour-tic.Blue)
	}
	return senml.NumberValue(float64(n)), err == nil
}

// readPeriodColour reads the colour of the day, which only a Tempo contract has.
func readPeriodColour(g tic.Group, _ int) (senml.Value, bool) {
	p, err := tic.ParsePeriod(g.Value)
	return senml.TextValue(p.Colour.String()), err == nil && p.Colour != tic.NoColour
}

// text reads a text without its padding.
func text() reading {
	return reading{value: func(g tic.Group, _ int) (senml.Value, bool) {
		return senml.TextValue(string(bytes.Trim(g.Value, " "))), true
	}}
}

// parsed reads what tic has a type for.
func parsed[T any](parse func([]byte) (T, error), value func(T) senml.Value) reading {
	return reading{value: func(g tic.Group, _ int) (senml.Value, bool) {
		v, err := parse(g.Value)
		if err != nil {
			return senml.Value{}, false
		}
		return value(v), true
	}}
}

// localTime reads a horodate that has no season (DPM, FPM) as ISO 8601 writes a local time, which has no offset either.
func localTime() reading {
	return reading{value: func(g tic.Group, _ int) (senml.Value, bool) {
		h, err := g.Time()
		if err != nil {
			return senml.Value{}, false
		}
		d := h.String()[1:] // AAMMJJhhmmss
		return senml.TextValue("20" + d[0:2] + "-" + d[2:4] + "-" + d[4:6] + "T" + d[6:8] + ":" + d[8:10] + ":" + d[10:12]), true
	}}
}

// profile reads the plan of a day as the meter writes it, without the blocks that are not used.
func profile() reading {
	return reading{value: func(g tic.Group, _ int) (senml.Value, bool) {
		p, err := tic.ParseProfile(g.Value)
		const block = len("HHMMSSSS ")
		used := g.Value[:min(len(g.Value), block*len(p.Blocks()))]
		return senml.TextValue(string(bytes.TrimRight(used, " "))), err == nil
	}}
}
