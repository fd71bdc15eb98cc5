package derived

import "time"

// Mean is mean active power, from the increments of an index.
//
// An index counts whole watt-hours: at 500 W one every seven seconds. So what is measured is the time between two
// increments at least a minute apart, and the only error is that of the times at which they were heard: two frames in a
// minute, 3 % in standard mode and 8 % in the slowest historic mode.
type Mean struct {
	index   uint64
	heard   time.Time // when the index was heard last
	from    time.Time // the increment at which the period began, or when listening began
	began   uint64    // the index then
	edge    bool      // from is an increment
	started bool
}

// Period is a time over which a power was the mean.
type Period struct {
	From, To time.Time
	Watts    float64
}

const (
	shortest = time.Minute      // of a period
	longest  = 10 * time.Minute // without an increment: less than 6 W, said to be none
	gap      = 10 * time.Second // between two frames: an increment heard after it is of unknown time
)

// Index takes the index in Wh, heard now, and returns the period that ended, if one did.
func (m *Mean) Index(n uint64, now time.Time) (Period, bool) {
	since := now.Sub(m.heard)
	if !m.started || n < m.index || since < 0 || since > gap {
		*m = Mean{index: n, heard: now, from: now, began: n, started: true}
		return Period{}, false
	}
	grown := n > m.index
	m.index, m.heard = n, now
	switch {
	case grown && !m.edge:
		m.begin(n, now, true)
	case grown && now.Sub(m.from) >= shortest:
		p := Period{m.from, now, float64(n-m.began) / now.Sub(m.from).Hours()}
		m.begin(n, now, true)
		return p, true
	case !grown && m.began == n && now.Sub(m.from) >= longest:
		p := Period{From: m.from, To: now}
		m.begin(n, now, false)
		return p, true
	}
	return Period{}, false
}

func (m *Mean) begin(n uint64, now time.Time, edge bool) { m.from, m.began, m.edge = now, n, edge }

// Average is the mean of a quantity that is said from time to time, each value holding until the next.
type Average struct {
	value float64
	at    time.Time
	sum   float64 // value × seconds
	from  time.Time
}

// Add takes a value, said now.
func (a *Average) Add(value float64, now time.Time) {
	since := now.Sub(a.at)
	if a.at.IsZero() || since < 0 || since > gap {
		*a = Average{from: now}
	} else {
		a.sum += a.value * since.Seconds()
	}
	a.value, a.at = value, now
}

// Take returns the mean of a period, which must end at the latest value, and begins the next. It is unknown when not all
// of the period was heard.
func (a *Average) Take(p Period) (mean float64, ok bool) {
	covered := !a.from.After(p.From) && a.at.Equal(p.To) && p.To.After(a.from)
	if covered {
		mean = a.sum / p.To.Sub(a.from).Seconds()
	}
	ok = covered && a.from.Equal(p.From)
	a.sum, a.from = 0, p.To
	return mean, ok
}
