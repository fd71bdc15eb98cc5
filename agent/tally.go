package main

import (
	"cmp"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	durable "releve/buffer/journal"
	"releve/buffer/statefile"
	"releve/federation/consent"
	"releve/federation/ledger"
	"releve/senml"
)

// tally counts what leaves, for the ledger: one entry a day for each recipient and consent, so that the ledger stays small
// and the card whole. What is about to leave is counted first, and noted in a journal, which wears a card much less than a
// file that is replaced: after a cut the entry says no less than what left, and how much of it may not have.
type tally struct {
	file string // set once
	log  *slog.Logger

	mu      sync.Mutex // guards everything below
	counts  map[string]*transfer
	afloat  map[string]*afloat // by place
	turn    int                // of what is written; the greatest counts
	open    bool               // what is written says that more may have left than is settled
	changed bool               // since the file was written
	journal *durable.Journal   // nil while there is none to write
}

// transfer is what one recipient was sent under one consent.
type transfer struct {
	Recipient string    `json:"recipient"`
	Consent   string    `json:"consent"`
	Since     time.Time `json:"since"` // when the first was sent
	From      time.Time `json:"from"`  // of the records
	To        time.Time `json:"to"`
	Records   int       `json:"records"`
	Digest    []byte    `json:"digest"`              // state of the sum
	Afloat    int       `json:"afloat,omitempty"`    // of Records: about to leave, and not settled
	Uncertain int       `json:"uncertain,omitempty"` // of Records: nobody will know whether they arrived
	Cut       bool      `json:"cut,omitempty"`       // some of them because the agent was cut off

	sum   hash.Hash
	dirty bool // counted since it was noted
}

// kept is what is written: the file, or in an entry of the journal what has changed since the one before.
type kept struct {
	Turn   int         `json:"turn"`
	Open   bool        `json:"open"`
	Counts []*transfer `json:"counts"`
	Afloat []keptMarks `json:"afloat,omitempty"`
}

// openTally goes on with what was counted before. A file that is not understood is set aside.
func openTally(file string, log *slog.Logger) (*tally, error) {
	t := &tally{file: file, log: log, counts: map[string]*transfer{}, afloat: map[string]*afloat{}}
	was, err := statefile.Read(file, kept.check)
	var damaged *statefile.Damaged
	if err != nil && !errors.As(err, &damaged) {
		return nil, fmt.Errorf("read what was sent: %w", err)
	}
	if err != nil {
		log.Warn("count of what was sent lost", "error", err)
	}
	if was, err = t.recall(was); err != nil {
		log.Error("what is sent cannot be noted in its journal", "error", err)
	}
	t.turn = was.Turn
	for _, c := range was.Counts {
		if was.Open && c.Afloat > 0 {
			c.Uncertain, c.Afloat, c.Cut = c.Uncertain+c.Afloat, 0, true
		}
		t.counts[c.key()] = c
	}
	if !was.Open {
		t.float(was.Afloat)
	}
	return t, nil
}

// recall opens the journal and returns what the file says with what is in it, which then is in the file.
func (t *tally) recall(was kept) (_ kept, err error) {
	t.journal, err = durable.Beside(t.file, func(entries [][]byte) error {
		before := was.Turn
		for _, text := range entries {
			var next kept
			if json.Unmarshal(text, &next) == nil && next.check() == nil && next.Turn > was.Turn {
				was = was.with(next)
			}
		}
		if was.Turn == before {
			return nil
		}
		return statefile.Write(t.file, was)
	})
	return was, err
}

// with is what is kept after a later entry of the journal.
func (k kept) with(next kept) kept {
	next.Counts = append(slices.DeleteFunc(k.Counts, func(old *transfer) bool {
		return slices.ContainsFunc(next.Counts, func(c *transfer) bool { return c.key() == old.key() })
	}), next.Counts...)
	return next
}

// check makes the sums go on where they were.
func (k kept) check() error {
	for _, c := range k.Counts {
		if c == nil || c.resume() != nil {
			return errors.New("a count has no sum")
		}
	}
	return nil
}

func (c *transfer) key() string { return c.Recipient + " " + c.Consent }

// resume makes the sum go on where it was.
func (c *transfer) resume() error {
	c.sum = sha256.New()
	return c.sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(c.Digest)
}

