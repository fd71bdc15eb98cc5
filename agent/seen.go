package main

import (
	"hash/maphash"
	"math"

	"releve/senml"
)

// seen tells whether a record came before, of the last so many: what is pushed may come again, and be in the history too.
type seen struct {
	seed          maphash.Seed
	recent, older map[uint64]struct{}
}

// seenAtLeast is how many records are remembered; twice as many at most, in some 40 MB.
const seenAtLeast = 500_000

func newSeen() *seen {
	return &seen{seed: maphash.MakeSeed(), recent: map[uint64]struct{}{}}
}

// has says whether a record came before, by name, time and value.
func (s *seen) has(r senml.Record) bool {
	key := s.key(r)
	_, recently := s.recent[key]
	_, before := s.older[key]
	return recently || before
}

// add notes a record.
func (s *seen) add(r senml.Record) {
	if len(s.recent) >= seenAtLeast {
		s.recent, s.older = map[uint64]struct{}{}, s.recent
	}
	s.recent[s.key(r)] = struct{}{}
}

func (s *seen) key(r senml.Record) uint64 {
	return maphash.Comparable(s.seed, struct {
		name, unit string
		millis     int64
		value      senml.Value
	}{r.Name, r.Unit, int64(math.Round(r.Time * 1000)), r.Value})
}
