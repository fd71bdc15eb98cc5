package linky

// breaker is the meter's own: it opens when a filtered square of the apparent power passes that of 1.3 times PCOUP, and
// somebody closes it again a minute later.
type breaker struct {
	heat   int64 // VA², filtered
	closes int64 // the second at which it is closed again; 0 while it never opened by itself
}

const (
	overpower   = 1  // the reason in STGE bits 1 to 3
	closedAfter = 60 // seconds
)

// watch takes a second in and returns why the breaker is open from then on; open is why it was. PCOUP is in kVA.
//
//	Yn = B·Xn² + (1-B)·Yn-1, B = 0.008, X the power in VA once a second; open at Y = (1.3·PCOUP)²
//
// Enedis-NOI-CPT_54E, breaking of power.
func (b *breaker) watch(power, pcoup, unix int64, open int) int {
	b.heat += (power*power - b.heat) * 8 / 1000
	limit := 1300 * pcoup
	switch {
	case open == 0 && b.heat > limit*limit:
		b.heat, b.closes = 0, unix+closedAfter
		return overpower
	case open == overpower && b.closes != 0 && unix >= b.closes:
		b.closes = 0
		return 0
	}
	return open
}
