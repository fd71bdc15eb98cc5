package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/consent"
	"releve/federation/ledger"
	"releve/senml"
)

// sent are n records of a second each, from an instant on.
func sent(from time.Time, n int) senml.Pack {
	var p senml.Pack
	for i := range n {
		p = append(p, senml.Record{Name: "urn:dev:ow:1_current/1", Unit: "A", Time: float64(from.Unix() + int64(i)), Value: senml.NumberValue(float64(i))})
	}
	return p
}

// entriesOf are what a tally tells at the end of a day.
func entriesOf(t *testing.T, of *tally) []ledger.Entry {
	t.Helper()
	var all []ledger.Entry
	err := of.settle(func(*transfer) bool { return true }, func(e ledger.Entry) error {
		all = append(all, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// What was sent is one entry for each recipient and consent, however often the agent began anew; after a cut the entry
// says that it may not be all.
func TestTally(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	sum := sha256.New()
	for _, r := range append(sent(begin, 3), sent(begin.Add(time.Hour), 2)...) {
		fmt.Fprintf(sum, "%s %d %s\n", r.Name, int64(r.Time)*1000, r.Value)
	}
	want := []ledger.Entry{{
		Kind: ledger.Transfer, Recipient: "a@sen2.example", Consent: "c1", From: begin, To: begin.Add(time.Hour + time.Second), Count: 5,
		Digest: hex.EncodeToString(sum.Sum(nil)),
	}, {
		Kind: ledger.Transfer, Recipient: "a@sen2.example", Consent: "c2", From: begin, To: begin, Count: 1,
	}}
	for _, test := range []struct {
		name string
		end  func(*tally) error // of the first agent
		cut  bool
	}{
		{"stopped", (*tally).close, false},
		{"cut after the file was written", func(of *tally) error { of.write(); return nil }, true},
		{"cut after it was noted", func(of *tally) error { of.note(); return nil }, true},
		{"cut once the journal had been full", func(of *tally) error {
			for of.turn < 2_000 {
				of.changed = true
				of.note()
			}
			return nil
		}, true},
		{"without a journal", func(of *tally) error {
			err := of.journal.Close()
			of.journal = nil
			of.note()
			return err
		}, true},
	} {
		cut, file := test.cut, filepath.Join(t.TempDir(), "transfers.json")
		open := func() *tally {
			one, err := openTally(file, quiet)
			if err != nil {
				t.Fatal(err)
			}
			return one
		}
		first := open()
		first.add("a@sen2.example", "c1", sent(begin, 3))
		first.add("a@sen2.example", "c2", sent(begin, 1))
		if err := test.end(first); err != nil {
			t.Fatal(err)
		}
		again := open()
		again.add("a@sen2.example", "c1", sent(begin.Add(time.Hour), 2))
		got, text := entriesOf(t, again), ""
		got[0].Text, got[1].Text, text = "", "", got[0].Text
		want[1].Digest = got[1].Digest // of one record: as the first is made
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if said := text != ""; said != cut {
			t.Errorf("%s: it says %q", test.name, text)
		}
		if left := entriesOf(t, open()); len(left) > 0 {
			t.Errorf("%s: told twice: %+v", test.name, left)
		}
	}
}

// The day's count is in the ledger after midnight, with what the consent covers; a withdrawn consent's at once.
func TestTransfersInTheLedger(t *testing.T) {
	t.Parallel()
	g := consent.Grant{To: "breizh-sen1.example", Series: []string{"voltage/*"}, Resolution: consent.Day, Purpose: "a study"}
	r := &registry{t: t, dir: filepath.Join(t.TempDir(), "ledger"), now: time.Now(), known: true}
	n := r.open(g)
	n.location = time.UTC
	var err error
	if n.tally, err = openTally(filepath.Join(t.TempDir(), "transfers.json"), quiet); err != nil {
		t.Fatal(err)
	}
	transfers := func() (all []ledger.Entry) {
		for _, e := range r.entries() {
			if e.Kind == ledger.Transfer {
				all = append(all, e)
			}
		}
		return all
	}
	n.tally.add("a@breizh-sen1.example", g.ID(), sent(r.now, 7))
	n.look()
	if got := transfers(); len(got) > 0 {
		t.Errorf("before the day is over: %+v", got)
	}
	r.now = r.now.AddDate(0, 0, 1)
	n.look()
	n.tally.add("a@breizh-sen1.example", g.ID(), sent(r.now, 3))
	if _, err := n.Withdraw(g.ID(), "page"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range transfers() {
		got = append(got, fmt.Sprint(e.Recipient, " ", e.Consent == g.ID(), " ", e.Series, " ", e.Finest, " ", e.Count))
	}
	want := []string{"a@breizh-sen1.example true [voltage/*] P1D 7", "a@breizh-sen1.example true [voltage/*] P1D 3"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The count of a day with three recipients, noted each five minutes, wears the card by no more than half a megabyte.
func TestTallyWear(t *testing.T) {
	c := newCard(t)
	dir := filepath.Join(c.dir, "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	one, err := openTally(filepath.Join(dir, "transfers.json"), quiet)
	if err != nil {
		t.Fatal(err)
	}
	day := func(times int) int64 {
		c.flushed()
		before, commits := c.written()
		for range times {
			for _, to := range []string{"a@breizh-sen2.example", "b@breizh-sen2.example", "recipient poste"} {
				one.add(to, "23289931e73244d3", sent(time.Now(), 3))
			}
			one.note()
		}
		c.flushed()
		after, more := c.written()
		return after - before + more - commits
	}
	day(1) // a new journal is no daily matter
	notes := int(24 * time.Hour / noteTallyEvery)
	bytes := day(notes)
	t.Logf("%d notes write %.2f MB", notes, float64(bytes)/1e6)
	if bytes > 500_000 {
		t.Errorf("%d bytes are written, 500,000 allowed", bytes)
	}
	if err := one.close(); err != nil {
		t.Error(err)
	}
}
