package series

import "time"

// condition is something that holds for a while. Signs of it come and go, some only in one frame of twenty, so it ends
// when there was none for a minute: that is how long a three-phase meter keeps its short frames up after an overrun.
type condition struct {
	kind  Kind
	on    bool
	since time.Time
	last  time.Time // sign of it
}

// hold is how long a condition outlasts its last sign.
const hold = time.Minute

// see takes what a frame says, and tells whether the condition began or ended.
func (c *condition) see(sign bool, at time.Time) (changed bool) {
	if sign {
		c.last = at
		if c.on {
			return false
		}
		c.on, c.since = true, at
		return true
	}
	quiet := at.Sub(c.last)
	if !c.on || 0 <= quiet && quiet < hold { // negative: the clock was set back
		return false
	}
	c.on = false
	return true
}
