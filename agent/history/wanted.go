package history

import (
	"fmt"
	"strings"

	"releve/agent/series"
)

// wanted is what a line is made of.
type wanted struct {
	meter     string
	quantity  Quantity
	number    int
	unit      string
	series    []string // whose sum it is
	units     map[string]string
	estimated bool
	optional  bool // left out when there is nothing of it
}

// isEnergy tells that the line is made of energies, from indexes or from means of power.
func (w wanted) isEnergy() bool { return w.unit == "Wh" || w.unit == "varh" }

// The registers of the supplier and the phases, Enedis-NOI-CPT_54E §6.2.
const (
	registers = 10
	phases    = 3
)

// wanted lists the lines of a quantity of a meter.
func (e *Engine) wanted(q Quantity, meter string, units map[string]string) []wanted {
	one := func(unit string, paths ...string) wanted {
		w := wanted{meter: meter, quantity: q, unit: unit, units: units}
		for _, path := range paths {
			w.series = append(w.series, meter+"/"+path)
		}
		return w
	}
	switch q {
	case Energy:
		return []wanted{one("Wh", series.PathDrawn)}
	case Injected:
		return []wanted{e.injected(meter, units)}
	case Production:
		w := one("Wh")
		w.series = e.Production
		for _, name := range e.Production {
			w.estimated = w.estimated || units[name] != "Wh"
		}
		return []wanted{w}
	case Power:
		return []wanted{one("VA", series.PathPower)}
	case InjectedPower:
		w := one("VA", series.PathInjected)
		if _, said := units[w.series[0]]; !said {
			w.series[0], w.estimated = meter+"/"+series.PathInjectedEstimate, true
		}
		return []wanted{w}
	case Tariffs:
		return numbered(registers, func(n int) wanted { return one("Wh", series.SupplierIndex(fmt.Sprint(n))) })
	case Phases:
		return numbered(phases, func(n int) wanted { return one("VA", fmt.Sprintf("%s/%d", series.PathPower, n)) })
	}
	w := one("", string(q))
	w.unit, w.estimated = units[w.series[0]], strings.HasPrefix(string(q), "derived/")
	return []wanted{w}
}

// injected is by the index, or by the estimate of a meter that does not count what is injected.
func (e *Engine) injected(meter string, units map[string]string) wanted {
	w := wanted{meter: meter, quantity: Injected, unit: "Wh", units: units, series: []string{meter + "/" + series.PathInjectedIndex}}
	estimate := meter + "/" + series.PathInjectedEstimate
	if _, counted := units[w.series[0]]; counted {
		return w
	}
	if _, estimated := units[estimate]; estimated {
		w.series, w.estimated = []string{estimate}, true
	}
	return w
}

func numbered(n int, one func(n int) wanted) []wanted {
	var all []wanted
	for i := 1; i <= n; i++ {
		w := one(i)
		w.number, w.optional = i, true
		all = append(all, w)
	}
	return all
}
