package consent

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Bounds of what is asked for from outside: nobody fills the list, the ledger, or a person's day with it.
const (
	maxPendingOfDomain = 5
	maxPending         = 20
	maxAsked           = maxConsents / 2 // answered ones included: the household's own always find room
)

// ErrCrowded says that too much that was asked for from outside waits for an answer.
var ErrCrowded = errors.New("too many requests wait for an answer; ask again once some have been answered")

// Request is Ask by an address outside the house, for itself. These addresses are to be told of it; the asker is to be
// told what is answered. The error is ErrCrowded when there is no room for it.
func (c *Consents) Request(g Grant, now time.Time, tell []string) (Consent, error) {
	one := Consent{Grant: g, Since: now, By: g.To, Asker: g.To}
	for _, address := range tell {
		one.Notices = append(one.Notices, Notice{To: address})
	}
	return c.ask(one, func() error { return c.outsideRoom(g.To) })
}

// outsideRoom says whether one more request of an address can be kept.
func (c *Consents) outsideRoom(asker string) error {
	var asked, pending, ofDomain int
	for _, one := range c.list {
		if one.Asker == "" {
			continue
		}
		asked++
		if one.State == Pending {
			pending++
			if domain(one.Asker) == domain(asker) {
				ofDomain++
			}
		}
	}
	if asked >= maxAsked || pending >= maxPending || ofDomain >= maxPendingOfDomain {
		return ErrCrowded
	}
	return c.room()
}

func domain(address string) string { return address[strings.LastIndex(address, "@")+1:] }

// AskedBy returns what an address has asked for itself, in the order in which it came.
func (c *Consents) AskedBy(address string) []Consent {
	return slices.DeleteFunc(c.All(), func(one Consent) bool { return one.Asker != address })
}
