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
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	durable "releve/buffer/journal"
	"releve/buffer/statefile"
	"releve/federation/ledger"
	"releve/senml"
)

// tally counts what was sent, for the ledger: one entry a day for each recipient and consent, so that the ledger stays
// small and the card whole. The count is in memory; what has changed is noted each five minutes in a journal, which wears
// a card much less than a file that is replaced, and at the end of a day and of the agent in the file. Before anything is
// counted the journal says that a count is under way, so that after a cut the entry says what may be missing from it.
type tally struct {
	file string // set once
	log  *slog.Logger

	mu      sync.Mutex // guards everything below
	counts  map[string]*transfer
	turn    int              // of what is written; the greatest counts
	open    bool             // what is written says that a count is under way
	changed bool             // since it was written
	noted   time.Time        // when it was
	journal *durable.Journal // nil while there is none to write
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

// kept is what is written: the file, or an entry of the journal.
type kept struct {
	Turn   int         `json:"turn"`
	Open   bool        `json:"open"`
	Counts []*transfer `json:"counts"`
}

const noteTallyEvery = 5 * time.Minute

// openTally goes on with what was counted before. A file that is not understood is set aside.
func openTally(file string, log *slog.Logger) (*tally, error) {
	t := &tally{file: file, log: log, counts: map[string]*transfer{}, noted: time.Now()}
	was, err := statefile.Read(file, kept.check)
	var damaged *statefile.Damaged
	if err != nil && !errors.As(err, &damaged) {
		return nil, fmt.Errorf("read what was sent: %w", err)
	}
	if err != nil {
		log.Warn("count of what was sent lost", "error", err)
	}
	if was, err = t.recall(was); err != nil {
		log.Error("count of what was sent not noted between two days", "error", err)
	}
	t.turn = was.Turn
	for _, c := range was.Counts {
		c.Cut = c.Cut || was.Open
		t.counts[c.key()] = c
	}
	return t, nil
}

// recall opens the journal and returns the later of what is in it and in the file, which then is in the file.
func (t *tally) recall(was kept) (kept, error) {
	dir := strings.TrimSuffix(t.file, filepath.Ext(t.file))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return was, err
	}
	j, err := durable.Open(dir)
	if err != nil {
		return was, err
	}
	entries, _, err := j.Entries() // damage hides the latest at worst
	if err != nil {
		return was, errors.Join(err, j.Close())
	}
	var last kept
	if n := len(entries); n > 0 && json.Unmarshal(entries[n-1], &last) == nil && last.check() == nil && last.Turn > was.Turn {
		if was, err = last, statefile.Write(t.file, last); err != nil {
			return was, errors.Join(err, j.Close())
		}
	}
	if err := j.Begin(); err != nil {
		return was, errors.Join(err, j.Close())
	}
	t.journal = j
	return was, nil
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

// add counts records that were sent. The digest is SHA-256 of their lines in that order: name, milliseconds since 1970
// and value, with a space between and a line feed behind.
func (t *tally) add(recipient, consent string, p senml.Pack) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.open {
		t.open, t.changed = true, true
		t.note()
	}
	t.changed = true
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
}

func instantOf(r senml.Record) time.Time { return time.UnixMilli(millisOf(r)).UTC() }

// keep notes what has changed, where it is time.
func (t *tally) keep() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if time.Since(t.noted) >= noteTallyEvery {
		t.note()
	}
}

// note writes what has changed into the journal, or into the file when that takes nothing.
func (t *tally) note() {
	if !t.changed {
		return
	}
	if t.journal == nil {
		t.write()
		return
	}
	text, err := t.whole()
	if err == nil {
		err = t.journal.Add(text)
	}
	if err != nil { // it is full, or its disk is
		t.write()
		return
	}
	t.noted, t.changed = time.Now(), false
}

// whole is all that is counted, as it is written next.
func (t *tally) whole() ([]byte, error) {
	t.turn++
	all := kept{Turn: t.turn, Open: t.open}
	for _, key := range slices.Sorted(maps.Keys(t.counts)) {
		c := t.counts[key]
		state, err := c.sum.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			return nil, err
		}
		c.Digest = state
		all.Counts = append(all.Counts, c)
	}
	return json.Marshal(all)
}

// write writes the file, after which the journal is worth nothing. What could not be written is counted in memory, and
// tried again within minutes.
func (t *tally) write() {
	text, err := t.whole()
	if err == nil {
		err = statefile.Write(t.file, json.RawMessage(text))
	}
	if err == nil && t.journal != nil {
		err = t.journal.Empty()
	}
	t.noted, t.changed = time.Now(), err != nil
	if err != nil {
		t.log.Error("count of what was sent not written", "error", err)
	}
}

// close writes the count as it is, complete.
func (t *tally) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open {
		t.open = false
		t.write()
	}
	if t.journal == nil {
		return nil
	}
	j := t.journal
	t.journal = nil
	return j.Close()
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
		e.Text = "the agent was cut off; of what was sent within five minutes before, some is not counted"
	}
	return e
}
