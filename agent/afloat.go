package main

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"

	"releve/federation/consent"
)

// afloat is what was about to leave a place and is not settled. It may have left, and when it comes again it is the same.
type afloat struct {
	noted  map[mark][]*transfer // where each is counted; a record that is twice in a pack leaves twice
	latest map[mark]int         // how often each was in what was about to leave last
}

// mark tells a record under a consent from every other.
type mark uint64

// markOf is of a line with the key of its count before it.
func markOf(keyed []byte) mark {
	sum := sha256.Sum256(keyed)
	return mark(binary.BigEndian.Uint64(sum[:]))
}

// keptMarks are the records of one count that are afloat from one place.
type keptMarks struct {
	Place string `json:"place"`
	Of    string `json:"of"` // key of the count
	Marks []mark `json:"marks"`
}

var _ consent.Tally = (*tally)(nil)

// Leaving counts what is about to leave a place and makes that durable.
func (t *tally) Leaving(place string, all ...consent.Batch) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if place == "" {
		return t.once(all)
	}
	a := t.from(place)
	a.latest = map[mark]int{}
	again := false
	for _, b := range all {
		c := t.of(b)
		keyed := append([]byte(c.key()), ' ')
		key := len(keyed)
		for _, r := range b.Pack {
			keyed = sentLine(keyed[:key], r)
			m := markOf(keyed)
			if a.latest[m]++; a.latest[m] <= len(a.noted[m]) {
				again = true
				continue
			}
			c.add(r, keyed[key:])
			a.noted[m] = append(a.noted[m], c)
			c.Afloat++
		}
	}
	if !again {
		a.giveUp()
	}
	return t.note()
}

// once counts what never comes again. With an error it does not leave, and is not counted.
func (t *tally) once(all []consent.Batch) error {
	before := map[*transfer]transfer{}
	for _, b := range all {
		c := t.of(b)
		if _, kept := before[c]; !kept {
			before[c] = c.clone()
		}
		for _, r := range b.Pack {
			c.add(r, sentLine(nil, r))
		}
	}
	err := t.note()
	if err != nil {
		for c, was := range before {
			t.restore(c, was)
		}
	}
	return err
}

// restore has a count be what it was. What is on the disk may say more until it is written next.
func (t *tally) restore(c *transfer, was transfer) {
	if *c = was; c.Records == 0 {
		delete(t.counts, c.key())
	}
	c.dirty, t.changed = true, true
}

// from is what is afloat from a place.
func (t *tally) from(place string) *afloat {
	a := t.afloat[place]
	if a == nil {
		a = &afloat{noted: map[mark][]*transfer{}}
		t.afloat[place] = a
	}
	return a
}

// giveUp is of what was not in what was about to leave last: nobody will know whether it arrived.
func (a *afloat) giveUp() {
	for m, counts := range a.noted {
		if a.latest[m] > 0 {
			continue
		}
		for _, c := range counts {
			c.settle(false)
		}
		delete(a.noted, m)
	}
}

func (c *transfer) settle(arrived bool) {
	c.Afloat--
	if !arrived {
		c.Uncertain++
	}
}

// Settled notes that what was about to leave a place last has arrived, or that it will not come again.
func (t *tally) Settled(place string, arrived bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.afloat[place]
	if a == nil {
		return
	}
	for m, n := range a.latest {
		counts := a.noted[m]
		for range min(n, len(counts)) {
			counts[len(counts)-1].settle(arrived)
			counts = counts[:len(counts)-1]
		}
		if a.noted[m] = counts; len(counts) == 0 {
			delete(a.noted, m)
		}
	}
	if a.latest = nil; len(a.noted) == 0 {
		delete(t.afloat, place)
	}
	t.changed = true
}

// sink forgets what is afloat of a count that is in the ledger: what comes again is counted again.
func (t *tally) sink(c *transfer) {
	for _, a := range t.afloat {
		for m, counts := range a.noted {
			if a.noted[m] = slices.DeleteFunc(counts, func(x *transfer) bool { return x == c }); len(a.noted[m]) == 0 {
				delete(a.noted, m)
			}
		}
	}
}

// marks is all that is afloat, to be kept.
func (t *tally) marks() []keptMarks {
	var all []keptMarks
	for _, place := range slices.Sorted(maps.Keys(t.afloat)) {
		by := map[string][]mark{}
		for m, counts := range t.afloat[place].noted {
			for _, c := range counts {
				by[c.key()] = append(by[c.key()], m)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(by)) {
			all = append(all, keptMarks{place, key, slices.Sorted(slices.Values(by[key]))})
		}
	}
	return all
}

// float goes on with what was kept.
func (t *tally) float(all []keptMarks) {
	for _, k := range all {
		c := t.counts[k.Of]
		if c == nil {
			continue
		}
		for _, m := range k.Marks {
			a := t.from(k.Place)
			a.noted[m] = append(a.noted[m], c)
		}
	}
}
