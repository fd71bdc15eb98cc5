package consent

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"releve/federation"
	"releve/senml"
)

var _ federation.Gate = (*Gate)(nil)

// Gate lets through what one recipient may see, as finely as it may see it. It is asked at each attempt to send, so that
// a grant that lapses or is withdrawn also stops what was already waiting. One delivery uses it.
type Gate struct {
	recipient string
	see       func(local string) sight
	coarse    coarsener

	sights map[string]sight // of the latest pack, by local series
	left   bool             // of it something was about to leave
}

// Gate returns the gate of a recipient for the delivery of one cursor, by whose name it knows how far it has come. Of what
// is granted, only what wants returns true for passes; nil wants all. What is wanted may have been asked for under the
// other name of the meter: its identity became known, or was granted or withdrawn, after the recipient asked.
func (b *Book) Gate(recipient, place string, wants func(name string) bool) *Gate {
	see := func(local string) sight {
		s := b.sight(recipient, local)
		if s.name == "" || wants == nil || slices.ContainsFunc(b.Aliases(recipient, local), wants) {
			return s
		}
		return sight{}
	}
	return &Gate{recipient: recipient, see: see, coarse: coarsener{book: b, place: place}}
}

// Pass returns the records of p that may go, renamed for the recipient: readings of what is granted live, and of what is
// granted coarser the periods that end with them. p must be resolved and is not changed.
func (g *Gate) Pass(p senml.Pack) senml.Pack {
	g.sights = map[string]sight{}
	g.coarse.begin()
	var passed senml.Pack
	var order []string
	coarse := map[string]senml.Pack{}
	for _, r := range p {
		s, known := g.sights[r.Name]
		if !known {
			s = g.see(r.Name)
			g.sights[r.Name] = s
			if s.name != "" && s.finest != Live {
				order = append(order, r.Name)
			}
		}
		switch {
		case s.name == "":
		case s.finest == Live:
			r.Name = s.name
			passed = append(passed, r)
		default:
			coarse[r.Name] = append(coarse[r.Name], r)
		}
	}
	for _, local := range order {
		passed = append(passed, g.coarse.periods(g.sights[local], coarse[local])...)
	}
	g.left = false
	return passed
}

// Scope is another word whenever a grant to the recipient begins or ends, or its pseudonyms are rotated.
func (g *Gate) Scope() string { return g.coarse.book.scope(g.recipient) }

// Settled notes that the latest pack is done with: the recipient has what passed of it, or will never take it.
func (g *Gate) Settled(taken bool) {
	if g.left {
		g.coarse.book.Tally.Settled(g.coarse.place, taken)
	}
	var withheld []string
	for _, local := range slices.Sorted(maps.Keys(g.sights)) {
		if s := g.sights[local]; s.name == "" || s.finest == Live {
			withheld = append(withheld, local)
		}
	}
	g.coarse.settle(withheld)
	g.sights, g.left = nil, false
}

// Leaving notes of each consent what is about to leave under it, as it goes.
func (g *Gate) Leaving(goes senml.Pack, was func(name string) string) error {
	if g.coarse.book.Tally == nil || len(goes) == 0 {
		return nil
	}
	all, err := g.batches(goes, was)
	if err != nil {
		return err
	}
	g.left = true
	return g.coarse.book.Tally.Leaving(g.coarse.place, all...)
}

// onlyLeave is what allows all that passed, when it is one: nothing has to be copied then.
func (g *Gate) onlyLeave() (only leave, is bool) {
	for _, s := range g.sights {
		if s.name == "" {
			continue
		}
		all := s.leaves(g.recipient)
		if len(all) != 1 || is && all[0] != only {
			return only, false
		}
		only, is = all[0], true
	}
	return only, is
}

// errNoConsent is of a record that the gate let through under no such name: it stays, rather than leave uncounted.
var errNoConsent = errors.New("note what leaves: no consent is known for one of the readings")

// batches is what goes, by whom it goes to and what allows it.
func (g *Gate) batches(goes senml.Pack, was func(name string) string) ([]Batch, error) {
	if l, is := g.onlyLeave(); is {
		return []Batch{{l.recipient, l.grant, goes}}, nil
	}
	seen := map[string]sight{}
	for _, s := range g.sights {
		seen[s.name] = s
	}
	under := map[leave]senml.Pack{}
	for _, r := range goes {
		name := was(r.Name)
		s, known := seen[name]
		if !known {
			s = seen[seriesOf(name)]
		}
		if s.name == "" {
			return nil, errNoConsent
		}
		for _, l := range s.leaves(g.recipient) {
			under[l] = append(under[l], r)
		}
	}
	var all []Batch
	for _, l := range slices.SortedFunc(maps.Keys(under), func(a, b leave) int {
		return cmp.Or(cmp.Compare(a.recipient, b.recipient), cmp.Compare(a.grant, b.grant))
	}) {
		all = append(all, Batch{l.recipient, l.grant, under[l]})
	}
	return all, nil
}
