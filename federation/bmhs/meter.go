package bmhs

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Paths of a meter's series, in the federation's words.
const (
	pathPower         = "consumption/power/apparent/raw"
	pathInjected      = "production/power/apparent/raw"
	pathDrawn         = "consumption/energy/active/index"
	pathSupplier      = pathDrawn + "/provider/"
	pathInjectedIndex = "production/energy/active/index"
	pathMost          = "consumption/power/apparent/max"
	pathCurrent       = "current/1"
	pathCurrentMost   = "current/1/max"
	pathCurrentOver   = "current/1/over"
	pathOver          = "status/over-power"
	pathOption        = "tariff/option"   // OPTARIF, of a meter in historic mode
	pathCalendar      = "tariff/calendar" // NGTF, of one in standard mode
	pathTariff        = "tariff/label"
	pathTariffIndex   = "tariff/index"
	pathSubscribed    = "contract/power/subscribed"   // kVA
	pathSubscribedAmp = "contract/current/subscribed" // A
)

// volts is what BMHS takes a phase for when it turns amperes into watts; contractVolts what makes a contract's amperes.
const volts, contractVolts = 220, 200

// indexPairs are the registers that BMHS knows, and what was drawn since the message before.
var indexPairs = []struct{ index, since string }{{"base", "baseinst"}, {"hchc", "hcinst"}, {"hchp", "hpinst"}}

// metavalues are what a device that is a meter says, in the order of a frame; nil while an index, or both the power and
// the current, are unknown: without them the server can make nothing of it.
func (d *device) metavalues() metavalues {
	c := d.contract()
	if c == nil {
		return nil
	}
	iinst, ok := d.current()
	if !ok {
		return nil
	}
	m := metavalues{{name: "opttarif", Value: c.option, Original: c.original, Label: "Option tarifaire"}}
	m = append(m, d.subscribed()...)
	m = append(m, c.indexes...)
	if c.period != "" {
		m = append(m, metavalue{name: "ptec", Value: c.period, Original: c.periodOriginal, Label: "Période tarifaire"})
	}
	warning := d.warning()
	if iinst.Original != "" {
		m = append(m, iinst)
	}
	if warning.Original != "" {
		m = append(m, warning)
	}
	m = append(m, d.most()...)
	if p, ok := d.number(pathPower); ok {
		m = append(m, metavalue{name: "papp", Value: digits(5, p), Original: d.word("PAPP", "SINSTS"), Label: "Puissance apparente", Unit: "VA"})
	}
	if warning.Original == "" {
		m = append(m, warning)
	}
	if iinst.Original == "" {
		m = append(m, iinst)
	}
	return append(append(m, d.since(c)...), d.further()...)
}

// current is IINST or IRMS1 of a meter of one phase. Of three, or of a meter that does not say it, it is what makes the
// power: the server shows current × 220 as watts. A 0 beside a power would keep the whole message out of the history.
func (d *device) current() (metavalue, bool) {
	amperes, said := d.number(pathCurrent)
	power, powered := d.number(pathPower)
	m := metavalue{name: "iinst", Label: "Intensité instantanée", Unit: "A", Main: true}
	_, three := d.number("current/2")
	if said && !(powered && (three || amperes == 0 && power > 0)) {
		m.Value, m.Original = digits(3, amperes), d.word("IINST", "IRMS1")
		return m, true
	}
	m.Value = strconv.Itoa(int(math.Ceil(power / volts)))
	return m, powered
}

// warning is ADPS: the current at which the subscribed one is exceeded, 0 while it is not.
func (d *device) warning() metavalue {
	m := metavalue{name: "adps", Value: "0", Label: "Avertissement Dépassement Puissance", Unit: "A", Trace: true}
	over, _ := d.number(pathOver)
	amperes, said := d.number(pathCurrentOver)
	if now, ok := d.number(pathCurrent); !said && ok { // STGE says that it is so, and not how much
		amperes = now
	}
	if over != 0 {
		m.Value, m.Original = digits(3, max(amperes, 1)), d.word("ADPS", "STGE")
	}
	return m
}

