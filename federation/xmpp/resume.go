package xmpp

import (
	"net"
	"strings"
	"time"
)

// take returns the link that a connection belongs to: the one it resumes, or a new one in place of a kept one that the
// server does not know any more.
func (c *Client) take(w *wire) *link {
	c.mu.Lock()
	kept := c.kept
	c.kept = nil
	c.mu.Unlock()
	if w.bound.resumed {
		return kept
	}
	if kept != nil {
		kept.end()
	}
	l := newLink(w.session.LocalAddr(), c.router, c.pacer)
	l.terms = w.terms
	l.terms.learned, l.rooms = &c.room, &c.rooms
	return l
}

// keep puts a link aside whose connection ended for that reason, if it may be resumed.
func (c *Client) keep(l *link, err error) bool {
	c.redirect(err)
	location, lasting, ok := l.tally.resumable()
	if !ok || over(err) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept, c.until = l, time.Now().Add(lasting)
	if location != "" {
		c.place = location
	}
	return true
}

// resumable returns the tally of the kept link while the server still knows it.
func (c *Client) resumable() *tally {
	c.mu.Lock()
	kept, late := c.kept, time.Now().After(c.until)
	c.mu.Unlock()
	switch {
	case kept == nil:
		return nil
	case late:
		c.drop()
		return nil
	}
	return kept.tally
}

// drop ends the kept link.
func (c *Client) drop() {
	c.mu.Lock()
	kept := c.kept
	c.kept = nil
	c.mu.Unlock()
	if kept != nil {
		kept.end()
	}
}

func (c *Client) isKept() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept != nil
}

// redirect notes where the server wants to be reached instead (RFC 6120 §4.9.3.19). Its certificate must be that of our
// domain there too.
func (c *Client) redirect(err error) {
	fault := streamError(err)
	if fault == nil || fault.Condition != "see-other-host" || fault.Text == "" {
		return
	}
	place := fault.Text
	if _, _, err := net.SplitHostPort(place); err != nil {
		place = net.JoinHostPort(strings.Trim(place, "[]"), "5222")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.place = place
}