// of is the count of what goes to a recipient under a consent.
func (t *tally) of(b consent.Batch) *transfer {
	c := &transfer{Recipient: b.Recipient, Consent: b.Consent}
	if had := t.counts[c.key()]; had != nil {
		return had
	}
	at := instantOf(b.Pack[0])
	c.Since, c.From, c.To, c.sum = time.Now().Truncate(time.Second), at, at, sha256.New()
	t.counts[c.key()] = c
	return c
}

// add counts a record. The digest is SHA-256 of the lines of all, in the order in which they were about to leave first: name,
// milliseconds since 1970 and value, with a space between and a line feed behind.
func (c *transfer) add(r senml.Record, line []byte) {
	c.sum.Write(line) // never fails
	at := instantOf(r)
	if at.Before(c.From) {
		c.From = at
	}
	if at.After(c.To) {
		c.To = at
	}
	c.Records++
	c.dirty = true
}

// clone is a count that goes its own way.
func (c *transfer) clone() transfer {
	was := *c
	was.sum, _ = c.sum.(hash.Cloner).Clone() // never fails
	return was
}

// sentLine appends the line of a record.
func sentLine(to []byte, r senml.Record) []byte {
	return fmt.Appendf(to, "%s %d %s\n", r.Name, millisOf(r), r.Value)
}

func instantOf(r senml.Record) time.Time { return time.UnixMilli(millisOf(r)).UTC() }

// note makes durable what was counted: in the journal, or in the file when that takes nothing.
func (t *tally) note() error {
	news := maps.Clone(t.counts)
	maps.DeleteFunc(news, func(_ string, c *transfer) bool { return !c.dirty })
	if len(news) == 0 {
		return nil
	}
	t.open, t.changed = true, true
	if t.journal == nil {
		return t.write()
	}
	text, err := t.text(news)
	if err == nil {
		err = t.journal.Add(text)
	}
	if err != nil { // it is full, or its disk is
		return t.write()
	}
	clean(news)
	return nil
}

func clean(counts map[string]*transfer) {
	for _, c := range counts {
		c.dirty = false
	}
}

// text is some counts as they are written next.
func (t *tally) text(counts map[string]*transfer) ([]byte, error) {
	t.turn++
	some := kept{Turn: t.turn, Open: t.open}
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		c := counts[key]
		state, err := c.sum.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			return nil, err
		}
		c.Digest = state
		some.Counts = append(some.Counts, c)
	}
	if !t.open {
		some.Afloat = t.marks()
	}
	return json.Marshal(some)
}

// write writes the file, after which the journal is worth nothing.
func (t *tally) write() error {
	text, err := t.text(t.counts)
	if err == nil {
		err = statefile.Write(t.file, json.RawMessage(text))
	}
	if err != nil {
		return fmt.Errorf("write what was sent: %w", err)
	}
	clean(t.counts)
	t.changed = false
	if t.journal != nil {
		err = t.journal.Empty()
	}
	return err
}

// close writes the count as it is, with what is not settled: it is known when it comes again.
func (t *tally) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var err error
	if t.open || t.changed {
		t.open = false
		err = t.write()
	}
	if t.journal == nil {
		return err
	}
	j := t.journal
	t.journal = nil
	return errors.Join(err, j.Close())
}

// settle gives what was counted to record, as an entry each, where is says that it is time. What could not be recorded
// goes on being counted.
func (t *tally) settle(is func(*transfer) bool, record func(ledger.Entry) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	done := false
	for _, c := range slices.SortedFunc(maps.Values(t.counts), func(a, b *transfer) int { return cmp.Compare(a.key(), b.key()) }) {
		if !is(c) {
			continue
		}
		if err := record(c.entry()); err != nil {
			errs = append(errs, err)
			continue
		}
		delete(t.counts, c.key())
		t.sink(c)
		done = true
	}
	if done {
		errs = append(errs, t.write())
	}
	return errors.Join(errs...)
}

func (c *transfer) entry() ledger.Entry {
	e := ledger.Entry{
		Kind: ledger.Transfer, Recipient: c.Recipient, Consent: c.Consent, From: c.From, To: c.To, Count: c.Records,
		Uncertain: c.Uncertain + c.Afloat,
	}
	if c.sum != nil { // all has none
		e.Digest = hex.EncodeToString(c.sum.Sum(nil))
	}
	if c.Cut {
		e.Text = "the agent was cut off: what was leaving then may be counted twice"
	}
	return e
}
