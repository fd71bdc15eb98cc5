package consent

import (
	"slices"
	"strings"
	"time"
)

// Terms are what a recipient has agreed to about a local series, as names and values that can travel with the data: the
// consent, what for, how long it may be kept, until when it holds, and whether it is of a meter here or of a source.
func (b *Book) Terms(recipient, local string) []string {
	return b.terms(b.sight(recipient, local).grant, local)
}

// Terms are those of what last passed under a name. Under a name that something behind the gate gave they are those of all
// that passed, where these are the same.
func (g *Gate) Terms(name string) []string {
	if local := g.local(name); local != "" {
		return g.coarse.book.terms(g.sights[local].grant, local)
	}
	var sole []string
	for local, s := range g.sights {
		if s.name == "" {
			continue
		}
		terms := g.coarse.book.terms(s.grant, local)
		if sole != nil && !slices.Equal(sole, terms) {
			return nil
		}
		sole = terms
	}
	return sole
}

// local is the series that last passed under a name, or "".
func (g *Gate) local(name string) string {
	series := seriesOf(name)
	for local, s := range g.sights {
		if s.name != "" && s.name == series {
			return local
		}
	}
	return ""
}

func (b *Book) terms(id, local string) []string {
	if g, stands := b.grant(id); stands {
		return termsOf(g, id, local)
	}
	return nil
}

// grant is the standing one of an identifier.
func (b *Book) grant(id string) (Grant, bool) {
	for _, g := range b.standing() {
		if id != "" && g.ID() == id {
			return g, true
		}
	}
	return Grant{}, false
}

// termsOf are the terms of a grant about a local series; id is "" where they are those of several.
func termsOf(g Grant, id, local string) []string {
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

// Terms are what binds every reader of a circle about what last passed under a name: the shortest time it may be kept, the
// earliest end, and what for where that is the same for all. Nobody learns of another's consent.
func (c *Circle) Terms(name string) []string {
	local := c.local(name)
	if local == "" {
		return nil
	}
	var common Grant
	var ids []string
	for _, member := range c.Members() {
		id := c.book.sight(member, local).grant
		g, stands := c.book.grant(id)
		if !stands {
			return nil
		}
		if ids = append(ids, id); len(ids) == 1 {
			common = g
			continue
		}
		common = common.narrowed(g)
	}
	switch len(ids) {
	case 0:
		return nil
	case 1:
		return termsOf(common, ids[0], local)
	}
	return termsOf(common, "", local)
}

// narrowed is what two grants both allow, in the terms that travel.
func (g Grant) narrowed(other Grant) Grant {
	if g.Purpose != other.Purpose || g.Code != other.Code {
		g.Purpose, g.Code = "", ""
	}
	if g.Until.IsZero() || !other.Until.IsZero() && other.Until.Before(g.Until) {
		g.Until = other.Until
	}
	if g.Retention == "" || other.Retention != "" && days(other.Retention) < days(g.Retention) {
		g.Retention = other.Retention
	}
	return g
}

// days is about how many days an ISO 8601 duration has, to compare by.
func days(duration string) int {
	sum, n := 0, 0
	for _, c := range strings.TrimPrefix(duration, "P") {
		if c >= '0' && c <= '9' {
			n = 10*n + int(c-'0')
			continue
		}
		sum, n = sum+n*map[rune]int{'Y': 365, 'M': 30, 'W': 7, 'D': 1}[c], 0
	}
	return sum
}
