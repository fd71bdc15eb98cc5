package port

import (
	"time"

	"releve/tic"
)

// The speeds of the two modes (54E).
const (
	slow = 1200
	fast = 9600
)

// tuner decides at which speed to listen. It remembers the speed that worked, over reopening too.
type tuner struct {
	speeds []int // those allowed
	probe  time.Duration
	quiet  time.Duration

	at    int       // the one in use
	known bool      // it worked since it was chosen
	since time.Time // of the last group, or of the beginning of the wait for one
	count uint64    // of groups then
}

func newTuner(cfg Config) *tuner {
	t := &tuner{probe: orElse(cfg.Probe, usualProbe), quiet: orElse(cfg.Quiet, usualQuiet)}
	switch cfg.Mode {
	case tic.Historic:
		t.speeds = []int{slow}
	case tic.Standard:
		t.speeds = []int{fast}
	default:
		t.speeds = []int{fast, slow} // a wrong guess of the fast one is noticed sooner
	}
	return t
}

func (t *tuner) speed() int { return t.speeds[t.at] }

// listen begins to wait for groups, on a port that was just opened.
func (t *tuner) listen(now time.Time, count uint64) {
	t.since, t.count = now, count
}

// heard notes how many groups there were until now, and reports whether there are new ones.
func (t *tuner) heard(now time.Time, count uint64) bool {
	if count == t.count {
		return false
	}
	t.since, t.count, t.known = now, count, true
	return true
}

// lost reports whether it is time for another speed: soon while searching, later once a speed has worked.
func (t *tuner) lost(now time.Time) bool {
	patience := t.probe
	if t.known {
		patience = t.quiet
	}
	return now.Sub(t.since) >= patience
}

// next changes to the next speed, which may be the same one.
func (t *tuner) next(now time.Time) (from, to int) {
	from = t.speed()
	t.at = (t.at + 1) % len(t.speeds)
	t.known, t.since = false, now
	return from, t.speed()
}
