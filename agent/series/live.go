package series

import (
	"math"
	"slices"
	"strings"
	"time"

	"releve/senml"
)

// StaleAfter is how long after a meter said a value it is still what the meter says. Every label that applies is in
// every frame, or in one of twenty while a three-phase meter warns of an overrun: at most 20 short frames and a long one,
// 17 s. A label that does not apply any more, such as a mobile peak's, is said no longer.
const StaleAfter = 30 * time.Second

// SilentAfter is when no frame is an event. Enedis-NOI-CPT_02E §1.5.3 says 10 s, and a probe of the other speed takes as
// long again.
const SilentAfter = 30 * time.Second

// keptEvents is how many events are kept for the page.
const keptEvents = 20

// Live is the latest value of a series.
type Live struct {
	Series Series
	Value  senml.Value
	Of     time.Time // when it held: a maximum, or the beginning of a mean; the moment it was said for others
	Said   time.Time // when the meter said it last, changed or not
}

// Stale tells whether the meter does not say it any more.
func (l Live) Stale(now time.Time) bool { return now.Sub(l.Said) > StaleAfter }

// Latest returns the latest value of a path, and false when there never was one.
func (r *Recorder) Latest(path string) (Live, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tracks[path]
	if t == nil || !t.known {
		return Live{}, false
	}
	return t.live(), true
}

// All returns the latest value of every series, by path.
func (r *Recorder) All() []Live {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Live
	for _, t := range r.tracks {
		if t.known {
			all = append(all, t.live())
		}
	}
	slices.SortFunc(all, func(x, y Live) int { return strings.Compare(x.Series.Path, y.Series.Path) })
	return all
}

func (t *track) live() Live {
	l := Live{Series: t.Series, Value: t.latest.Value, Of: t.said, Said: t.said}
	if t.points != (points{}) {
		l.Of = time.UnixMilli(int64(math.Round(t.latest.Time * 1000)))
	}
	return l
}

// Contracted returns the subscribed power in VA: PREF, or ISOUSC of all phases; 0 unless the meter said it.
func (r *Recorder) Contracted() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.contracted()
}

// Events returns the latest events, oldest first.
func (r *Recorder) Events() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Event(nil), r.events...)
}

// Conditions returns what holds now, the gravest first, with the time it began. An index that is withheld is one.
func (r *Recorder) Conditions() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Event
	for _, c := range r.watch.all() {
		if c.on {
			all = append(all, Event{Kind: c.kind, At: c.since})
		}
	}
	for _, t := range r.tracks {
		if t.gate.pending() && t.gate.noted {
			return append(all, Event{Kind: IndexWithheld, At: t.gate.notedAt})
		}
	}
	return all
}

// Quiet looks whether the meter has fallen silent, and returns the record that says so. It is to be called from time to
// time, as nothing else happens when nothing is heard.
func (r *Recorder) Quiet(now time.Time) senml.Pack {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := &r.watch
	if inSeconds(now) < senml.FirstAbsolute || w.lastFrame.IsZero() || w.silent.on || now.Sub(w.lastFrame) < SilentAfter {
		return nil
	}
	w.silent.on, w.silent.since = true, now
	r.at, r.pack, r.said, r.full = now, nil, len(r.events), false
	r.happen(Event{Kind: Silent})
	return r.end()
}

func inOneLine(events []Event) string {
	var words []string
	for _, e := range events {
		words = append(words, e.String())
	}
	return strings.Join(words, ", ")
}
