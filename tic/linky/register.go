package linky

// counter adds up power held for one second at a time, and counts whole watt-hours (or var-hours).
type counter struct{ hours, seconds int64 }

// add counts one second of power and returns the watt-hours that became whole.
func (c *counter) add(power int64) int64 {
	c.seconds += power
	whole := c.seconds / 3600
	c.seconds -= whole * 3600
	c.hours += whole
	return whole
}

// indexes are the energy registers, in Wh and varh.
type indexes struct {
	drawn       counter
	supplier    [10]int64 // their sum is always drawn.hours
	distributor [4]int64  // and so is theirs
	injected    counter
	reactive    [4]counter // by quadrant
}

// count adds one second: active and reactive power as the sum of the phases, positive when drawn and when inductive.
// The watt-hour that becomes whole goes to the indexes that count at that second.
func (x *indexes) count(active, reactive int64, t *tariff) {
	whole := x.drawn.add(max(active, 0))
	x.supplier[t.supplier-1] += whole
	x.distributor[t.distributor-1] += whole
	x.injected.add(max(-active, 0))
	x.reactive[quadrant(active, reactive)].add(max(reactive, -reactive))
}

// quadrant returns 0 to 3 for ERQ1 to ERQ4.
func quadrant(active, reactive int64) int {
	switch {
	case active >= 0 && reactive >= 0:
		return 0
	case reactive >= 0:
		return 1
	case active < 0:
		return 2
	}
	return 3
}

// dated is a value and the second it belongs to.
type dated struct{ value, at int64 }

// maximum keeps the highest value of today and of yesterday.
type maximum struct{ today, yesterday dated }

// turn starts a new day at local midnight. A day without a value shows zero at midnight, as real meters do.
func (m *maximum) turn(midnight int64) {
	m.yesterday, m.today = m.today, dated{0, midnight}
}

// note keeps a value when it is the highest so far.
func (m *maximum) note(value, at int64) {
	if value > m.today.value {
		m.today = dated{value, at}
	}
}

// mean keeps the mean of the last period and of the one before, dated at the end of the period.
type mean struct {
	sum, count   int64
	last, before dated
}

// add takes one second into the period.
func (m *mean) add(value int64) {
	m.sum += value
	m.count++
}

// shut ends the period; call it only after add. The mean is rounded to the nearest unit.
func (m *mean) shut(at int64) {
	m.before, m.last = m.last, dated{(m.sum + m.count/2) / m.count, at}
	m.sum, m.count = 0, 0
}

// highest keeps what a meter before Linky shows as IMAX and PMAX.
type highest struct {
	amps  [3]int64
	watts int64
}

// note takes one second in.
func (h *highest) note(now *measure) {
	for phase, amps := range now.amps {
		h.amps[phase] = max(h.amps[phase], amps)
	}
	h.watts = max(h.watts, now.active)
}
