package series

import (
	"releve/senml"
	"releve/tic"
)

// instants are the powers, currents and voltages of the moment. SINST1 is what a pilot meter (VTIC 01) calls SINSTS.
func instants() []entry {
	const std, his = tic.Standard, tic.Historic
	return []entry{
		{"SINSTS", std, 0, PathPower, "VA", number(), "Puissance apparente soutirée", "Apparent power drawn"},
		{"SINST1", std, 0, PathPower, "VA", number(), "Puissance apparente soutirée", "Apparent power drawn"},
		{"SINSTS%d", std, 3, PathPower + "/%d", "VA", number(), "Puissance apparente soutirée, phase %d", "Apparent power drawn, phase %d"},
		{"SINSTI", std, 0, PathInjected, "VA", number(), "Puissance apparente injectée", "Apparent power injected"},
		{"IRMS%d", std, 3, "current/%d", "A", number(), "Courant efficace, phase %d", "Current, phase %d"},
		{"URMS%d", std, 3, "voltage/%d", "V", number(), "Tension efficace, phase %d", "Voltage, phase %d"},

		{"PAPP", his, 0, PathPower, "VA", number(), "Puissance apparente soutirée", "Apparent power drawn"},
		{"IINST", his, 0, "current/1", "A", number(), "Courant, phase 1", "Current, phase 1"},
		{"IINST%d", his, 3, "current/%d", "A", number(), "Courant, phase %d", "Current, phase %d"},
		{"ADPS", his, 0, "current/1/over", "A", number(), "Courant au-delà du souscrit, phase 1", "Current above the subscribed one, phase 1"},
	}
}

// maxima are the highest values of a day. Those of standard mode are dated at the moment they were reached, so that
// yesterday's is a point of the same series. Historic mode does not say when: those are of the moment they are heard.
func maxima() []entry {
	const std, his = tic.Standard, tic.Historic
	const drawn, injected = "consumption/power/apparent/max", "production/power/apparent/max"
	return []entry{
		{"SMAXSN", std, 0, drawn, "VA", dated(itsMoment), "Puissance apparente maximale soutirée", "Highest apparent power drawn"},
		{"SMAXSN-1", std, 0, drawn, "VA", dated(itsMoment), "Puissance apparente maximale soutirée", "Highest apparent power drawn"},
		{"SMAXN", std, 0, drawn, "VA", dated(itsMoment), "Puissance apparente maximale soutirée", "Highest apparent power drawn"},
		{"SMAXN-1", std, 0, drawn, "VA", dated(itsMoment), "Puissance apparente maximale soutirée", "Highest apparent power drawn"},
		{"SMAXSN%d", std, 3, drawn + "/%d", "VA", dated(itsMoment), "Puissance apparente maximale soutirée, phase %d", "Highest apparent power drawn, phase %d"},
		{"SMAXSN%d-1", std, 3, drawn + "/%d", "VA", dated(itsMoment), "Puissance apparente maximale soutirée, phase %d", "Highest apparent power drawn, phase %d"},
		{"SMAXIN", std, 0, injected, "VA", dated(itsMoment), "Puissance apparente maximale injectée", "Highest apparent power injected"},
		{"SMAXIN-1", std, 0, injected, "VA", dated(itsMoment), "Puissance apparente maximale injectée", "Highest apparent power injected"},

		{"IMAX", his, 0, "current/1/max", "A", number(), "Courant maximal, phase 1", "Highest current, phase 1"},
		{"IMAX%d", his, 3, "current/%d/max", "A", number(), "Courant maximal, phase %d", "Highest current, phase %d"},
		// 02E says W, ever; 54E says VA, of the day before. No frame tells which.
		{"PMAX", his, 0, "consumption/power/max", "W", number(), "Puissance maximale (sur un Linky : VA, de la veille)", "Highest power (on a Linky: VA, of the day before)"},
	}
}

// means are dated at the beginning of their period.
func means() []entry {
	const std = tic.Standard
	const drawn, injected = "consumption/power/active/mean", "production/power/active/mean"
	return []entry{
		{"CCASN", std, 0, drawn, "W", dated(itsCurve), "Puissance active moyenne soutirée", "Mean active power drawn"},
		{"CCASN-1", std, 0, drawn, "W", dated(itsCurve), "Puissance active moyenne soutirée", "Mean active power drawn"},
		{"CCAIN", std, 0, injected, "W", dated(itsCurve), "Puissance active moyenne injectée", "Mean active power injected"},
		{"CCAIN-1", std, 0, injected, "W", dated(itsCurve), "Puissance active moyenne injectée", "Mean active power injected"},
		{"UMOY%d", std, 3, "voltage/%d/mean", "V", dated(itsTenMinutes), "Tension moyenne, phase %d", "Mean voltage, phase %d"},
	}
}

// indexes are the registers of standard mode. Those of a concentrator (historic) count decalitres.
func indexes() []entry {
	const std, his = tic.Standard, tic.Historic
	return []entry{
		{"EAST", std, 0, PathDrawn, "Wh", index(), "Index d'énergie soutirée", "Index of energy drawn"},
		{"EASF%02d", std, 10, pathSupplier + "%d", "Wh", index(), "Index fournisseur %d", "Supplier index %d"},
		{"EASD%02d", std, 4, PathDrawn + "/distributor/%d", "Wh", index(), "Index distributeur %d", "Distributor index %d"},
		{"EAIT", std, 0, PathInjectedIndex, "Wh", index(), "Index d'énergie injectée", "Index of energy injected"},
		{"ERQ%d", std, 4, "energy/reactive/index/%d", "varh", index(), "Index d'énergie réactive, quadrant %d", "Index of reactive energy, quadrant %d"},

		{"GAZ", his, 0, "gas/volume/index", "m3", decalitres(), "Index de gaz", "Gas index"},
		{"AUTRE", his, 0, "other/volume/index", "m3", decalitres(), "Autre index", "Other index"},
	}
}

// historicIndexes are the supplier's indexes in historic mode, numbered as the meter numbers them in standard mode, so
// that a change of mode continues the same series.
func historicIndexes() []entry {
	var list []entry
	for _, labels := range contracts() {
		for i, label := range labels {
			list = append(list, entry{
				label, tic.Historic, 0, numbered(pathSupplier+"%d", i+1), "Wh", index(),
				numbered("Index fournisseur %d", i+1), numbered("Supplier index %d", i+1),
			})
		}
	}
	return list
}

// number reads a whole number. What is none is no reading.
func number() reading { return reading{value: readNumber} }

// index reads an energy register.
func index() reading { return reading{value: readNumber, index: true} }

// dated reads a number that has a time of its own.
func dated(d dating) reading { return reading{value: readNumber, dating: d} }

// decalitres reads a volume into cubic metres, the only volume both RFC 8428 and people use.
func decalitres() reading {
	return reading{value: func(g tic.Group, _ int) (senml.Value, bool) {
		n, err := g.Uint()
		return senml.NumberValue(float64(n) / 100), err == nil
	}}
}

func readNumber(g tic.Group, _ int) (senml.Value, bool) {
	n, err := g.Uint()
	return senml.NumberValue(float64(n)), err == nil
}
