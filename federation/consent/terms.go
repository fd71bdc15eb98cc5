package consent

import (
	"strings"
	"time"
)

// Terms are what a recipient has agreed to about a local series, as names and values that can travel with the data: the
// consent, what for, how long it may be kept, until when it holds, and whether it is of a meter here or of a source.
func (b *Book) Terms(recipient, local string) []string {
	return b.terms(b.sight(recipient, local).grant, local)
}

// Terms are those of what last passed under a name.
func (g *Gate) Terms(name string) []string {
	series := seriesOf(name)
	for local, s := range g.sights {
		if s.name != "" && s.name == series {
			return g.coarse.book.terms(s.grant, local)
		}
	}
	return nil
}

func (b *Book) terms(id, local string) []string {
	for _, g := range b.standing() {
		if id == "" || g.ID() != id {
			continue
		}
		purpose, until, origin := g.Code, "", "meter"
		if purpose == "" {
			purpose = g.Purpose
		}
		if !g.Until.IsZero() {
			until = g.Until.UTC().Format(time.RFC3339)
		}
		if meter, _, _ := strings.Cut(local, "/"); strings.Contains(meter, ".") {
			origin = "source"
		}
		return []string{"consent", id, "purpose", purpose, "retention", g.Retention, "until", until, "origin", origin}
	}
	return nil
}
