package series

import (
	"math"
	"time"

	"releve/agent/series/derived"
	"releve/senml"
	"releve/tic"
)

// computed are the series that no meter says. Nobody can take them for a measure: all are under derived/.
func computed() []entry {
	return []entry{
		{"", tic.Auto, 0, derivedActive, "W", reading{}, "Puissance active moyenne soutirée, calculée", "Mean active power drawn, computed"},
		{"", tic.Auto, 0, derivedInjected, "W", reading{}, "Puissance active moyenne injectée, calculée", "Mean active power injected, computed"},
		{"", tic.Auto, 0, derivedFactor, "/", reading{}, "Facteur de puissance, calculé", "Power factor, computed"},
		{"", tic.Auto, 0, derivedApparent, "VA", reading{}, "Puissance apparente, estimée", "Apparent power, estimated"},
		{"", tic.Auto, 0, PathInjectedEstimate, "VA", reading{}, "Puissance apparente injectée, estimée", "Apparent power injected, estimated"},
		{"", tic.Auto, 0, derivedInjecting, "", reading{}, "Injection en cours, supposée", "Injecting, as far as can be told"},
		{"", tic.Auto, 0, derivedLoad, "/100", reading{}, "Charge du disjoncteur, calculée", "Load of the breaker, computed"},
		{"", tic.Auto, 0, derivedLeft, "s", reading{}, "Délai avant coupure, calculé", "Time before the breaker trips, computed"},
	}
}

// Paths of what was computed.
const (
	PathInjectedEstimate = "derived/production/power/apparent"

	derivedActive    = "derived/consumption/power/active/mean"
	derivedInjected  = "derived/production/power/active/mean"
	derivedFactor    = "derived/consumption/power/factor"
	derivedApparent  = "derived/consumption/power/apparent"
	derivedInjecting = "derived/injecting"
	derivedLoad      = "derived/breaker/load"
	derivedLeft      = "derived/breaker/left"
)

// computer is what the derived values are computed with.
type computer struct {
	drawn, injected derived.Mean
	apparent        derived.Average
	breaker         derived.Breaker
	phases          [3]derived.Phase
}

// forget begins the means anew.
func (c *computer) forget() { c.drawn, c.injected = derived.Mean{}, derived.Mean{} }

// compute derives what it can from the frame.
func (r *Recorder) compute(f *tic.Frame) {
	if !r.Derived {
		return
	}
	power, said := r.number(r.power)
	phases, currents := r.phasesSaid()
	if said {
		r.computer.apparent.Add(power, r.at)
		r.foresee(power)
	}
	r.computeMeans()
	if !currents {
		return
	}
	if said {
		r.estimateInjection(f, power, phases)
	} else if f.Complete && f.Rejected == 0 {
		r.derive(derivedApparent, derived.Apparent(phases))
	}
}

// phasesSaid returns the phases, and whether the frame says the current of each.
func (r *Recorder) phasesSaid() ([]derived.Phase, bool) {
	count := 1
	if r.phases[2].current.known {
		count = len(r.phases)
	}
	phases := r.computer.phases[:0]
	for _, p := range r.phases[:count] {
		amperes, ok := r.number(p.current)
		if !ok {
			return nil, false
		}
		volts, ok := r.number(p.voltage)
		if !ok {
			volts = derived.Nominal
		}
		drawn, _ := r.number(p.power)
		phases = append(phases, derived.Phase{Amperes: amperes, Volts: volts, Drawn: drawn})
	}
	return phases, true
}

// foresee tells how loaded the breaker is, in whole percent, and how long it will last.
func (r *Recorder) foresee(power float64) {
	breaking, known := r.breaking.latest.Value.Number()
	if !known || breaking == 0 {
		return
	}
	c := &r.computer.breaker
	c.Step(power, r.at)
	r.derive(derivedLoad, 100*c.Load(1000*breaking))
	if left, trips := c.Left(1000 * breaking); trips {
		r.derive(derivedLeft, left.Seconds())
	}
}

// computeMeans tells active power when a period of it has ended, dated at its beginning.
func (r *Recorder) computeMeans() {
	c := &r.computer
	if n, ok := r.number(r.drawnIndex); ok {
		if p, ended := c.drawn.Index(uint64(n), r.at); ended {
			r.deriveMean(derivedActive, p.From, math.Round(p.Watts))
			apparent, heard := c.apparent.Take(p)
			if factor, ok := derived.PowerFactor(p.Watts, apparent); ok && heard {
				r.deriveMean(derivedFactor, p.From, math.Round(factor*100)/100)
			}
		}
	}
	if n, ok := r.number(r.injectedIndex); ok {
		if p, ended := c.injected.Index(uint64(n), r.at); ended {
			r.deriveMean(derivedInjected, p.From, math.Round(p.Watts))
		}
	}
}

// estimateInjection is for meters that do not count what is injected. In standard mode they say whether it is; in
// historic mode it can only be guessed, and is called so.
func (r *Recorder) estimateInjection(f *tic.Frame, power float64, phases []derived.Phase) {
	if _, counted := r.number(r.injected); counted {
		return
	}
	injecting, ok := r.injecting.latest.Value.Bool()
	switch {
	case f.Mode == tic.Historic:
		guess := r.tracks[derivedInjecting]
		before, _ := guess.latest.Value.Bool()
		injecting = derived.Injects(power, phases, before)
		r.say(guess, senml.BoolValue(injecting))
	case !ok || !r.injecting.said.Equal(r.at):
		return
	}
	estimate := 0.0
	if injecting {
		estimate = derived.Injected(phases)
	}
	r.derive(PathInjectedEstimate, estimate)
}

// derive records a computed value of now, in whole units.
func (r *Recorder) derive(path string, n float64) {
	r.say(r.tracks[path], senml.NumberValue(math.Round(n)))
}

// deriveMean records the mean of a period.
func (r *Recorder) deriveMean(path string, from time.Time, n float64) {
	r.date(r.tracks[path], from, senml.NumberValue(n))
}
