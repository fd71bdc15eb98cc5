package consent

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"releve/senml"
)

// Book holds the grants and names series for those who may see them. It is read by many and changed by none.
type Book struct {
	Grants   []Grant                   // that always stand
	Consents *Consents                 // whose standing grants count too; may be nil
	Key      []byte                    // of the pseudonyms: random, kept in the house
	PRM      func(meter string) string // delivery point number of a meter, "" when it is not known
	Now      func() time.Time          // nil for time.Now

	Rotations *Rotations // of the pseudonyms; may be nil

	// Refuses says that nothing may leave to a recipient under a grant, whatever was agreed to; nil refuses nothing.
	Refuses func(recipient string, g Grant) bool

	Tally Tally // of what leaves; nil counts nothing

	Archive  Archive        // of what is granted coarser than it is read; nil withholds that
	Places   *Places        // how far that has come; nil withholds it too
	Hold     time.Duration  // how long a value is in force in the archive, at most
	Location *time.Location // whose days are meant; nil for UTC
	Log      *slog.Logger   // of what has to be withheld; nil for nowhere
}

// Forget drops how far a place has come, whose cursor is no more.
func (b *Book) Forget(place string) error {
	if b.Places == nil {
		return nil
	}
	return b.Places.Forget(place)
}

// Knows says whether any grant is in force for a recipient.
func (b *Book) Knows(recipient string) bool { return len(b.inForce(recipient)) > 0 }

// Name returns the name under which a recipient may see a local series, "<meter>/<path>", or "" when it may not.
func (b *Book) Name(recipient, local string) string { return b.sight(recipient, local).name }

// Finest returns how finely a recipient may see a local series, a Resolution, or "" when it may not see it at all.
func (b *Book) Finest(recipient, local string) string {
	return string(b.sight(recipient, local).finest)
}

// Identified says whether a recipient may see a local series, and whose it is: also under a name that is not its delivery
// point number, such as the meter's address.
func (b *Book) Identified(recipient, local string) bool { return b.sight(recipient, local).identity }

// Answered notes that a recipient is about to be given records because it asked, of a local series. With an error it may not.
func (b *Book) Answered(recipient, local string, p senml.Pack) error {
	if b.Tally == nil || len(p) == 0 {
		return nil
	}
	return b.Tally.Leaving("", Batch{recipient, b.sight(recipient, local).grant, p})
}

// Shown returns those of these readings, by their local names, that a recipient may see as they come, renamed. It notes that they
// are about to leave; with an error they may not.
func (b *Book) Shown(recipient string, p senml.Pack) (senml.Pack, error) {
	var shown senml.Pack
	under := map[string]senml.Pack{}
	for _, r := range p {
		s := b.sight(recipient, r.Name)
		if s.finest != Live {
			continue
		}
		r.Name = s.name
		shown = append(shown, r)
		under[s.grant] = append(under[s.grant], r)
	}
	if b.Tally == nil || len(shown) == 0 {
		return shown, nil
	}
	var all []Batch
	for _, grant := range slices.Sorted(maps.Keys(under)) {
		all = append(all, Batch{recipient, grant, under[grant]})
	}
	return shown, b.Tally.Leaving("", all...)
}

// Aliases returns all names a recipient may ever have known a series by. They are for comparing, not for telling.
func (b *Book) Aliases(recipient, local string) []string {
	meter, path, _ := strings.Cut(local, "/")
	return []string{b.device(recipient, meter, true) + "_" + path, b.device(recipient, meter, false) + "_" + path}
}

// Local returns the local series that a recipient may see under a name, or "".
func (b *Book) Local(recipient, name string, all []string) string {
	for _, local := range all {
		if name != "" && b.Name(recipient, local) == name {
			return local
		}
	}
	return ""
}

// Granted returns the names of all of these local series that the recipient may see, in order.
func (b *Book) Granted(recipient string, all []string) []string {
	var names []string
	for _, local := range all {
		if name := b.Name(recipient, local); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (b *Book) inForce(recipient string) []Grant {
	now := time.Now
	if b.Now != nil {
		now = b.Now
	}
	var grants []Grant
	for _, g := range b.standing() {
		if g.covers(recipient, now()) && (b.Refuses == nil || !b.Refuses(recipient, g)) {
			grants = append(grants, g)
		}
	}
	return grants
}

// scope is another word whenever a recipient may see other things, or under other names.
func (b *Book) scope(recipient string) string {
	words := []string{b.Rotations.of(recipient)}
	for _, g := range b.inForce(recipient) {
		words = append(words, g.ID())
	}
	return strings.Join(words, " ")
}

func (b *Book) standing() []Grant {
	if b.Consents == nil {
		return b.Grants
	}
	return append(slices.Clone(b.Grants), b.Consents.Standing()...)
}

// device is the URN of a meter (RFC 9039) for one recipient: by its delivery point number where that was granted,
// by a pseudonym otherwise.
func (b *Book) device(recipient, meter string, identity bool) string {
	if identity {
		if prm := b.PRM(meter); prm != "" {
			return "urn:dev:prm:" + prm
		}
	}
	return "urn:dev:org:" + enterpriseNumber + "-" + b.pseudonym(recipient, meter)
}
