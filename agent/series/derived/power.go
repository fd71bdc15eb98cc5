package derived

// smallest is the apparent power in VA below which a power factor says nothing: standby supplies, and the rounding of
// PAPP to ten volt-amperes.
const smallest = 100

// PowerFactor is active over apparent power, W over VA of the same period. It is cos φ where current and voltage are
// sines, and lower in a home full of power supplies. It is none where there is little power, or where two measures that
// are a frame apart contradict each other.
func PowerFactor(watts, voltAmperes float64) (float64, bool) {
	factor := watts / voltAmperes
	if voltAmperes < smallest || factor > 1.1 {
		return 0, false
	}
	return min(factor, 1), true
}

// Phase is what a meter says of one phase.
type Phase struct {
	Amperes float64
	Volts   float64 // Nominal where it is not said
	Drawn   float64 // VA; 0 on a phase that injects
}

// Nominal is the voltage of a phase where the meter does not say it.
const Nominal = 230

// Injected estimates the apparent power in VA that a home gives to the network, from a meter that does not count it. A
// phase that draws nothing although a current flows injects; what the others draw comes off. Amperes are whole, so it is
// right to half an ampere on each phase, 115 VA.
func Injected(phases []Phase) float64 {
	total := 0.0
	for _, p := range phases {
		if p.Drawn > 0 {
			total -= p.Drawn
		} else {
			total += p.Amperes * p.Volts
		}
	}
	return max(total, 0)
}

// Apparent estimates the apparent power in VA from the currents, for a meter that does not say it. It is right to half
// an ampere on each phase, 115 VA, and cannot tell drawn from injected.
func Apparent(phases []Phase) float64 {
	total := 0.0
	for _, p := range phases {
		total += p.Amperes * p.Volts
	}
	return total
}

// The currents from which a home that draws nothing is taken to inject: half an ampere rounds to one, and meters are off
// by one at times. Once it does, one ampere is enough, so that a cloud does not make it flicker.
const (
	leastAmperes  = 2
	leastToGoOnBy = 1
)

// Injects guesses whether a home without a word from its meter injects: no apparent power is drawn, yet a current flows.
// It wants to know what it said before.
func Injects(drawn float64, phases []Phase, before bool) bool {
	most, least := 0.0, float64(leastAmperes)
	for _, p := range phases {
		most = max(most, p.Amperes)
	}
	if before {
		least = leastToGoOnBy
	}
	return drawn == 0 && most >= least
}
