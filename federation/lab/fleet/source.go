package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"releve/federation"
	"releve/federation/quoalise"
	"releve/senml"
)

// What an agent hands on at each turn: about what a meter in standard mode gives in a minute.
const (
	seriesPerPack  = 12
	recordsPerPack = 40 // of each series
	meterName      = "linky"
)

// source makes packs up from the clock: pack n is there once n turns are over, and is the same whenever it is asked for.
type source struct {
	every time.Duration // set once
	began time.Time

	mu    sync.Mutex // guards everything below
	acked uint64
	first uint64 // the last pack before the delivery began
	last  uint64 // nothing is made after it; 0 while it goes on
}

var (
	_ federation.Cursor = (*source)(nil)
	_ quoalise.Archive  = (*source)(nil)
)

func newSource(every time.Duration, number int) *source {
	const turns = 97 // a prime, so that neighbours are not in step
	return &source{every: every, began: time.Now().Add(-every * time.Duration(number%turns) / turns)}
}

// begin makes the delivery begin with what comes from now on, as a new cursor of the buffer does.
func (s *source) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first = s.newest()
	s.acked = s.first
}

// stop ends the making and returns how many records a delivery was to hand on.
func (s *source) stop() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = s.newest()
	return int(s.last-s.first) * seriesPerPack * recordsPerPack
}

// newest is the number of the newest pack. The caller holds the lock.
func (s *source) newest() uint64 {
	if s.last > 0 {
		return s.last
	}
	return uint64(time.Since(s.began) / s.every)
}

// Next waits for packs after the last acknowledged one.
func (s *source) Next(ctx context.Context, limit int) ([]federation.Item, error) {
	for {
		s.mu.Lock()
		newest, acked := s.newest(), s.acked
		s.mu.Unlock()
		if newest > acked {
			var items []federation.Item
			for n := acked + 1; n <= newest && len(items) < limit; n++ {
				items = append(items, federation.Item{Seq: n, Pack: s.pack(n)})
			}
			return items, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Until(s.began.Add(s.every * time.Duration(acked+1)))):
		}
	}
}

// Ack forgets packs.
func (s *source) Ack(seq uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acked = max(s.acked, seq)
	return nil
}

func (s *source) pack(n uint64) senml.Pack {
	var p senml.Pack
	start := s.began.Add(s.every * time.Duration(n-1))
	for i := range recordsPerPack {
		at := float64(start.Add(s.every*time.Duration(i)/recordsPerPack).UnixMilli()) / 1000
		for k := range seriesPerPack {
			value := float64((n*7919 + uint64(i*131+k*17)) % 6000)
			p = append(p, senml.Record{Name: seriesName(k), Unit: "VA", Value: senml.NumberValue(value), Time: at})
		}
	}
	return p
}

func seriesName(k int) string { return fmt.Sprintf("%s/consumption/power/%d", meterName, k) }

// Series names what the agent lists.
func (s *source) Series() []string {
	var names []string
	for k := range seriesPerPack {
		names = append(names, seriesName(k))
	}
	return names
}

// History has nothing: nobody asks a fleet for its past.
func (s *source) History(context.Context, string, time.Time, time.Time, int) (senml.Pack, bool, error) {
	return nil, false, nil
}

// Periods has nothing either.
func (s *source) Periods(context.Context, string, quoalise.Resolution, time.Time, time.Time, int) ([]quoalise.Period, bool, error) {
	return nil, false, nil
}
