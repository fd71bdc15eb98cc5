package config

import (
	"fmt"
	"net"
	"time"
)

// Warnings says what is allowed and probably not meant, a sentence each.
func (c Config) Warnings(now time.Time) []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if len(c.Meters)+len(c.Sources) == 0 {
		add("there is no [[meter]] and no [[source]]: nothing will be read")
	}
	if c.Federation == nil && len(c.Recipients) == 0 && len(c.Grants) > 0 {
		add("there are grants but no [federation] and no [[recipient]]: nothing will be sent")
	}
	for i, g := range c.Grants {
		if !g.Until.IsZero() && !now.Before(g.Until) {
			add("grant %d to %s has ended: nothing will be sent under it", i+1, g.To)
		}
		if kind := c.Unpromised(g, g.To); kind != "" {
			add("grant %d to %s: a recipient of kind %s cannot promise to keep it for %s only; agree on that in writing, or refuse it by [consent] strict = true", i+1, g.To, kind, g.Retention)
		}
	}
	for _, m := range c.Meters {
		if host, _, err := net.SplitHostPort(m.Share); err == nil && !isLoopback(host) {
			add("share of meter %s: other machines can read all that the meter says, its address included, at %s", m.Name, m.Share)
		}
	}
	if host, _, err := net.SplitHostPort(c.Status.Listen); err == nil && !isLoopback(host) && !c.Status.Closed {
		add("status.view: other machines that reach %s can look at the page without a password", c.Status.Listen)
	}
	return all
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
