package bmhs

import (
	"strconv"
	"strings"
	"time"
)

// contract is a contract in BMHS's words, which know three: one index, off-peak and peak hours, and days of mobile peaks.
type contract struct {
	option, original       string // BASE, HC or EJP, and the label of the meter
	period, periodOriginal string // TH, HC, HP, HN or PM; "" when the meter does not say it
	indexes                metavalues
	since                  map[string]string // labels of the energy since the last message, by metavalue
}

// kind is one of the contracts that meters tell apart.
type kind uint8

const (
	oneIndex kind = iota
	offPeak
	mobilePeak
	tempo
)

// contractPatience is how long a meter is given to say its contract, which the first frame after a start may lack and which
// a grant may leave out: without one all energy goes as one index.
const contractPatience = 20 * time.Minute

// contract is that of a device, nil while it or its indexes are not known.
//
//	Tempo has six indexes, and BMHS no word for it: those of off-peak and of peak hours are added up.
//	Any other contract of several indexes is sent as the sum of all.
func (d *device) contract() *contract {
	_, historic := d.Values[pathOption]
	_, standard := d.Values[pathCalendar]
	if !historic && !standard && instant(d.Tick).Sub(instant(d.First)) < contractPatience {
		return nil
	}
	kind := d.kind()
	c := &contract{option: "BASE", original: d.word("OPTARIF", "NGTF"), periodOriginal: d.word("PTEC", "LTARF")}
	c.period = d.period(kind)
	switch kind {
	case offPeak:
		c.two(d, "Total heures creuses", "Total heures pleines", []int{1}, []int{2})
		c.name(d, "HCHC", "HCHP")
	case tempo:
		c.two(d, "Total heures creuses", "Total heures pleines", []int{1, 3, 5}, []int{2, 4, 6})
	case mobilePeak:
		c.two(d, "Total heures normales", "Total heures pointe mobile", []int{1}, []int{2})
		c.name(d, "EJPHN", "EJPHPM")
		c.option = "EJP"
	default:
		c.one(d)
	}
	if len(c.indexes) == 0 {
		return nil
	}
	return c
}

func (d *device) kind() kind {
	if d.isHistoric() {
		switch option := d.Values[pathOption].Text; {
		case strings.HasPrefix(option, "HC"):
			return offPeak
		case strings.HasPrefix(option, "EJP"):
			return mobilePeak
		case strings.HasPrefix(option, "BBR"):
			return tempo
		}
		return oneIndex
	}
	switch calendar := strings.ToUpper(d.Values[pathCalendar].Text); {
	case strings.Contains(calendar, "TEMPO"):
		return tempo
	case strings.Contains(calendar, "EJP"):
		return mobilePeak
	case strings.Contains(calendar, "CREUSE") && !strings.Contains(calendar, "SUPER"): // which has three indexes
		return offPeak
	}
	return oneIndex
}

// one sends a single index: the supplier's of a contract that has one, else all energy drawn.
func (c *contract) one(d *device) {
	n, ok := d.number(pathSupplier + "1")
	original := d.word("BASE", "EASF01")
	calendar := strings.ToUpper(d.Values[pathCalendar].Text)
	if !ok || !d.isHistoric() && !strings.Contains(calendar, "BASE") {
		n, ok = d.number(pathDrawn)
		original = d.word("BASE", "EAST")
	}
	if !ok {
		return
	}
	c.indexes = metavalues{{name: "base", Value: digits(9, n), Original: original, Label: "Total toutes heures", Unit: "Wh", Trace: true}}
	c.since = map[string]string{"baseinst": "Période toutes heures"}
}

// two sends two indexes, each the sum of the supplier's of these numbers.
func (c *contract) two(d *device, low, high string, lows, highs []int) {
	a, okA := d.sum(lows)
	b, okB := d.sum(highs)
	if !okA || !okB {
		return
	}
	c.option = "HC"
	c.indexes = metavalues{
		{name: "hchc", Value: digits(9, a), Label: low, Unit: "Wh", Trace: true},
		{name: "hchp", Value: digits(9, b), Label: high, Unit: "Wh", Trace: true},
	}
	period := func(total string) string { return "Période" + strings.TrimPrefix(total, "Total") }
	c.since = map[string]string{"hcinst": period(low), "hpinst": period(high)}
}

// name says which label each of two indexes has.
func (c *contract) name(d *device, low, high string) {
	if len(c.indexes) == 2 {
		c.indexes[0].Original, c.indexes[1].Original = d.word(low, "EASF01"), d.word(high, "EASF02")
	}
}

// sum adds up supplier's indexes. A sum without one of them would go backwards.
func (d *device) sum(numbers []int) (sum float64, ok bool) {
	for _, n := range numbers {
		v, known := d.number(pathSupplier + strconv.Itoa(n))
		if !known {
			return 0, false
		}
		sum += v
	}
	return sum, true
}

// period is the tariff in progress in BMHS's words. In standard mode suppliers name theirs as they like, but number them
// alike: off-peak before peak, of each colour.
func (d *device) period(k kind) string {
	n, known := d.number(pathTariffIndex)
	peak := int(n)%2 == 0
	switch {
	case k == oneIndex && !d.isHistoric():
		return "TH"
	case d.isHistoric() && k != tempo:
		return undotted(d.Values[pathTariff].Text)
	case !known:
		return ""
	case k == mobilePeak && peak:
		return "PM"
	case k == mobilePeak:
		return "HN"
	case peak:
		return "HP"
	}
	return "HC"
}
