package consent

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"releve/senml"
)

// Circle is several readers of one copy, of which each sees all. It is a gate: a record passes when every member may
// see it. Its devices have a pseudonym of the circle's own, never the delivery point number: whoever joins later, or
// was not granted the identity, reads the same.
type Circle struct {
	book    *Book
	name    string
	readers []string // bare addresses
}

// Circle returns the gate of a recipient, by its name, whose copy these bare addresses read.
func (b *Book) Circle(name string, readers []string) *Circle {
	return &Circle{book: b, name: name, readers: slices.Sorted(slices.Values(readers))}
}

// Members returns the readers that have any grant in force, sorted.
func (c *Circle) Members() []string {
	var members []string
	for _, reader := range c.readers {
		if c.book.Knows(reader) {
			members = append(members, reader)
		}
	}
	return members
}

// Scope is another word whenever what the circle sees, or who sees it, is not the same. It says nothing to who has not
// the key.
func (c *Circle) Scope() string {
	mac := hmac.New(sha256.New, c.book.Key)
	for _, member := range c.Members() {
		fmt.Fprintf(mac, "%q\n", member) // never fails
		for _, g := range c.book.inForce(member) {
			fmt.Fprintf(mac, "%q %q %q\n", g.Series, g.Sources, g.Resolution)
		}
	}
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// Pass returns the records of p that all members may see, renamed. Without members nothing passes.
func (c *Circle) Pass(p senml.Pack) senml.Pack {
	members := c.Members()
	names := map[string]string{}
	var passed senml.Pack
	for _, r := range p {
		name, known := names[r.Name]
		if !known {
			name = c.title(members, r.Name)
			names[r.Name] = name
		}
		if name != "" {
			r.Name = name
			passed = append(passed, r)
		}
	}
	return passed
}

// title returns the name under which all members may see a local series, or "".
func (c *Circle) title(members []string, local string) string {
	if len(members) == 0 {
		return ""
	}
	for _, member := range members {
		if c.book.Name(member, local) == "" {
			return ""
		}
	}
	meter, path, _ := strings.Cut(local, "/")
	return c.Device(meter) + "_" + path
}

// Device is the name of a meter in this circle.
func (c *Circle) Device(meter string) string { return c.book.device(c.name, meter, false) }
