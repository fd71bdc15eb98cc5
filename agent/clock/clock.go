// Package clock tells when a reading was heard, on a machine that does not know the time when it starts.
//
// In: what the kernel says of its own clocks, the dates the meters tell, and the last time that was known, from disk.
// Out: instants of this boot, always; and once one of them can be believed, the date of every instant of this boot,
// which never changes again and never runs backwards. It does not know what is dated, nor what a meter is: a
// witness has a name.
//
// # What is believed
//
// The kernel, while something disciplines it (it says so itself; a clock restored from a file or set by hand is not
// disciplined); else a meter, once its dates have run evenly for a minute and it does not call its own clock
// degraded. Neither against the last known time: what lies hours before it, or more than a year after it, is
// believed only when kernel and meter agree on it or the kernel has stood by it for a day.
//
// # What a correction does
//
// A clock that was believed and turns out to be behind jumps forward. One that was ahead, by up to maxBack, runs at half
// speed until it is right: the readings keep their order, and no two get the same time. One that was further
// ahead, and only when that has been confirmed, starts anew.
package clock

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Instant is a time since the machine was started. It runs on while the machine sleeps, and nobody can set it.
type Instant = time.Duration

// Machine is the clocks of a kernel.
type Machine interface {
	// Boot names the time from one start of the machine to the next.
	Boot() string
	Elapsed() Instant
	Look() Look
}

// Look is what a machine's clocks say at one moment.
type Look struct {
	At     Instant
	Wall   time.Time // the time of day, whoever has set it
	Synced bool      // something disciplines it
}

// Source is who told the time.
type Source string

// The sources.
const (
	Unknown Source = ""
	Kernel  Source = "kernel"
	Meter   Source = "meter"
)

// Bounds of what is believed without being confirmed, of a time before and after the last known one.
const (
	maxBack    = 2 * time.Hour
	maxForward = 400 * 24 * time.Hour // a house may stand empty for a year
	confirmed  = 24 * time.Hour       // by the kernel alone

	jitter     = 50 * time.Millisecond // between two looks at a kernel that was not set meanwhile
	meterDrift = 2 * time.Minute       // by which a meter may correct a known clock; more is the meter's error
	meterGrain = 5 * time.Second       // a date says the second in which its frame began, and comes a frame later
	alike      = time.Minute           // kernel and meter agree
)

// Years before and after which nothing is believed.
var (
	earliest = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Options says what a clock is made of.
type Options struct {
	Machine Machine
	File    string // where what is known outlives a restart; "" for nowhere
	Log     *slog.Logger
	// Trust takes the machine's clock for disciplined: it has a battery, or a person has said that it is right.
	Trust bool
}

// Clock tells the time. All methods are safe for use by several goroutines.
type Clock struct {
	machine Machine
	boot    string
	trust   bool
	log     *slog.Logger
	began   time.Time // of this boot by the machine's first word: for display while nothing better is known
	known   chan struct{}

	mu          sync.Mutex // guards everything below
	past        *past
	floor       time.Time // the last known time
	first       Instant   // the earliest that may want a date
	look        Look
	mapping     Mapping // empty while the time is not known
	source      Source
	witnesses   map[string]*witness
	doubt       *doubt
	corrections int
}

// Open reads what is known from before. A file that cannot be understood is set aside and told in the log. Nothing is
// believed before Start.
func Open(o Options) (*Clock, error) {
	past, err := openPast(o.File, o.Log)
	if err != nil {
		return nil, err
	}
	look := o.Machine.Look()
	c := &Clock{
		machine: o.Machine, boot: o.Machine.Boot(), trust: o.Trust, log: o.Log, past: past, look: look,
		first: look.At, began: look.Wall.Add(-look.At), known: make(chan struct{}), witnesses: map[string]*witness{},
	}
	c.floor = past.Last
	if b, ok := past.find(c.boot); ok { // only this program was started anew
		c.mapping, c.source = b.Mapping, b.Source
		close(c.known)
	}
	return c, nil
}

// Start adds what is known from elsewhere, the time of the newest reading stored and the earliest instant of this boot
// that waits for its date, now for none, and looks for the first time.
func (c *Clock) Start(newest time.Time, first Instant) error {
	c.mu.Lock()
	c.first = min(c.first, first)
	if newest.After(c.past.Wrong) {
		c.floor = later(c.floor, newest)
	}
	c.mu.Unlock()
	return c.Look()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Instant is now.
func (c *Clock) Instant() Instant { return c.machine.Elapsed() }

// Boot names this boot.
func (c *Clock) Boot() string { return c.boot }

// Known is closed once the time is known; it stays known.
func (c *Clock) Known() <-chan struct{} { return c.known }

// Mapping dates the instants of a boot, when that is known.
func (c *Clock) Mapping(boot string) (Mapping, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if boot == c.boot {
		return c.mapping, len(c.mapping) > 0
	}
	b, ok := c.past.find(boot)
	return b.Mapping, ok
}

// Now returns the time and whether it is known; when not, it is what the machine believes.
func (c *Clock) Now() (time.Time, bool) { return c.Date(c.Instant()) }

// Date returns the time at an instant of this boot and whether it is known; when not, it is what the machine believes.
func (c *Clock) Date(at Instant) (time.Time, bool) {
	m, known := c.Mapping(c.boot)
	if !known {
		return c.began.Add(at), false
	}
	return m.Date(at), true
}

// First is the earliest instant of this boot that may want a date.
func (c *Clock) First() Instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.first
}

// Close writes down what time it is.
func (c *Clock) Close() error {
	now, known := c.Now()
	if !known {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.past.Last = now
	return c.past.write()
}

// String says who told the time.
func (s Source) String() string {
	if s == Unknown {
		return "nobody"
	}
	return fmt.Sprintf("the %s", string(s))
}
