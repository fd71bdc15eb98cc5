package linky

// dice is a splitmix64 generator: one word of state, the same rolls on every processor and for every Go release.
// Everything the emulated meter draws comes from dice, and sums are done in integers, because floating-point results
// may differ between architectures and the same seed must give the same bytes on all of them.
type dice uint64

// What a seed is rolled for. Each purpose has its own sequence, so drawing more for one never disturbs another.
const (
	forIdentity uint64 = iota + 1
	forIndexes
	forDay
	forColour
	forSky
	forNoise
	forVoltage
	forSilence
	forCar
	forDamage
)

// castFor gives the dice of one purpose and one local day (0 when the purpose is not a daily one).
func castFor(seed, purpose uint64, day int64) dice {
	d := dice(seed)
	d ^= dice(d.roll() + purpose)
	d ^= dice(d.roll() + uint64(day))
	return dice(d.roll())
}

// roll returns the next 64 random bits.
func (d *dice) roll() uint64 {
	*d += 0x9E3779B97F4A7C15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below returns a number in [0, n). The bias of the remainder is far below anything a meter shows.
func (d *dice) below(n int64) int64 { return int64(d.roll() >> 1 % uint64(n)) }

// between returns a number in [low, high].
func (d *dice) between(low, high int64) int64 { return low + d.below(high-low+1) }

// percent is true p times out of a hundred.
func (d *dice) percent(p int64) bool { return d.below(100) < p }
