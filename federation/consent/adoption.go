package consent

import (
	"slices"
	"time"
)

// Adopt brings the list in line with the grants of the configuration: what is there is in force, unless a person has
// taken it back elsewhere, and what was given there and is there no more is withdrawn. tell says what notices are owed
// of a withdrawal; those that waited for another configuration to stay wait no more. What could not be written holds all
// the same until the next start, which does the same again.
func (c *Consents) Adopt(grants []Grant, now time.Time, tell func(Grant) []Notice) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := slices.Clone(c.list)
	given := map[string]bool{}
	for _, g := range grants {
		given[g.ID()] = true
		c.adopt(g, now)
	}
	for i, one := range c.list {
		c.list[i].Notices = settled(one.Notices)
		if one.By == ByFile && one.State == InForce && !given[one.ID] {
			c.list[i].State, c.list[i].Since, c.list[i].Notices = Withdrawn, now, tell(one.Grant)
		}
	}
	c.stand()
	if slices.EqualFunc(before, c.list, sameState) {
		return nil
	}
	return c.write(c.list)
}

func sameState(a, b Consent) bool {
	return a.ID == b.ID && a.State == b.State && a.By == b.By && slices.Equal(a.Notices, b.Notices)
}

// settled are notices that wait for no configuration to stay.
func settled(notices []Notice) []Notice {
	notices = slices.Clone(notices)
	for i := range notices {
		notices[i].OnTrial = false
	}
	return notices
}

// adopt takes one grant of the configuration.
func (c *Consents) adopt(g Grant, now time.Time) {
	at, err := place(c.list, g.ID())
	if err != nil {
		c.list = append(c.list, Consent{ID: g.ID(), Grant: g, State: InForce, Since: now, By: ByFile})
		return
	}
	one := c.list[at]
	if one.State == Pending || one.State == Withdrawn && one.By == ByFile {
		c.list[at] = Consent{ID: one.ID, Grant: g, State: InForce, Since: now, By: ByFile}
	}
}

// Settle withdraws what the ledger says a person has withdrawn and the list does not: a cut came between the two. word
// returns the last word of the ledger and whose it is, tell what notices are owed. It is taken in this direction only: what
// is in doubt does not hold.
func (c *Consents) Settle(word func(id string) (State, string), tell func(Grant) []Notice) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed := false
	for i, one := range c.list {
		if state, by := word(one.ID); one.State == InForce && state == Withdrawn && by != ByFile {
			c.list[i].State, c.list[i].By, c.list[i].Notices, changed = state, by, tell(one.Grant), true
		}
	}
	c.stand()
	if !changed {
		return nil
	}
	return c.write(c.list)
}

// Forget takes those off the list that were asked for by somebody and are not wanted any more, unless they were answered.
func (c *Consents) Forget(by string, wanted map[string]bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(c.list), func(one Consent) bool {
		return one.State == Pending && one.By == by && !wanted[one.ID]
	})
	if len(list) == len(c.list) {
		return nil
	}
	c.list = list
	return c.write(list)
}
