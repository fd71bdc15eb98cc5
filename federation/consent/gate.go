package consent

import (
	"slices"

	"releve/senml"
)

// Gate lets through what one recipient may see. It is asked at each attempt to send, so that a grant that lapses or
// is withdrawn also stops what was already waiting.
type Gate struct {
	book      *Book
	recipient string
	wants     func(name string) bool
}

// Gate returns the gate of a recipient. Of what is granted, only what wants returns true for passes; nil wants all.
func (b *Book) Gate(recipient string, wants func(name string) bool) *Gate {
	return &Gate{book: b, recipient: recipient, wants: wants}
}

// Pass returns the records of p that may go, renamed for the recipient. p must be resolved and is not changed.
func (g *Gate) Pass(p senml.Pack) senml.Pack {
	names := map[string]string{}
	var passed senml.Pack
	for _, r := range p {
		name, known := names[r.Name]
		if !known {
			name = g.name(r.Name)
			names[r.Name] = name
		}
		if name != "" {
			r.Name = name
			passed = append(passed, r)
		}
	}
	return passed
}

// name returns the name under which a series may go, or "". What is wanted may have been asked for under the other
// name of the meter: its identity became known, or was granted or withdrawn, after the recipient asked.
func (g *Gate) name(local string) string {
	name := g.book.Name(g.recipient, local)
	if name == "" || g.wants == nil {
		return name
	}
	if slices.ContainsFunc(g.book.Aliases(g.recipient, local), g.wants) {
		return name
	}
	return ""
}
