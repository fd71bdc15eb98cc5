package main

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"releve/agent/clock"
	"releve/buffer"
	"releve/senml"
)

// dater gives readings their date on the way into the buffer. While the time is not known they wait there, durably, under
// the name of their boot; once it is, those go into the log first, and whatever comes after them later.
type dater struct {
	clock  *clock.Clock
	buffer *buffer.Buffer
	log    *slog.Logger

	turn chan struct{} // holds one token: what is newer waits while older is dated

	mu      sync.Mutex // guards everything below, and is never held over the disk
	aside   map[string]bool
	refused uint64 // readings of an impossible time
}

func newDater(c *clock.Clock, b *buffer.Buffer, log *slog.Logger) *dater {
	d := &dater{clock: c, buffer: b, log: log, turn: make(chan struct{}, 1), aside: map[string]bool{}}
	d.turn <- struct{}{}
	return d
}

// put takes records that bear stamps, or a date of the meter's own. After an error it is given them again.
func (d *dater) put(p senml.Pack) error {
	<-d.turn
	defer d.give()
	mapping, known := d.clock.Mapping(d.clock.Boot())
	if !known {
		return d.buffer.PutUndated(d.clock.Boot(), p)
	}
	if err := d.settle(); err != nil {
		return err
	}
	dated, refused := d.date(p, mapping)
	if len(dated) > 0 {
		if _, err := d.buffer.Put(dated); err != nil {
			return err
		}
	}
	d.refuse(refused)
	return nil
}

// errUntimed means that what is received has to wait.
var errUntimed = errors.New("the time is not known yet, so that nobody can tell what is of the future")

// receive puts what others have dated and the buffer does not have. It waits its turn, for newer readings must not come
// before ours that wait: the time between them is what dates a boot without a clock.
func (d *dater) receive(ctx context.Context, p senml.Pack) (stored int, err error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-d.turn:
	}
	defer d.give()
	if _, known := d.clock.Now(); !known {
		return 0, errUntimed
	}
	if err := d.settle(); err != nil {
		return 0, err
	}
	return d.buffer.PutMissing(ctx, p)
}

func (d *dater) give() { d.turn <- struct{}{} }

// date gives records their time and leaves out those that the buffer would refuse: one of them must not hold up the rest.
func (d *dater) date(p senml.Pack, m clock.Mapping) (dated senml.Pack, refused uint64) {
	now, _ := d.clock.Now()
	for _, r := range p {
		if r.Time = m.Unix(r.Time); buffer.CheckTime(r.Time, now) != nil {
			refused++
			continue
		}
		dated = append(dated, r)
	}
	return dated, refused
}

// catchUp dates what waits, without anything newer.
func (d *dater) catchUp() error {
	<-d.turn
	defer d.give()
	if _, known := d.clock.Now(); !known {
		return nil
	}
	return d.settle()
}

// settle dates everything that waits and can be dated, the oldest first. The caller holds the turn.
func (d *dater) settle() error {
	var unknown []buffer.Undated // boots before the next whose time is known
	for _, u := range d.buffer.Undated() {
		mapping, known := d.clock.Mapping(u.Boot)
		switch {
		case !known && d.isAside(u.Boot):
			continue
		case !known && u.Passed: // nobody knows any more what was before it
			d.setAside([]buffer.Undated{u})
			continue
		case !known:
			unknown = append(unknown, u)
			continue
		}
		if err := d.between(unknown, u.Boot, mapping); err != nil {
			return err
		}
		unknown = nil
		if err := d.settleBoot(u.Boot, mapping); err != nil {
			return err
		}
	}
	if boot := d.clock.Boot(); len(unknown) > 0 { // of this one nothing waits: it knew the time at once
		mapping, _ := d.clock.Mapping(boot)
		return d.between(unknown, boot, mapping)
	}
	return nil
}

// between dates boots that never knew the time when that can be told from what lies before and after them. Those that
// cannot are kept, undated, until the buffer needs their place.
func (d *dater) between(boots []buffer.Undated, next string, after clock.Mapping) error {
	if len(boots) == 0 {
		return nil
	}
	mappings, ok := d.gap(boots, next, after)
	if !ok {
		d.setAside(boots)
		return nil
	}
	for i, boot := range boots {
		if err := d.settleBoot(boot.Boot, mappings[i]); err != nil {
			return err
		}
	}
	return nil
}

// gap fills the time between the newest reading that is dated and the first instant of the next boot with boots.
func (d *dater) gap(boots []buffer.Undated, next string, after clock.Mapping) ([]clock.Mapping, bool) {
	var spans []clock.Span
	for _, boot := range boots {
		span, err := d.span(boot.Boot)
		if err != nil {
			d.log.Warn("undated readings cannot be read", "error", err)
			return nil, false
		}
		spans = append(spans, span)
	}
	first := d.clock.First()
	if began, err := d.span(next); err == nil { // something waits of it
		first = began.First
	}
	return clock.Between(newest(d.buffer), after.Date(first), spans)
}

func (d *dater) isAside(boot string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.aside[boot]
}

func (d *dater) setAside(boots []buffer.Undated) {
	d.log.Warn("readings from before a start without a clock cannot be dated, kept aside", "boots", len(boots))
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, boot := range boots {
		d.aside[boot.Boot] = true
	}
}

func (d *dater) span(boot string) (clock.Span, error) {
	first, last, err := d.buffer.UndatedSpan(boot)
	if err != nil {
		return clock.Span{}, err
	}
	var s clock.Span
	s.First, _ = clock.FromStamp(first)
	s.Last, _ = clock.FromStamp(last)
	return s, nil
}

func (d *dater) settleBoot(boot string, m clock.Mapping) error {
	sum, err := d.buffer.Date(boot, m.Unix)
	if sum.Records > 0 {
		d.log.Info("readings dated", "readings", sum.Records, "of_them_refused", sum.Refused)
	}
	d.refuse(sum.Refused)
	return err
}

// refuse counts readings of an impossible time.
func (d *dater) refuse(n uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n > 0 && d.refused == 0 { // once; the page counts
		d.log.Warn("readings of an impossible time refused", "readings", n)
	}
	d.refused += n
}

// trouble returns how many readings wait for their date, how many of them will never have one, and how many were
// refused because theirs is impossible.
func (d *dater) trouble() (wait, never, refused uint64) {
	waiting := d.buffer.Undated()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, u := range waiting {
		if d.aside[u.Boot] {
			never += u.Records
		} else {
			wait += u.Records
		}
	}
	return wait, never, d.refused
}

// newest is the time of the newest reading in the buffer; zero for none.
func newest(b *buffer.Buffer) time.Time {
	latest := 0.0
	for _, s := range b.Series() {
		latest = max(latest, s.Last.Time)
	}
	if latest == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(math.Round(latest * 1000)))
}

// firstUndated is the earliest instant of this boot that waits in the buffer; now for none.
func firstUndated(b *buffer.Buffer, c *clock.Clock) clock.Instant {
	first, _, err := b.UndatedSpan(c.Boot())
	if err != nil {
		return c.Instant()
	}
	at, _ := clock.FromStamp(first)
	return at
}
