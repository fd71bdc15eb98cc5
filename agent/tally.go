package main

import (
	"cmp"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"releve/buffer/statefile"
	"releve/federation/ledger"
	"releve/senml"
)

// tally counts what was sent, for the ledger: one entry a day for each recipient and consent, so that the ledger stays
// small and the card whole. The count is in memory and written each hour and at the end; before anything is counted the
// file says that a count is under way, so that after a cut the entry says what is missing from it.
type tally struct {
	file string // set once
	log  *slog.Logger

	mu     sync.Mutex // guards everything below
	counts map[string]*transfer
	open   bool // the file says that a count is under way
	saved  time.Time
}

// transfer is what one recipient was sent under one consent.
type transfer struct {
	Recipient string    `json:"recipient"`
	Consent   string    `json:"consent"`
	Since     time.Time `json:"since"` // when the first was sent
	From      time.Time `json:"from"`  // of the records
	To        time.Time `json:"to"`
	Records   int       `json:"records"`
	Digest    []byte    `json:"digest"` // state of the sum
	Cut       bool      `json:"cut,omitempty"`

	sum hash.Hash
}

// kept is the file.
type kept struct {
	Open   bool        `json:"open"`
	Counts []*transfer `json:"counts"`
}

const saveTallyEvery = time.Hour

// openTally goes on with what was counted before. A file that is not understood is set aside.
func openTally(file string, log *slog.Logger) (*tally, error) {
	t := &tally{file: file, log: log, counts: map[string]*transfer{}, saved: time.Now()}
	was, err := statefile.Read(file, func(k kept) error {
		for _, c := range k.Counts {
			if c == nil || c.resume() != nil {
				return errors.New("a count has no sum")
			}
		}
		return nil
	})
	var damaged *statefile.Damaged
	if err != nil && !errors.As(err, &damaged) {
		return nil, fmt.Errorf("read what was sent: %w", err)
	}
	for _, c := range was.Counts {
		c.Cut = c.Cut || was.Open
		t.counts[c.key()] = c
	}
	if err != nil {
		log.Warn("count of what was sent lost", "error", err)
	}
	return t, nil
}

func (c *transfer) key() string { return c.Recipient + " " + c.Consent }

// resume makes the sum go on where it was.
func (c *transfer) resume() error {
	c.sum = sha256.New()
	return c.sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(c.Digest)
}

// add counts records that were sent. The digest is SHA-256 of their lines in that order: name, milliseconds since 1970
// and value, with a space between and a line feed behind.
func (t *tally) add(recipient, consent string, p senml.Pack) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.open {
		t.open = true
		t.write()
	}
	c := t.counts[recipient+" "+consent]
	if c == nil {
		at := instantOf(p[0])
		c = &transfer{Recipient: recipient, Consent: consent, Since: time.Now(), From: at, To: at, sum: sha256.New()}
		t.counts[c.key()] = c
	}
	for _, r := range p {
		fmt.Fprintf(c.sum, "%s %d %s\n", r.Name, millisOf(r), r.Value) // never fails
		at := instantOf(r)
		if at.Before(c.From) {
			c.From = at
		}
		if at.After(c.To) {
			c.To = at
		}
	}
	c.Records += len(p)
	if time.Since(t.saved) > saveTallyEvery {
		t.write()
	}
}

func instantOf(r senml.Record) time.Time { return time.UnixMilli(millisOf(r)).UTC() }

// write writes the file. What could not be written is counted in memory, and tried again within the hour.
func (t *tally) write() {
	t.saved = time.Now()
	all := kept{Open: t.open}
	for _, key := range slices.Sorted(maps.Keys(t.counts)) {
		c := t.counts[key]
		state, err := c.sum.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			t.log.Error("count of what was sent not written", "error", err)
			return
		}
		c.Digest = state
		all.Counts = append(all.Counts, c)
	}
	if err := statefile.Write(t.file, all); err != nil {
		t.log.Error("count of what was sent not written", "error", err)
	}
}

// close writes the count as it is, complete.
func (t *tally) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open {
		t.open = false
		t.write()
	}
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
		done = true
	}
	if done {
		t.write()
	}
	return errors.Join(errs...)
}

func (c *transfer) entry() ledger.Entry {
	e := ledger.Entry{
		Kind: ledger.Transfer, Recipient: c.Recipient, Consent: c.Consent, From: c.From, To: c.To, Count: c.Records,
		Digest: hex.EncodeToString(c.sum.Sum(nil)),
	}
	if c.Cut {
		e.Text = "the agent was cut off; what was sent within the hour before is not counted"
	}
	return e
}