// subscribed is the contract's current of each phase, which the server names the price of the contract by.
func (d *device) subscribed() metavalues {
	amperes, ok := d.number(pathSubscribedAmp)
	kva, standard := d.number(pathSubscribed)
	if standard && !d.isHistoric() {
		amperes, ok = math.Round(kva*1000/contractVolts), true
	}
	if !ok {
		return nil
	}
	return metavalues{{name: "isousc", Value: digits(2, amperes), Original: d.word("ISOUSC", "PREF"), Label: "Intensité souscrite", Unit: "A"}}
}

// most is the highest current, in standard mode that of the day's highest power.
func (d *device) most() metavalues {
	amperes, ok := d.number(pathCurrentMost)
	power, standard := d.number(pathMost)
	if standard && !d.isHistoric() {
		amperes, ok = math.Ceil(power/volts), true
	}
	if !ok {
		return nil
	}
	return metavalues{{name: "imax", Value: digits(3, amperes), Original: d.word("IMAX", "SMAXSN"), Label: "Intensité maximale", Unit: "A"}}
}

// since is the energy since the last message that the server has, never negative: a meter may have been replaced.
func (d *device) since(c *contract) metavalues {
	var all metavalues
	for _, pair := range indexPairs {
		now, ok := index(c.indexes.get(pair.index))
		if !ok {
			continue
		}
		energy := uint64(0)
		if before, known := d.Indexes[pair.index]; known && now > before {
			energy = now - before
		}
		all = append(all, metavalue{name: pair.since, Value: strconv.FormatUint(energy, 10), Label: c.since[pair.since], Unit: "Wh", Trace: true})
	}
	return all
}

// further is what BMHS has no word for and keeps all the same: what is injected, the currents of three phases, and the
// registers of a Tempo contract.
func (d *device) further() metavalues {
	var m metavalues
	add := func(path, name, label, unit string) {
		if v, ok := d.number(path); ok {
			m = append(m, metavalue{name: name, Value: digits(0, v), Label: label, Unit: unit, Trace: true})
		}
	}
	if _, three := d.number("current/2"); three {
		for n := 1; n <= 3; n++ {
			add(fmt.Sprintf("current/%d", n), fmt.Sprintf("iinst%d", n), fmt.Sprintf("Intensité phase %d", n), "A")
		}
	}
	add(pathInjected, "sinsti", "Puissance injectée", "VA")
	add(pathInjectedIndex, "eait", "Total injecté", "Wh")
	if !d.isHistoric() {
		add(pathDrawn, "east", "Total soutiré", "Wh")
	}
	if d.kind() == tempo {
		for n := 1; n <= 6; n++ {
			add(pathSupplier+strconv.Itoa(n), fmt.Sprintf("easf%02d", n), fmt.Sprintf("Index fournisseur %d", n), "Wh")
		}
	}
	return m
}

// isHistoric tells a meter in historic mode, by which of the two names of a contract it said last.
func (d *device) isHistoric() bool {
	option, historic := d.Values[pathOption]
	calendar, standard := d.Values[pathCalendar]
	return historic && (!standard || option.At >= calendar.At)
}

// word is the label of the meter's mode.
func (d *device) word(historic, standard string) string {
	if d.isHistoric() {
		return historic
	}
	return standard
}

// digits writes a whole number in at least so many digits, as meters do. It has no decimals and no exponent, which the
// server would not read.
func digits(n int, v float64) string {
	return fmt.Sprintf("%0*d", n, uint64(math.Round(min(max(v, 0), 1<<53))))
}

// index reads a register of a message.
func index(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil
}

// undotted is a word of the meter without what fills it.
func undotted(word string) string { return strings.TrimSpace(strings.ReplaceAll(word, ".", "")) }
