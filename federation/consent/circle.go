package consent

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Circle is several readers of one copy, of which each sees all. It is a gate: a record passes when every member may
// see it, as finely as the one does who may see least. Its devices have a pseudonym of the circle's own, never the delivery point number: whoever joins later, or
// was not granted the identity, reads the same.
type Circle struct {
	book    *Book
	name    string
	readers []string // bare addresses
	*Gate
}

// Circle returns the gate of a recipient, by its name, whose copy these bare addresses read.
func (b *Book) Circle(name string, readers []string) *Circle {
	c := &Circle{book: b, name: name, readers: slices.Sorted(slices.Values(readers))}
	c.Gate = &Gate{recipient: name, see: c.sight, coarse: coarsener{book: b, place: "circle " + name}}
	return c
}

// Again returns the same circle for who reads the same packs a second time: how far it has come is kept under another name.
func (c *Circle) Again() *Circle {
	again := *c
	again.Gate = &Gate{see: c.sight, coarse: coarsener{book: c.book, place: c.Gate.coarse.place + " again"}}
	return &again
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

// Scope is another word whenever what the circle sees, who sees it, or how it is named is not the same. It says nothing to
// who has not the key.
func (c *Circle) Scope() string {
	mac := hmac.New(sha256.New, c.book.Key)
	mac.Write([]byte(c.book.Rotations.of(c.name))) // never fails
	for _, member := range c.Members() {
		fmt.Fprintf(mac, "%q\n", member) // never fails
		for _, g := range c.book.inForce(member) {
			fmt.Fprintf(mac, "%q %q %q\n", g.Series, g.Sources, g.Resolution)
		}
	}
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// sight is how all members may see a local series. Without members nobody does.
func (c *Circle) sight(local string) sight {
	var all sight
	var readers []leave
	for _, member := range c.Members() {
		s := c.book.sight(member, local)
		if s.name == "" {
			return sight{}
		}
		readers = append(readers, leave{member, s.grant})
		if all.finest == "" || all.finest.isFinerThan(s.finest) {
			all = s
		}
	}
	if all.finest != "" {
		meter, path, _ := strings.Cut(local, "/")
		all.name, all.identity, all.readers = c.Device(meter)+"_"+path, false, readers
	}
	return all
}

// Device is the name of a meter in this circle.
func (c *Circle) Device(meter string) string { return c.book.device(c.name, meter, false) }
