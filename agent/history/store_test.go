package history_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"releve/agent/history"
	"releve/agent/series"
	"releve/buffer"
	"releve/senml"
)

// paris has days of 23 and of 25 hours.
func paris(t testing.TB) *time.Location {
	t.Helper()
	location, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return location
}

// store is a buffer with what a test says was heard, and the engine on it.
type store struct {
	*history.Engine
	buffer *buffer.Buffer
	t      testing.TB
	now    time.Time
}

func newStore(t testing.TB, now time.Time) *store {
	t.Helper()
	s := &store{t: t, now: now}
	b, err := buffer.Open(buffer.Options{
		Dir: t.TempDir(), Location: paris(t), MaxAge: 10 * 366 * 24 * time.Hour,
		Clock: func() (time.Time, bool) { return s.now, true },
		Class: func(_, unit string) buffer.Class {
			if unit == "Wh" {
				return buffer.Class{Kind: buffer.Index, Curve: true}
			}
			return buffer.Class{Curve: true}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	s.buffer = b
	s.Engine = &history.Engine{
		Archive: b, Location: paris(t), Now: func() time.Time { return s.now },
		Most: func(string) float64 { return 36_000 },
	}
	return s
}

// hear stores what a series said, each minute from ≤ t < to.
func (s *store) hear(name, unit string, from, to time.Time, value func(at time.Time) float64) {
	s.t.Helper()
	var p senml.Pack
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		p = append(p, senml.Record{Name: name, Unit: unit, Value: senml.NumberValue(math.Floor(value(at))), Time: float64(at.Unix())})
	}
	for part := range slices.Chunk(p, 24*60) {
		if _, err := s.buffer.Put(part); err != nil {
			s.t.Fatal(err)
		}
	}
}

// drawing is an index that grows by 60 W from a begin.
func drawing(begin time.Time, index float64) func(time.Time) float64 {
	return func(at time.Time) float64 { return index + at.Sub(begin).Minutes() }
}

const drawn = "linky/" + series.PathDrawn

func (s *store) ask(q history.Question) history.Answer {
	s.t.Helper()
	if q.Meters == nil {
		q.Meters = []string{"linky"}
	}
	a, err := s.Ask(s.t.Context(), q)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// inShort writes points on a line each, without those in a row that are alike: how many, their value, and flags.
func inShort(points []history.Point) []string {
	var lines []string
	for i := 0; i < len(points); {
		n := 1
		for i+n < len(points) && of(points[i+n]) == of(points[i]) {
			n++
		}
		lines = append(lines, fmt.Sprintf("%s ×%d %s", points[i].From.Format("02 15:04"), n, of(points[i])))
		i += n
	}
	return lines
}

func of(p history.Point) string {
	text := "gap"
	if p.Value != nil {
		text = fmt.Sprintf("%.5g", *p.Value)
	}
	if p.Whole {
		text += " whole"
	}
	if p.Final {
		text += " final"
	}
	return text
}

func told(v *float64) string {
	if v == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.5g", *v)
}
