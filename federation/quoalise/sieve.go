package quoalise

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"time"

	"releve/federation"
	"releve/senml"
)

// Sieve is a gate before another: it lets through what a subscriber's thinning leaves, under local names. One delivery
// may use it at a time.
type Sieve struct {
	Next   federation.Gate
	Wanted func(local string) Thinning
	// History returns all records of a local series with from ≤ time < to, oldest first.
	History func(ctx context.Context, local string, from, to time.Time) (senml.Pack, error)
	Log     *slog.Logger

	series map[string]*sieved
}

// sieved is one series: what came of it up to the latest record, and before the first record of the latest pack, which
// is asked about again when it could not be sent.
type sieved struct {
	first       float64 // time of that first record
	before, now thinned
}

var _ federation.Gate = (*Sieve)(nil)

// historyTimeout bounds the reading of what came before.
const historyTimeout = time.Minute

// Pass returns what the next gate leaves of the records that are wanted. p is not changed.
func (s *Sieve) Pass(p senml.Pack) senml.Pack {
	places := map[string][]int{}
	wanted := map[string]Thinning{}
	for i, r := range p {
		t, known := wanted[r.Name]
		if !known {
			t = s.Wanted(r.Name)
			wanted[r.Name] = t
		}
		if !t.isZero() {
			places[r.Name] = append(places[r.Name], i)
		}
	}
	if len(places) == 0 {
		return s.Next.Pass(p)
	}
	withheld := map[int]bool{}
	for name, at := range places {
		for i, goes := range s.decide(wanted[name], p, at) {
			withheld[at[i]] = !goes
		}
	}
	var passed senml.Pack
	for i, r := range p {
		if !withheld[i] {
			passed = append(passed, r)
		}
	}
	return s.Next.Pass(passed)
}

// Scope is that of the next gate: who asks for less begins another delivery.
func (s *Sieve) Scope() string { return s.Next.Scope() }

// Leaving tells the next gate.
func (s *Sieve) Leaving(goes senml.Pack, was func(string) string) error {
	return s.Next.Leaving(goes, was)
}

// Settled tells the next gate.
func (s *Sieve) Settled(taken bool) { s.Next.Settled(taken) }

// decide says of the records of one series in a pack, by their places, which go. It goes on from what it knows when
// they follow in time, and otherwise asks the history what came before: after a restart, and when something comes late.
func (s *Sieve) decide(t Thinning, p senml.Pack, at []int) []bool {
	if s.series == nil {
		s.series = map[string]*sieved{}
	}
	name, first := p[at[0]].Name, p[at[0]].Time
	known := s.series[name]
	switch {
	case known == nil, !inOrder(p, at), first <= known.now.seen && first != known.first:
		return s.recall(t, p, at)
	case first == known.first:
		known.now = known.before
	default:
		known.first, known.before = first, known.now
	}
	goes := make([]bool, len(at))
	for i, place := range at {
		goes[i] = known.now.goes(p[place], t)
	}
	return goes
}

// inOrder says whether times increase: two records of one instant are told apart by the history.
func inOrder(p senml.Pack, at []int) bool {
	for i := 1; i < len(at); i++ {
		if p[at[i]].Time <= p[at[i-1]].Time {
			return false
		}
	}
	return true
}

// point is a record among those of its series.
type point struct {
	time  float64
	value senml.Value
}

// recall decides on everything in the history from the beginning of the span of the earliest record to the latest, and
// says what came of those that are asked about. What the history does not know goes.
func (s *Sieve) recall(t Thinning, p senml.Pack, at []int) []bool {
	name, from, to := p[at[0]].Name, math.Inf(1), math.Inf(-1)
	for _, i := range at {
		from, to = min(from, p[i].Time), max(to, p[i].Time)
	}
	if known := s.series[name]; known != nil {
		to = max(to, known.now.seen) // what follows goes on from there
	}
	ctx, cancel := context.WithTimeout(context.Background(), historyTimeout)
	defer cancel()
	history, err := s.History(ctx, name, instant(t.start(from)), instant(to).Add(time.Microsecond))
	if err != nil {
		s.Log.Warn("readings not thinned", "error", fmt.Errorf("read what came before: %w", err))
	}
	var state thinned
	said := map[point]bool{}
	for _, r := range history {
		said[point{r.Time, r.Value}] = state.goes(r, t)
	}
	goes := make([]bool, len(at))
	for i, place := range at {
		decided, known := said[point{p[place].Time, p[place].Value}]
		goes[i] = decided || !known
	}
	delete(s.series, name)
	if len(history) > 0 {
		s.series[name] = &sieved{first: math.NaN(), now: state}
	}
	return goes
}

func instant(seconds float64) time.Time { return time.UnixMicro(int64(math.Round(seconds * 1e6))) }
