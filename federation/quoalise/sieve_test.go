package quoalise

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/senml"
)

// through is a gate that lets everything through.
type through struct{}

func (through) Pass(p senml.Pack) senml.Pack                  { return p }
func (through) Settled(bool)                                  {}
func (through) Leaving(senml.Pack, func(string) string) error { return nil }
func (through) Scope() string                                 { return "" }

// sieveOf returns a sieve, as a start leaves it, for the records of an archive.
func sieveOf(a *archive, wanted Thinning) *Sieve {
	return &Sieve{
		Next: through{}, Log: quiet,
		Wanted: func(local string) Thinning {
			if local == "linky/current/1" {
				return wanted
			}
			return Thinning{}
		},
		History: func(ctx context.Context, local string, from, to time.Time) (senml.Pack, error) {
			p, _, err := a.History(ctx, local, from, to, math.MaxInt)
			return p, err
		},
	}
}

func moments(p senml.Pack) []float64 {
	var all []float64
	for _, r := range p {
		all = append(all, math.Round((r.Time-aMoment)*1000)/1000)
	}
	return all
}

func TestSieveLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	a := &archive{series: map[string]senml.Pack{}}
	other := record("linky/voltage/1", 231, aMoment)
	p := senml.Pack{reading(0, 1), other, reading(1, 1), other, reading(2, 50)}
	a.put("linky/current/1", p[0], p[2], p[4])
	got := sieveOf(a, Thinning{DeadBand: band(5)}).Pass(p)
	if diff := cmp.Diff([]float64{0, 0, 0, 2}, moments(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p[2].Time != aMoment+1 || len(p) != 5 {
		t.Error("the pack was changed")
	}
}

// Whatever the packs, however often they are asked about again, and wherever the agent was restarted, the same records
// go: those that go when all are decided on in one go.
func TestSieveDecidesAlike(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		wanted := Thinning{
			DeadBand:    []*float64{nil, band(0), band(5), band(40)}[random.IntN(4)],
			MinInterval: []Interval{0, Interval(time.Second), Interval(20 * time.Second), Interval(2 * time.Hour)}[random.IntN(4)],
			MaxInterval: []Interval{0, 0, Interval(2 * time.Hour), Interval(24 * time.Hour)}[random.IntN(4)],
		}
		a := &archive{series: map[string]senml.Pack{}}
		var all senml.Pack
		at, v := random.Float64()*7000, 100.0
		for range 400 {
			at = math.Round((at+0.001+random.ExpFloat64()*[]float64{1, 30, 600}[random.IntN(3)])*1000) / 1000
			v = math.Round(v + random.NormFloat64()*10)
			all = append(all, reading(at, v))
		}
		a.put("linky/current/1", all...)
		var state thinned
		var want []float64
		for _, r := range all {
			if wanted.isZero() || state.goes(r, wanted) {
				want = append(want, moments(senml.Pack{r})...)
			}
		}
		var got []float64
		s := sieveOf(a, wanted)
		for left := all; len(left) > 0; {
			n := min(len(left), 1+random.IntN(30))
			var passed senml.Pack
			for range 1 + random.IntN(3) { // attempts
				s.Pass(left[:min(len(left), n+random.IntN(3))]) // what more came meanwhile was tried with it
				passed = s.Pass(left[:n])
				if random.IntN(10) == 0 {
					s = sieveOf(a, wanted)
				}
			}
			got, left = append(got, moments(passed)...), left[n:]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d, %+v (-at once +in packs):\n%s", seed, wanted, diff)
		}
	}
}

// What comes late is decided on in its place in time, and what follows as if it had come in order.
func TestSieveOfLateRecords(t *testing.T) {
	t.Parallel()
	a := &archive{series: map[string]senml.Pack{}}
	s := sieveOf(a, Thinning{DeadBand: band(10)})
	pass := func(records ...senml.Record) []float64 {
		a.put("linky/current/1", records...)
		return moments(s.Pass(records))
	}
	got := [][]float64{
		pass(reading(100, 0), reading(110, 5), reading(120, 30)),
		pass(reading(105, 20), reading(107, 21)), // late
		pass(reading(130, 35)),                   // near 30, which went
		pass(reading(140, 41)),
		pass(reading(150, 41), reading(145, 99)), // not in order
	}
	want := [][]float64{{100, 120}, {105}, nil, {140}, {150, 145}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Without its history, nothing is held back that might be news.
func TestSieveWithoutHistory(t *testing.T) {
	t.Parallel()
	said := &bytes.Buffer{}
	a := &archive{series: map[string]senml.Pack{}, err: errors.New("disk on fire")}
	s := sieveOf(a, Thinning{DeadBand: band(1000)})
	s.Log = slog.New(slog.NewTextHandler(said, nil))
	p := senml.Pack{reading(0, 1), reading(1, 1)}
	for range 2 {
		if got := s.Pass(p); len(got) != 2 {
			t.Errorf("%d records", len(got))
		}
	}
	if !strings.Contains(said.String(), "read what came before: disk on fire") {
		t.Errorf("the log says %q", said)
	}
}
