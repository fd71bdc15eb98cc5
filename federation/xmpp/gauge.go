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

	long   int // bytes of the longest stanza begun since the last question
	longer int // and of those before that the answer is about
	taking int // of the longest stanza known to be handled

	open     bool // a question is
	question question
	short    bool // a word about less than was asked came since
	asked    time.Time
	from     time.Time // when the first byte before it, and after the question before, was written
	behind   uint64    // bytes before it
	answered time.Time // the question before
	debt     uint64    // bytes between the two questions before
	busy     time.Time // since when the server has been behind; zero when it is not
	work     uint64    // bytes it may have paid for since
	least    time.Duration
}

// question is what tells the answer to it from other words of our server.
type question struct {
	ping string // the id of a ping; "" for <r/> (XEP-0198 §4)
	upto uint32 // of our stanzas, those before <r/>: a server may also say unasked how far it is
}

// round is what the answer to a question tells.
type round struct {
	bytes int           // that the server took, at most, since it is behind without a break
	took  time.Duration // how long that is
	lag   time.Duration // between question and answer
	least time.Duration // of all lags: the way there and back
}

// late says whether the server was behind.
func (r round) late() bool { return r.lag > promptly(r.least) }

// promptly is the time within which an answer comes from a server that is not behind.
func promptly(least time.Duration) time.Duration { return prompt + 2*min(least, farthest) }

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

// begins notes that a stanza of n bytes is begun.
func (g *gauge) begins(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.long = max(g.long, n)
}

// longest is the size of the longest stanza that the server is not known to have taken.
func (g *gauge) longest() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(g.long, g.longer)
}

// passed is the size of the longest stanza that the server has taken.
func (g *gauge) passed() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.taking
}

// ask notes that a question is put behind everything written. It says false when one is open already.
func (g *gauge) ask(q question) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open {
		return false
	}
	g.open, g.question, g.short, g.asked, g.behind = true, q, false, time.Now(), g.written
	g.from, g.began = g.began, time.Time{}
	g.longer, g.long = max(g.longer, g.long), 0
	return true
}

// asks returns the open question.
func (g *gauge) asks() (q question, open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.question, g.open
}

// fallsShort notes that the server said how far it is, which is not as far as was asked.
func (g *gauge) fallsShort() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.short = true
}

// doubtful says once whether the answer may have come, and been about less than was asked.
func (g *gauge) doubtful() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	short := g.open && g.short
	g.short = false
	return short
}

// answer notes that the open question was answered, and returns what that tells.
func (g *gauge) answer() (r round, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.open {
		return round{}, false
	}
	now := time.Now()
	lag := now.Sub(g.asked)
	if g.answered.IsZero() || lag < g.least {
		g.least = lag
	}
	r = round{lag: lag, least: g.least}
	r.bytes, r.took = g.toil(now)
	if !r.late() {
		g.busy = time.Time{}
	}
	g.taking = max(g.taking, g.longer)
	g.open, g.taken, g.answered, g.longer = false, g.behind, now, 0
	return r, true
}

// toil is how many bytes the server may have paid for while it was behind, and since when. A shaper takes what it finds
// at once and pauses afterwards, as ejabberd's: a few bytes wait until many before them are paid. So those count too.
func (g *gauge) toil(now time.Time) (bytes int, took time.Duration) {
	fresh := g.behind - g.taken
	if g.busy.IsZero() || g.from.Sub(g.answered) > prompt {
		g.busy, g.work = later(g.from, g.answered), g.debt
	}
	g.work, g.debt = g.work+fresh, fresh
	return int(g.work), now.Sub(g.busy)
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
