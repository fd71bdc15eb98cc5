package port

import (
	"time"

	"releve/tic"
)

// The speeds of the two modes (54E). A mode is not a speed: an ADTEK dongle says historic groups at 9600 Bd. So both
// are tried, whatever mode is wanted, and the separator of the groups that come tells the mode.
const (
	slow = 1200
	fast = 9600
)

const (
	// certain is how many known groups make a meter. Noise makes one once in a while.
	certain = 5
	// babble is how many bytes without a known group make a wrong speed, after half the usual time: the longest group has
	// 110.
	babble = 512
	// strange is how many groups with unknown labels count for a known one. An industrial meter (PME-PMI) sends nothing
	// else; noise makes one of them sooner.
	strange = 4
	// longestSearch bounds the doubling of the time that a silent line is listened to at each speed: 12 s.
	longestSearch = 2
)

// tally is what was received so far: bytes, and by mode the groups that make sense.
type tally struct {
	bytes  uint64
	groups [tic.Standard + 1]uint64
}

// count reads the counters of a decoder. In a mode that was not wanted its groups are refused, and still heard.
func count(wanted tic.Mode, c tic.Counters) tally {
	t := tally{bytes: c.Bytes, groups: c.Known}
	for mode, n := range c.Unknown {
		t.groups[mode] += n / strange
	}
	if wanted != tic.Auto {
		t.groups[other(wanted)] = c.Rejected[tic.WrongMode]
	}
	return t
}

func other(m tic.Mode) tic.Mode { return tic.Historic + tic.Standard - m }

// tuner decides at which speed to listen, and in which mode a meter is heard. It remembers what worked, over reopening
// too.
type tuner struct {
	speeds []int // those tried, the likely one first
	probe  time.Duration
	quiet  time.Duration

	at    int      // the speed in use
	mode  tic.Mode // in which the meter is heard for certain; Auto before
	last  tally
	runs  [tic.Standard + 1]uint64 // groups of a mode since one of the other came alone
	tuned tally                    // when the speed was chosen
	since time.Time                // of the last group, or of the beginning of the wait for one
	tries int                      // speeds tried since a meter was heard
}

func newTuner(cfg Config) *tuner {
	t := &tuner{probe: orElse(cfg.Probe, usualProbe), quiet: orElse(cfg.Quiet, usualQuiet)}
	t.speeds = []int{fast, slow} // a wrong guess of the fast one is noticed sooner
	if cfg.Mode == tic.Historic {
		t.speeds = []int{slow, fast}
	}
	return t
}

func (t *tuner) speed() int { return t.speeds[t.at] }

// listen begins to wait for groups, on a port that was just opened.
func (t *tuner) listen(now time.Time, n tally) {
	t.since, t.last, t.tuned = now, n, n
	t.forget()
}

// forget makes the mode uncertain again.
func (t *tuner) forget() {
	t.mode, t.runs = tic.Auto, [tic.Standard + 1]uint64{}
}

// heard notes what came until now. It reports whether there were groups, and whether the mode changed by them.
func (t *tuner) heard(now time.Time, n tally) (groups, changed bool) {
	before := t.last.groups
	t.last = n
	for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
		more, rest := n.groups[mode]-before[mode], n.groups[other(mode)]-before[other(mode)]
		if more == 0 && rest > 0 {
			t.runs[mode] = 0
		}
		t.runs[mode] += more
		groups = groups || more > 0
	}
	if groups {
		t.since = now
	}
	for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
		if mode != t.mode && t.runs[mode] >= certain && t.runs[mode] > t.runs[other(mode)] {
			t.mode, t.tries, changed = mode, 0, true
			t.runs[other(mode)] = 0
		}
	}
	return groups, changed
}

// lost reports whether it is time for another speed: soon while searching, later once a meter was heard.
func (t *tuner) lost(now time.Time) bool {
	silent := now.Sub(t.since)
	if t.mode != tic.Auto {
		return silent >= t.quiet
	}
	patience := min(t.tries/len(t.speeds), longestSearch)
	if t.last.groups == t.tuned.groups && t.last.bytes-t.tuned.bytes >= babble<<patience {
		return silent >= t.probe/2<<patience
	}
	return silent >= t.probe<<patience
}

// next changes to the next speed, and waits for groups there.
func (t *tuner) next(now time.Time) {
	t.forget()
	t.at = (t.at + 1) % len(t.speeds)
	t.tries++
	t.since, t.tuned = now, t.last
}
