package xmpp

import (
	"sync"
	"time"
)

// How we judge our server's silence. It handles what we send in order (RFC 6120 §10.1): the answer to a question tells
// that everything before the question was taken.
const (
	slowest = 1_000            // B/s that the slowest server takes: ejabberd's stock shaper before 2019
	margin  = 30 * time.Second // for an answer, beyond the time that the bytes before the question take
)

// gauge measures, on one connection, how far our server is behind what we write: by the round trip of a question behind
// a known number of bytes. One question is open at a time.
type gauge struct {
	mu      sync.Mutex // guards everything below
	written uint64     // bytes
	taken   uint64     // of them, known to be handled
	began   time.Time  // when the first byte after the last question was written; zero when none was
	writing time.Time  // since when a Write has not returned; zero when none is under way

	open     bool // a question is
	asked    time.Time
	from     time.Time // when the first byte before it, and after the question before, was written
	behind   uint64    // bytes before it
	answered time.Time // the question before
	least    time.Duration
}

// round is what the answer to a question tells.
type round struct {
	bytes int           // between this question and the one before
	took  time.Duration // for the server to take them
	lag   time.Duration // between question and answer
	least time.Duration // of all lags: the way there and back
}

// writes notes that n bytes are being written, until the func returned is called.
func (g *gauge) writes(n int) (done func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	g.written += uint64(n)
	g.writing = now
	if g.began.IsZero() {
		g.began = now
	}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.writing = time.Time{}
	}
}

// ask notes that a question is put behind everything written. It says false when one is open already.
func (g *gauge) ask() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open {
		return false
	}
	g.open, g.asked, g.behind = true, time.Now(), g.written
	g.from, g.began = g.began, time.Time{}
	return true
}

// answer notes that the open question was answered, and returns what that tells.
func (g *gauge) answer() (r round, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.open {
		return round{}, false
	}
	now := time.Now()
	r = round{bytes: int(g.behind - g.taken), lag: now.Sub(g.asked), took: now.Sub(later(g.from, g.answered))}
	if g.answered.IsZero() || r.lag < g.least {
		g.least = r.lag
	}
	r.least = g.least
	g.open, g.taken, g.answered = false, g.behind, now
	return r, true
}

// flight is how many bytes were written that the server is not known to have taken.
func (g *gauge) flight() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return int(g.written - g.taken)
}

// lag is how long the open question has been open, 0 when there is none; least is the shortest there was.
func (g *gauge) lag() (now, least time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.open {
		return 0, g.least
	}
	return time.Since(g.asked), g.least
}

// overdue says whether a server that has been silent that long is gone: it owes an answer, or takes no bytes, for
// longer than the slowest server needs for what was sent. Any byte that comes in gives it all that time anew.
func (g *gauge) overdue(silence time.Duration) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	since := g.writing
	if g.open && (since.IsZero() || g.asked.Before(since)) {
		since = g.asked
	}
	if since.IsZero() {
		return false
	}
	return min(time.Since(since), silence) > patience(int(g.written-g.taken))
}

// patience is how long an answer behind that many bytes may take.
func patience(bytes int) time.Duration {
	return margin + time.Duration(bytes)*time.Second/slowest
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
