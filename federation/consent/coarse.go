package consent

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"releve/senml"
)

// Period is a series in a period.
type Period struct {
	Begin time.Time
	// Value is the mean of a quantity, and of an index or a text what was in force at Begin. It is None when that is
	// not known for sure: of a mean, when nothing was in force for a part of the period.
	Value senml.Value
	Mean  bool
}

// Archive rolls up what is kept.
type Archive interface {
	// Coarse returns the periods of a local series with from ≤ begin < to, in order. Those of which nothing is known are
	// left out. Of one that is not over only what was in force when it began may be known.
	Coarse(ctx context.Context, local string, r Resolution, from, to time.Time) ([]Period, error)
}

// coarsener makes periods of the records of series that are granted coarser than they are read. A mean goes with the
// first record of its series after its period: until then it may grow. It is read from the archive, which holds whatever
// came late or twice; what comes late into a period that is over has it go again, under the same name and time. One
// delivery uses it. The value of an index at the end of a period is what is in force when the next begins, and goes as such.
type coarsener struct {
	book  *Book
	place string // in the book's places
	next  map[string]mark
}

// archivePatience bounds the reading of what is kept.
const archivePatience = time.Minute

// begin forgets what was not settled: the pack comes again, perhaps in other company.
func (c *coarsener) begin() { c.next = map[string]mark{} }

// settle notes that the latest pack is done with. Of series that were not in sight nothing is known any more: what came
// while nothing was granted stays here.
func (c *coarsener) settle(withheld []string) {
	if c.book.Places == nil {
		return
	}
	if err := c.book.Places.settle(c.place, c.next, withheld); err != nil {
		c.warn("places not written", err)
	}
	c.next = nil
}

func (c *coarsener) warn(what string, err error) {
	if c.book.Log != nil {
		c.book.Log.Warn(what, "error", err)
	}
}

// periods returns what goes because of these records of one series, named for the recipient.
func (c *coarsener) periods(s sight, records senml.Pack) senml.Pack {
	if c.book.Archive == nil || c.book.Places == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), archivePatience)
	defer cancel()
	local := records[0].Name
	spans, m := c.spans(s.finest, local, records)
	var passed senml.Pack
	for _, span := range spans {
		found, err := c.book.Archive.Coarse(ctx, local, s.finest, span.from, span.to)
		if err != nil { // what is known so far goes; all of it goes again with the next record
			c.warn("periods withheld", fmt.Errorf("roll up what is kept: %w", err))
			return passed
		}
		for _, p := range found {
			if p.Value.Kind() != senml.None {
				passed = append(passed, p.record(s, records[0].Unit))
			}
		}
	}
	c.next[local] = m
	return passed
}

// span is a run of periods by their beginnings: from ≤ begin < to.
type span struct{ from, to time.Time }

// spans are the periods from that of the last record seen to that of the latest of these, when it is another, and those
// that one of these came late into, or after which it was in force. The latest one is not over: of an index what was in
// force when it begins is known, of a quantity nothing. A series that was not seen before begins with its first period.
func (c *coarsener) spans(r Resolution, local string, records senml.Pack) ([]span, mark) {
	m, known := c.book.Places.mark(c.place, local)
	first, last := extent(records)
	if known = known && m.Resolution == r; !known {
		m = mark{r, first}
	}
	if last.Before(m.Seen) {
		last = m.Seen
	}
	over, latest := r.Begin(m.Seen, c.location()), r.Begin(last, c.location())
	var spans []span
	if !known || over.Before(latest) {
		spans = append(spans, span{over, r.Next(latest, c.location())})
	}
	for _, record := range records {
		if begin := r.Begin(at(record), c.location()); begin.Before(over) {
			until := r.Begin(at(record).Add(c.book.Hold), c.location())
			spans = append(spans, span{begin, r.Next(until, c.location())})
		}
	}
	return joined(spans, r.Next(latest, c.location())), mark{r, last}
}

// joined sorts spans, ends them where nothing is over any more, and joins those that meet.
func joined(spans []span, end time.Time) []span {
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	var all []span
	for _, s := range spans {
		if s.to.After(end) {
			s.to = end
		}
		switch n := len(all); {
		case !s.from.Before(s.to):
		case n > 0 && !s.from.After(all[n-1].to):
			if s.to.After(all[n-1].to) {
				all[n-1].to = s.to
			}
		default:
			all = append(all, s)
		}
	}
	return all
}

func (c *coarsener) location() *time.Location {
	if c.book.Location == nil {
		return time.UTC
	}
	return c.book.Location
}

// record is the period under its name, which tells it from a reading.
//
//	Format: <name>/(mean|first)/<resolution>
func (p Period) record(s sight, unit string) senml.Record {
	aggregation := "first"
	if p.Mean {
		aggregation = "mean"
	}
	return senml.Record{
		Name: s.name + "/" + aggregation + "/" + string(s.finest), Time: float64(p.Begin.UnixMilli()) / 1000, Unit: unit, Value: p.Value,
	}
}

// seriesOf is the name of the series that a record or a period is of.
func seriesOf(name string) string {
	words := strings.Split(name, "/")
	if n := len(words) - 1; n > 1 && slices.Contains(Resolutions(), Resolution(words[n])) {
		return strings.Join(words[:n-1], "/")
	}
	return name
}

func at(r senml.Record) time.Time { return time.UnixMilli(int64(math.Floor(r.Time * 1000))) }

func extent(records senml.Pack) (first, last time.Time) {
	first, last = at(records[0]), at(records[0])
	for _, r := range records[1:] {
		if t := at(r); t.Before(first) {
			first = t
		} else if t.After(last) {
			last = t
		}
	}
	return first, last
}
