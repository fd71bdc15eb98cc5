package linky

import "math"

// measure is what the meter saw during one second. Powers are VA and W, and never negative: a phase, like the
// whole, is either drawing or injecting (54E §6.2.3).
type measure struct {
	volts, amps [3]int64
	drawn       [3]int64 // VA on each phase, 0 while it injects
	totalDrawn  int64    // VA, 0 while the home injects
	totalSent   int64    // VA injected, 0 while the home draws
	active      int64    // W, the only signed one: negative while the home injects
	reactive    int64    // var, positive when inductive
}

// see measures the power on each phase.
func (m *measure) see(loads *[3]load, grid *grid, phases int) {
	*m = measure{}
	var apparent int64 // signed
	for phase, l := range loads[:phases] {
		va := root(l.active*l.active + l.reactive*l.reactive)
		volts := grid.volts(phase, l.active)
		m.volts[phase], m.amps[phase] = volts, (va+volts/2)/volts
		m.active += l.active
		m.reactive += l.reactive
		if l.active < 0 {
			va = -va
		}
		apparent += va
		m.drawn[phase] = max(va, 0)
	}
	m.share(max(apparent, -apparent))
}

// share gives the apparent power of the whole to the direction in which energy flows.
func (m *measure) share(apparent int64) {
	if m.active < 0 {
		m.totalSent = apparent
		return
	}
	m.totalDrawn = apparent
}

// root is the integer square root. IEEE 754 rounds a square root correctly everywhere, so below 2^52, far above
// any power of a home, this is exact and the same on every processor.
func root(square int64) int64 { return int64(math.Sqrt(float64(square))) }

// The voltage of a healthy supply, in decivolts.
const (
	lowestVoltage  = 2250
	highestVoltage = 2389 // shown as 238 V
)

// grid is the voltage of the street: a slow walk per phase, in decivolts.
type grid struct {
	dice  dice
	level [3]int64
}

func newGrid(seed uint64) grid {
	g := grid{dice: castFor(seed, forVoltage, 0)}
	for phase := range g.level {
		g.level[phase] = g.dice.between(2300, 2360)
	}
	return g
}

// drift moves the voltage of every phase; call it once a second.
func (g *grid) drift() {
	rolled := g.dice.roll()
	for phase := range g.level {
		step := int64(rolled>>(8*phase)&0x1F) - 15 // -15 … 16: one second in 16 or so moves a decivolt
		if step == -15 {
			g.level[phase] = max(g.level[phase]-1, 2290)
		}
		if step == 16 {
			g.level[phase] = min(g.level[phase]+1, 2370)
		}
	}
}

// volts is the voltage at the meter: each kilowatt drawn costs one volt and a half, each one injected adds as much.
func (g *grid) volts(phase int, watts int64) int64 {
	level := g.level[phase] - watts*15/1000
	return min(max(level, lowestVoltage), highestVoltage) / 10
}
