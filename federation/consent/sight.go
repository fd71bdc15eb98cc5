package consent

import "strings"

// sight is how one recipient may see one series now.
type sight struct {
	name   string     // its name for the recipient; "" when it may not be seen
	finest Resolution // "" with the name
	grant  string     // identifier of the one that allows it

	identity bool // whose it is may be seen

	readers []leave // of a circle: each, and what allows it
}

// leave is by which grant somebody may see.
type leave struct{ recipient, grant string }

// leaves are all under which a sight is had: of a recipient by itself, or of each reader of a circle.
func (s sight) leaves(recipient string) []leave {
	if s.readers != nil {
		return s.readers
	}
	return []leave{{recipient, s.grant}}
}

// sight judges by the finest grant in force. Its name shows the delivery point only where one that is as fine allows
// that: what was agreed to by days with the number, and live without, leaves live without.
func (b *Book) sight(recipient, local string) sight {
	meter, path, _ := strings.Cut(local, "/")
	if meter == "" || path == "" {
		return sight{}
	}
	var seen sight
	for _, g := range b.inForce(recipient) {
		if !g.matches(meter, path) || seen.finest != "" && seen.finest.isFinerThan(g.Resolution) {
			continue
		}
		if g.Resolution != seen.finest {
			seen = sight{finest: g.Resolution, grant: g.ID()}
		}
		if g.Identity && !seen.identity {
			seen.grant, seen.identity = g.ID(), true
		}
	}
	if seen.finest != "" {
		seen.name = b.device(recipient, meter, seen.identity) + "_" + path
	}
	return seen
}
