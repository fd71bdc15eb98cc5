package series

import "time"

// gate is what an index passes before it becomes a record: never backwards, never 0 after it was not, never faster than
// the breaker allows. Checksums let one damaged line in 64 through, and meters themselves send nonsense; but a meter that
// was replaced or given another tariff is right in the end. So a value that cannot be is withheld until the frames
// after it agree.
type gate struct {
	last    uint64    // the latest value let through
	heard   time.Time // when it was last said
	known   bool
	next    uint64 // the value withheld
	nextAt  time.Time
	agreed  int  // frames in a row that agree with next
	noted   bool // that next is withheld
	notedAt time.Time
}

// verdict is what the gate says of a value.
type verdict uint8

const (
	passed    verdict = iota
	withheld          // it cannot follow what was said before, or not yet
	confirmed         // it could not, but the frames agree
)

const (
	// confirmations is how many frames in a row must agree before a withheld index is believed: 5 s of a meter in
	// standard mode, at most 15 s of one in historic mode.
	confirmations = 5
	// tripFactor is how far above the breaking power a load may stay for ever, Enedis' B filter: it trips at (1.3·PCOUP)².
	tripFactor = 1.3
	// tripSlack is the margin for what may be drawn before the filter trips. Whatever the load, the energy of T
	// seconds is below 1.3·PCOUP·(T + 1/2B), with B = 0.008 a second.
	tripSlack = 62500 * time.Millisecond
	// late is how much later than another a value may be heard: two frames of the slowest meter, and a damaged one.
	late = 10 * time.Second
	// anyPower bounds what nobody measured against the contract, such as energy injected: the largest meter is for 36 kVA.
	anyPower = 36_000
)

// judge takes a value in Wh or varh, said now, of a meter behind a breaker of so many VA.
func (g *gate) judge(n uint64, at time.Time, breaker float64) verdict {
	if !g.known || follows(g.last, n, at.Sub(g.heard), breaker) {
		g.pass(n, at)
		return passed
	}
	if g.agreed > 0 && follows(g.next, n, at.Sub(g.nextAt), breaker) {
		g.agreed++
	} else {
		g.agreed = 1
	}
	g.next, g.nextAt = n, at
	if g.agreed < confirmations {
		return withheld
	}
	g.pass(n, at)
	return confirmed
}

func (g *gate) pass(n uint64, at time.Time) {
	g.last, g.heard, g.known, g.agreed = n, at, true, 0
}

// pending tells whether a value is withheld.
func (g *gate) pending() bool { return g.agreed > 0 }

// withheldCalm is how long after it was told that an index is withheld it is not told again.
const withheldCalm = 10 * time.Minute

// note tells whether the withheld value is news.
func (g *gate) note(at time.Time) bool {
	quiet := at.Sub(g.notedAt)
	if g.noted && 0 <= quiet && quiet < withheldCalm {
		return false
	}
	g.noted, g.notedAt = true, at
	return true
}

// follows tells whether an index can grow from one value to another in that time. How long it was is not known when the
// clock was set back meanwhile.
func follows(from, to uint64, elapsed time.Duration, breaker float64) bool {
	if to < from {
		return false
	}
	most := tripFactor * breaker * (elapsed + tripSlack + late).Hours()
	return elapsed < 0 || float64(to-from) <= most+1 // the meter cuts the last watt-hour off
}
