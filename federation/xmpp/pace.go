package xmpp

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Pace is how fast we send data, in bytes a second; PaceAuto and PaceOff are no such number.
type Pace int

// Paces that are no number.
const (
	PaceAuto Pace = 0  // learned
	PaceOff  Pace = -1 // as fast as the server takes it
)

const (
	stockPace  = 2_500  // B/s, under the 3 000 of a stock ejabberd
	stockBurst = 15_000 // bytes, under its 20 000
	slowPace   = 900    // the least that is learned: under the 1 000 of an ejabberd before 2019
	leastPace  = 800    // and that can be set
	mostPace   = 4 << 20
	piece      = 4 << 10 // bytes of a large stanza that are written at once
)

// How a pace is learned. The server is behind when its answer takes longer than prompt beyond the shortest one.
const (
	prompt   = 500 * time.Millisecond
	farthest = time.Second // the longest way there and back that we believe: a server may be behind from the beginning
	telling  = 2_000       // bytes: of fewer, the time says nothing about the rate
	raiseFor = time.Second
	search   = 1.25 // a second of data held back, until the server was once behind
	probe    = 1.01 // afterwards
	under    = 0.95 // of what it took while it was behind
	slight   = 0.98 // down by a late answer at least
	gentle   = 0.75 // and at most: one answer may mislead
)

// ParsePace reads "auto", "off" or a number of bytes a second such as "2500 B/s".
func ParsePace(s string) (Pace, error) {
	switch s {
	case "auto":
		return PaceAuto, nil
	case "off":
		return PaceOff, nil
	}
	number, ok := strings.CutSuffix(s, "B/s")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if !ok || err != nil || n < leastPace || n > math.MaxInt32 {
		return 0, errors.New(`want "auto", "off" or bytes a second such as "2500 B/s", at least 800`)
	}
	return Pace(n), nil
}

// String is p as ParsePace reads it.
func (p Pace) String() string {
	switch p {
	case PaceAuto:
		return "auto"
	case PaceOff:
		return "off"
	}
	return fmt.Sprintf("%d B/s", int(p))
}

// pacer lets data out at the pace of the server's shaper (XEP-0133 §4 has none; ejabberd's is a token bucket), so that
// answers and pings are never queued behind minutes of data. Without a configured pace it learns one: from that of a
// stock server it goes up by a quarter for each second that data was held back while all answers came promptly. When an
// answer is late, it goes just under what the server took meanwhile, by a quarter at most, and from then on up by one
// per cent a second. What it learned holds for the next connection too.
type pacer struct {
	set Pace

	mu     sync.Mutex // guards everything below
	bucket *rate.Limiter
	held   time.Duration // that data waited for the bucket since the last step
	found  bool          // the server was behind once: we know about where its limit is
	step   time.Time     // the last change
}

func newPacer(set Pace) *pacer {
	p := &pacer{set: set}
	first := rate.Limit(set)
	switch set {
	case PaceAuto:
		first = stockPace
	case PaceOff:
		first = rate.Inf
	}
	p.bucket = rate.NewLimiter(first, stockBurst)
	return p
}

// now is the pace in force, in bytes a second; 0 is none.
func (p *pacer) now() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.set == PaceOff {
		return 0
	}
	return int(p.bucket.Limit())
}

// delay is how long a stanza of n bytes has to wait before it begins: until there is room for the whole of it, or for
// as much as fits the bucket; the rest of it then leaves in pieces.
func (p *pacer) delay(n int) time.Duration {
	if p.set == PaceOff {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	lack := float64(min(n, p.bucket.Burst())) - p.bucket.TokensAt(now)
	if lack <= 0 {
		return 0
	}
	return time.Duration(lack/float64(p.bucket.Limit())*float64(time.Second)) + time.Microsecond
}

// waited notes that data was held back for d.
func (p *pacer) waited(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held += d
}

// spend notes that n bytes leave.
func (p *pacer) spend(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for now := time.Now(); n > 0; n -= p.bucket.Burst() {
		p.bucket.ReserveN(now, min(n, p.bucket.Burst()))
	}
}

// first is how much of a stanza may be written at once at its beginning.
func (p *pacer) first(n int) int {
	if p.set == PaceOff {
		return n
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return min(n, p.bucket.Burst())
}

// behind says whether the server is so far behind that more data would only wait there.
func (p *pacer) behind(g *gauge) bool {
	lag, least := g.lag()
	return p.set == PaceAuto && lag > promptly(least)
}

// judge learns from an answer.
func (p *pacer) judge(r round) {
	if p.set != PaceAuto {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now, pace := time.Now(), float64(p.bucket.Limit())
	late := r.late()
	if spare := int(p.bucket.TokensAt(now)) - piece; late && spare > 0 { // the server has none to spare, so nor have we
		p.bucket.ReserveN(now, spare)
	}
	switch {
	case late && r.bytes >= telling:
		took := float64(r.bytes) / r.took.Seconds()
		p.change(now, pace*max(gentle, min(slight, under*took/pace)))
		p.found = true
	case !late && p.held >= raiseFor/2 && now.Sub(p.step) >= raiseFor:
		p.change(now, pace*p.raise())
	}
}

// raise is how much faster we try to be, by the time that data was held back: messages may be long or short.
func (p *pacer) raise() float64 {
	if !p.found {
		return search
	}
	return min(search, math.Pow(probe, p.held.Seconds()))
}

func (p *pacer) change(now time.Time, pace float64) {
	pace = max(slowPace, min(mostPace, pace))
	p.bucket.SetLimitAt(now, rate.Limit(pace))
	p.bucket.SetBurstAt(now, max(stockBurst, int(pace)/4))
	p.held, p.step = 0, now
}
