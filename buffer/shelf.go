package buffer

import "releve/senml"

// shelf keeps the packs of several hours that were decoded last, hour by hour. What was imported comes as a pack of a day:
// who reads that day hour after hour would decode it 24 times. It goes with the question, or the rolling up, that needs it.
type shelf struct {
	order   []Seq // the latest is last
	packs   map[Seq]map[hour]senml.Pack
	records int
}

// shelfRecords bounds a shelf: two packs of an import, some 5 MB.
const shelfRecords = 2 * importPack

func newShelf() *shelf { return &shelf{packs: map[Seq]map[hour]senml.Pack{}} }

// take returns what a pack on the shelf has of an hour.
func (s *shelf) take(h hour, seq Seq) (p senml.Pack, found bool) {
	hours, found := s.packs[seq]
	return hours[h], found
}

// put takes a decoded pack, unless it is of one hour, and returns what it has of one.
func (s *shelf) put(h hour, seq Seq, p senml.Pack) senml.Pack {
	hours := map[hour]senml.Pack{}
	for i := range p {
		of := hourOf(p[i].Time)
		hours[of] = append(hours[of], p[i])
	}
	if len(hours) < 2 {
		return p
	}
	s.order, s.packs[seq], s.records = append(s.order, seq), hours, s.records+len(p)
	for s.records > shelfRecords && len(s.order) > 1 {
		s.drop()
	}
	return hours[h]
}

// drop takes the oldest pack away.
func (s *shelf) drop() {
	for _, p := range s.packs[s.order[0]] {
		s.records -= len(p)
	}
	delete(s.packs, s.order[0])
	s.order = s.order[1:]
}
