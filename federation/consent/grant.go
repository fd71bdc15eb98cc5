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
	"regexp"
	"slices"
	"strings"
	"time"
)

// Grant is the terms of one consent (RGPD art. 6.1.a): who may see which series, how finely, for what, until when.
type Grant struct {
	To         string     `json:"to"`                 // bare address, domain, or "recipient NAME": a configured one outside the federation
	Series     []string   `json:"series"`             // globs over series paths; * matches any run of characters, / included
	Sources    []string   `json:"sources,omitempty"`  // whose series: these sources'; none: the household's own meters'
	Resolution Resolution `json:"resolution"`         // the finest that may be seen
	Purpose    string     `json:"purpose"`            // in words the person understood
	Until      time.Time  `json:"until,omitzero"`     // exclusive; zero: no end was agreed
	Identity   bool       `json:"identity,omitempty"` // may see the delivery point number (PRM)
	Details
}

// Details are the terms of a grant that bind people and decide nothing here.
type Details struct {
	From      time.Time `json:"from,omitzero"`        // before which nothing leaves; zero: at once
	PurposeEN string    `json:"purpose_en,omitempty"` // Purpose in English, where that is in French
	Code      string    `json:"code,omitempty"`       // of the purpose, in a vocabulary such as W3C DPV's
	Retention string    `json:"retention,omitempty"`  // how long the recipient may keep it, ISO 8601 such as P1Y
	Notice    string    `json:"notice,omitempty"`     // version of the text the person was shown (RGPD art. 13)
	Name      string    `json:"name,omitempty"`       // legal name of the recipient
	Contact   string    `json:"contact,omitempty"`    // whom to ask there about one's data
	Role      Role      `json:"role,omitempty"`
}

// Role is what a recipient is to the household before the law.
type Role string

// The roles (RGPD art. 4.7, 26 and 28).
const (
	Processor       Role = "processor"        // acts on the household's behalf
	JointController Role = "joint controller" // decides together with others what the data are for
	Independent     Role = "independent"      // decides alone
)

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
	case g.Resolution.rank() < 0:
		return fmt.Errorf("the grant to %s has resolution %q; it may be one of %s", g.To, g.Resolution, Words())
	case g.size() > maxSize:
		return fmt.Errorf("the grant to %s is too long to be written into the ledger; shorten its purpose, or give some of its series or sources in another grant", g.To)
	}
	return g.checkDetails()
}

func (g Grant) checkDetails() error {
	switch {
	case !slices.Contains([]Role{"", Processor, JointController, Independent}, g.Role):
		return fmt.Errorf("the grant to %s has role %q; it may be %q, %q or %q", g.To, g.Role, Processor, JointController, Independent)
	case g.Retention != "" && !duration.MatchString(g.Retention):
		return fmt.Errorf("the grant to %s has retention %q; write it like P30D, P6M or P1Y", g.To, g.Retention)
	case !g.From.IsZero() && g.Until.IsZero():
		// While the clock is not known, an end is what keeps a grant from holding too early.
		return fmt.Errorf("the grant to %s begins later and has no end; give it an until", g.To)
	case !g.From.IsZero() && !g.From.Before(g.Until):
		return fmt.Errorf("the grant to %s ends before it begins", g.To)
	}
	return nil
}

// duration is an ISO 8601 duration of days or more.
var duration = regexp.MustCompile(`^P([1-9][0-9]{0,3}[YMWD])+$`)

// maxSize leaves room in an entry of the ledger, which has 8 kB, for what else stands there.
const maxSize = 7 << 10

// size is how many bytes of JSON a grant takes in the ledger.
func (g Grant) size() int {
	terms, _ := json.Marshal([]any{g.To, g.Covered(), g.Purpose, g.Details}) // these always have a form
	return len(terms)
}

// ID stands for the terms of a grant: another one has another identifier. The ledger names grants by it.
func (g Grant) ID() string {
	list := []any{g.To, g.Series, g.Resolution, g.Purpose, g.Until.UTC(), g.Identity}
	if len(g.Sources) > 0 {
		list = append(list, g.Sources)
	}
	if g.Details != (Details{}) {
		list = append(list, g.Details)
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
	if g.Over(now) || now.Before(g.From) {
		return false
	}
	return g.IsFor(recipient)
}

// IsFor says whether the grant names a recipient: its address or name, or the domain of its address.
func (g Grant) IsFor(recipient string) bool {
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

// Has says whether the grant covers a series of the buffer.
func (g Grant) Has(local string) bool {
	meter, path, _ := strings.Cut(local, "/")
	return meter != "" && path != "" && g.matches(meter, path)
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

// Glob matches a pattern of a grant: its * stands for any run of characters.
func Glob(pattern, s string) bool { return glob(pattern, s) }
