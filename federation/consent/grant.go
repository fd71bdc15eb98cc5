// Package consent decides what may leave: grants say who may see which series, and a gate stands between a cursor
// and a recipient and lets only granted records through, under the names the grant allows.
//
// In: records under their local names, "<meter>/<path>". Out: the granted ones under names for that recipient.
// It does not know how anything is stored or sent. Without a grant nothing passes.
package consent

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Grant is one consent (RGPD art. 6.1.a): who may see which series, for what, until when.
type Grant struct {
	To         string    // bare address, domain, or "recipient NAME": a configured one outside the federation
	Series     []string  // globs over series paths; * matches any run of characters, / included
	Sources    []string  // whose series: these sources'; none: the household's own meters'
	Resolution string    // Live: the only one that can be granted so far
	Purpose    string    // in words the person understood
	Until      time.Time // exclusive; zero: no end was agreed
	Identity   bool      // may see the delivery point number (PRM)
}

// Live is the resolution of records as they are read.
const Live = "live"

// Check says what is wrong with a grant, in a sentence for the person who wrote it.
func (g Grant) Check() error {
	switch {
	case g.To == "":
		return errors.New("a grant needs to: an address, a domain or the name of a recipient")
	case strings.TrimSpace(g.To) != g.To:
		return fmt.Errorf("the grant to %q has white space around the address", g.To)
	case strings.Contains(g.To, "@") && strings.Contains(g.To, "/"):
		return fmt.Errorf("the grant to %s names one client of an address; leave out what begins at /", g.To)
	case len(g.Series) == 0:
		return fmt.Errorf("the grant to %s needs series, for example [\"*\"]", g.To)
	case slices.Contains(g.Series, ""):
		return fmt.Errorf("the grant to %s has an empty series pattern", g.To)
	case slices.Contains(g.Sources, ""):
		return fmt.Errorf("the grant to %s has a source without a name", g.To)
	case g.Purpose == "":
		return fmt.Errorf("the grant to %s needs a purpose: what will the data be used for?", g.To)
	case g.Resolution != Live:
		return fmt.Errorf("the grant to %s has resolution %q; this version can only grant %q, and sends nothing finer than what was granted",
			g.To, g.Resolution, Live)
	case g.size() > maxSize:
		return fmt.Errorf("the grant to %s is too long to be written into the ledger; shorten its purpose, or give some of its series or sources in another grant", g.To)
	}
	return nil
}

// maxSize leaves room in an entry of the ledger, which has 8 kB, for what else stands there.
const maxSize = 7 << 10

// size is how many bytes of JSON a grant takes in the ledger.
func (g Grant) size() int {
	terms, _ := json.Marshal([]any{g.To, g.Covered(), g.Purpose}) // these always have a form
	return len(terms)
}

// ID stands for the terms of a grant: another one has another identifier. The ledger names grants by it.
func (g Grant) ID() string {
	list := []any{g.To, g.Series, g.Resolution, g.Purpose, g.Until.UTC(), g.Identity}
	if len(g.Sources) > 0 {
		list = append(list, g.Sources)
	}
	terms, _ := json.Marshal(list) // these always have a form
	sum := sha256.Sum256(terms)
	return hex.EncodeToString(sum[:8])
}

// Covered is what a grant covers, as globs: over the paths of the household's meters, or over "<source>.<device>/<path>".
func (g Grant) Covered() []string {
	if len(g.Sources) == 0 {
		return g.Series
	}
	var globs []string
	for _, source := range g.Sources {
		for _, series := range g.Series {
			globs = append(globs, source+".*/"+series)
		}
	}
	return globs
}

// Over says whether a grant has come to its agreed end.
func (g Grant) Over(now time.Time) bool { return !g.Until.IsZero() && !now.Before(g.Until) }

// covers says whether the grant is for that recipient and in force at that time.
func (g Grant) covers(recipient string, now time.Time) bool {
	if g.Over(now) {
		return false
	}
	_, domain, isAddress := strings.Cut(recipient, "@")
	return g.isTo(recipient) || isAddress && g.isTo(domain)
}

// isTo compares as addresses are compared: they come in lower case (RFC 7622), grants as somebody typed them.
func (g Grant) isTo(recipient string) bool {
	return g.To == recipient || strings.ToLower(g.To) == recipient
}

// matches says whether the grant covers a path of a meter. What others have agreed to hand to this household is not the
// household's own: a grant covers "<source>.<device>" only when it names the source.
func (g Grant) matches(meter, path string) bool {
	source, _, received := strings.Cut(meter, ".")
	if received != (len(g.Sources) > 0) || received && !slices.Contains(g.Sources, source) {
		return false
	}
	return slices.ContainsFunc(g.Series, func(pattern string) bool { return glob(pattern, path) })
}

// glob matches a pattern whose * stands for any run of characters.
func glob(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, last)
}
