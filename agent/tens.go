package main

import (
	"cmp"
	"context"
	"math"
	"time"

	"releve/buffer"
	"releve/federation/quoalise"
	"releve/senml"
)

const (
	tenLength    = 10 * time.Second
	usualHold    = 25 * time.Minute // the buffer's own
	maxTenSpan   = 31 * 24 * time.Hour
	millisPerTen = int64(tenLength / time.Millisecond)
)

// tenSeconds rolls records up by ten seconds, which the buffer does not keep. It means the same by a period as the
// buffer: a value is in force from its reading to the next, and for hold at most.
func (a archive) tenSeconds(ctx context.Context, local string, from, to time.Time, limit int) (periods []quoalise.Period, more bool, err error) {
	hold := cmp.Or(a.hold, usualHold)
	if now := a.now().Add(-tenLength); to.After(now) {
		to = now.Add(time.Millisecond) // begins that long before now at the latest
	}
	if from = ceilTen(from); to.Sub(from) > maxTenSpan {
		from = ceilTen(to.Add(-maxTenSpan))
	}
	if !from.Before(to) {
		return nil, false, nil
	}
	records, err := a.everything(ctx, local, from.Add(-hold), to.Add(tenLength))
	if err != nil || len(records) == 0 {
		return nil, false, err
	}
	s := steps{records: records, hold: hold.Milliseconds(), mean: hasMean(records[0])}
	for begin := from.UnixMilli(); begin < to.UnixMilli(); begin += millisPerTen {
		if p, any := s.period(begin, begin+millisPerTen); any {
			if len(periods) == limit {
				return periods, true, nil
			}
			periods = append(periods, p)
		}
	}
	return periods, false, nil
}

func ceilTen(t time.Time) time.Time {
	return time.UnixMilli((t.UnixMilli() + millisPerTen - 1) / millisPerTen * millisPerTen)
}

// hasMean says whether a series has a mean, as classOf says for the buffer.
func hasMean(r senml.Record) bool {
	_, isNumber := r.Value.Number()
	return isNumber && classOf(r.Name, r.Unit).Kind != buffer.Index
}

// steps walks through records in order of time.
type steps struct {
	records senml.Pack
	hold    int64 // ms
	mean    bool

	next   int // of the first record not yet in force
	latest *senml.Record
}

// period is what holds from begin to end, Unix ms, and whether anything did.
func (s *steps) period(begin, end int64) (p quoalise.Period, any bool) {
	s.advance(begin - 1)
	p = quoalise.Period{Begin: time.UnixMilli(begin), Mean: math.NaN(), Min: math.Inf(1), Max: math.Inf(-1)}
	p.Count = s.advance(begin)
	area, covered := 0.0, int64(0)
	for at := begin; at < end; {
		until := end
		if s.next < len(s.records) {
			until = min(end, millisOf(s.records[s.next]))
		}
		if s.latest != nil {
			if inForce := min(until, millisOf(*s.latest)+s.hold) - at; inForce > 0 {
				if !any {
					any, p.First, p.Since = true, s.latest.Value, time.UnixMilli(at)
				}
				v, _ := s.latest.Value.Number()
				area, covered = area+v*float64(inForce), covered+inForce
				p.Min, p.Max = min(p.Min, v), max(p.Max, v)
			}
		}
		if at = until; at < end {
			p.Count += s.advance(at)
		}
	}
	p.Whole = covered == end-begin
	if s.mean && covered > 0 {
		p.Mean = min(max(area/float64(covered), p.Min), p.Max)
		return p, any
	}
	p.Min, p.Max = math.NaN(), math.NaN()
	return p, any
}

// advance brings the records of up to an instant in force, and says how many those were.
func (s *steps) advance(ms int64) (n int) {
	for ; s.next < len(s.records) && millisOf(s.records[s.next]) <= ms; n++ {
		s.latest = &s.records[s.next]
		s.next++
	}
	return n
}

func millisOf(r senml.Record) int64 { return int64(math.Round(r.Time * 1000)) }
