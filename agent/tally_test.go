package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
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

// leave counts records that leave, and arrive unless something comes between.
func leave(t *testing.T, one *tally, consentID string, p senml.Pack) {
	t.Helper()
	must(t, one.Leaving("place "+consentID, consent.Batch{Recipient: "a@sen2.example", Consent: consentID, Pack: p}))
}

// What was sent is one entry for each recipient and consent, however often the agent began anew; after a cut the entry
// says how much of it may be counted twice.
func TestTally(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	want := func(id string, until time.Time, packs ...senml.Pack) ledger.Entry {
		e, sum := ledger.Entry{Kind: ledger.Transfer, Recipient: "a@sen2.example", Consent: id, From: begin, To: until}, sha256.New()
		for _, r := range slices.Concat(packs...) {
			fmt.Fprintf(sum, "%s %d %s\n", r.Name, int64(r.Time)*1000, r.Value)
			e.Count++
		}
		e.Digest = hex.EncodeToString(sum.Sum(nil))
		return e
	}
	first, second, later := sent(begin, 3), sent(begin, 1), sent(begin.Add(time.Hour), 2)
	for _, test := range []struct {
		name string
		end  func(*tally) error // of the first agent
		cut  bool
		sure bool // what had arrived is known to have
	}{
		{"stopped", (*tally).close, false, true},
		{"cut", func(*tally) error { return nil }, true, false},
		{"cut after the file was written", (*tally).write, true, true},
		{"cut once the journal had been full", func(of *tally) error {
			for of.turn < 3_000 {
				of.counts["a@sen2.example c1"].dirty = true
				if err := of.note(); err != nil {
					return err
				}
			}
			return nil
		}, true, true},
		{"without a journal", func(of *tally) error {
			err := of.journal.Close()
			of.journal = nil
			return errors.Join(err, of.write())
		}, true, true},
	} {
		file := filepath.Join(t.TempDir(), "transfers.json")
		open := func() *tally {
			one, err := openTally(file, quiet)
			must(t, err)
			return one
		}
		one := open()
		leave(t, one, "c1", first)
		one.Settled("place c1", true)
		leave(t, one, "c2", second)
		must(t, test.end(one))
		one = open()
		leave(t, one, "c2", second) // again, as it was not acknowledged
		one.Settled("place c2", true)
		leave(t, one, "c1", later)
		all := []ledger.Entry{want("c1", begin.Add(time.Hour+time.Second), first, later), want("c2", begin, second)}
		all[0].Uncertain = 2 // on their way
		if test.cut {
			const why = "the agent was cut off: what was leaving then may be counted twice"
			all[1] = want("c2", begin, second, second)
			all[1].Text, all[1].Uncertain = why, 1
			if !test.sure {
				all[0].Text, all[0].Uncertain = why, 5
			}
		}
		if diff := cmp.Diff(all, entriesOf(t, one)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if left := entriesOf(t, open()); len(left) > 0 {
			t.Errorf("%s: told twice: %+v", test.name, left)
		}
	}
}

// passage is a place from which records go to somebody, in order.
type passage struct {
	name  string
	to    []string // consents, of one recipient each
	acked int      // up to which record is done with
	safe  int      // what is known of that after a cut
}

// Whenever the agent is stopped or cut off, whatever fails and whenever an entry is written: the ledger never says less than what
// left, and never more but for what it calls uncertain. Without cuts, what is certain is what was acknowledged.
func TestTallyModel(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	for seed := range uint64(16) {
		rng, cuts := rand.New(rand.NewPCG(seed, 5)), seed%2 == 1
		file := filepath.Join(t.TempDir(), "transfers.json")
		one, err := openTally(file, quiet)
		must(t, err)
		passages := []*passage{{name: "fast", to: []string{"c1"}}, {name: "slow", to: []string{"c1"}}, {name: "circle", to: []string{"c2", "c1"}}}
		arrived, acked, counted, uncertain := map[string]map[string]bool{}, map[string]int{}, map[string]int{}, map[string]int{}
		tell := func() {
			for _, e := range entriesOf(t, one) {
				counted[e.Consent] += e.Count
				uncertain[e.Consent] += e.Uncertain
			}
		}
		begins := func() {
			if one, err = openTally(file, quiet); err != nil {
				t.Fatal(err)
			}
		}
		cut := func() bool {
			if !cuts || rng.IntN(8) > 0 {
				return false
			}
			must(t, one.journal.Close())
			for _, p := range passages {
				p.acked = p.safe + rng.IntN(p.acked-p.safe+1)
				p.safe = p.acked
			}
			begins()
			return true
		}
		for range 200 {
			switch n := rng.IntN(40); {
			case n == 0:
				must(t, one.close())
				for _, p := range passages {
					p.safe = p.acked
				}
				begins()
				continue
			case n == 1:
				tell()
				continue
			}
			p := passages[rng.IntN(len(passages))]
			pack := sent(begin.Add(time.Duration(p.acked)*time.Second), 1+rng.IntN(6))
			var batches []consent.Batch
			for _, id := range p.to {
				named := slices.Clone(pack)
				for i := range named {
					named[i].Name += "/" + p.name
				}
				batches = append(batches, consent.Batch{Recipient: "a@sen2.example", Consent: id, Pack: named})
			}
			if must(t, one.Leaving(p.name, batches...)); cut() || rng.IntN(4) == 0 { // the attempt fails, and nothing of it has left
				continue
			}
			for _, b := range batches {
				for _, r := range b.Pack {
					if arrived[b.Consent] == nil {
						arrived[b.Consent] = map[string]bool{}
					}
					arrived[b.Consent][string(sentLine(nil, r))] = true
				}
			}
			if cut() || rng.IntN(4) == 0 { // nobody acknowledges
				continue
			}
			one.Settled(p.name, true)
			p.acked += len(pack)
			for _, id := range p.to {
				acked[id] += len(pack)
			}
			cut()
		}
		tell()
		for id, records := range arrived {
			left, said, sure := len(records), counted[id], counted[id]-uncertain[id]
			if said < left || sure > left || !cuts && sure != acked[id] {
				t.Errorf("seed %d, %s: %d left, %d acknowledged; the ledger says %d, %d of them for certain", seed, id, left, acked[id], said, sure)
			}
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
	n.tally, err = openTally(filepath.Join(t.TempDir(), "transfers.json"), quiet)
	must(t, err)
	transfers := func() (all []ledger.Entry) {
		for _, e := range r.entries() {
			if e.Kind == ledger.Transfer {
				all = append(all, e)
			}
		}
		return all
	}
	leaves := func(count int) {
		must(t, n.tally.Leaving("place", consent.Batch{Recipient: "a@breizh-sen1.example", Consent: g.ID(), Pack: sent(r.now, count)}))
		n.tally.Settled("place", true)
	}
	leaves(7)
	n.look()
	if got := transfers(); len(got) > 0 {
		t.Errorf("before the day is over: %+v", got)
	}
	r.now = r.now.AddDate(0, 0, 1)
	must(t, n.tally.write())
	before, err := os.ReadFile(n.tally.file)
	must(t, err)
	n.look()
	must(t, os.WriteFile(n.tally.file, before, 0o600)) // as of an agent that was cut off before it could say what is accounted for
	n.tally, err = openTally(n.tally.file, quiet)
	must(t, err)
	n.look()
	leaves(3)
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

// The count of a day with three recipients, noted before each pack of a minute leaves, wears the card by no more than three
// megabytes.
func TestTallyWear(t *testing.T) {
	c := newCard(t)
	dir := filepath.Join(c.dir, "state")
	must(t, os.Mkdir(dir, 0o700))
	one, err := openTally(filepath.Join(dir, "transfers.json"), quiet)
	must(t, err)
	at := time.Now()
	day := func(times int) int64 {
		c.flushed()
		before, commits := c.written()
		for range times {
			at = at.Add(time.Minute)
			for _, to := range []string{"conseil@breizh-sen2.example", "b@breizh-sen2.example", "recipient poste"} {
				must(t, one.Leaving(to, consent.Batch{Recipient: to, Consent: "23289931e73244d3", Pack: sent(at, 30)}))
				one.Settled(to, true)
			}
		}
		c.flushed()
		after, more := c.written()
		return after - before + more - commits
	}
	day(1) // a new journal is no daily matter
	bytes := day(24 * 60)
	t.Logf("%.2f MB are written", float64(bytes)/1e6)
	if bytes > 3_000_000 {
		t.Errorf("%d bytes are written, 3,000,000 allowed", bytes)
	}
	must(t, one.close())
}

// What cannot be noted does not leave: an answer that is refused so, however often, counts nothing.
func TestRefusedAnswersCountNothing(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	answered := func(of *tally, id string, p senml.Pack) error {
		return of.Leaving("", consent.Batch{Recipient: "a@sen2.example", Consent: id, Pack: p})
	}
	open := func() *tally {
		dir := filepath.Join(t.TempDir(), "state")
		must(t, os.Mkdir(dir, 0o700))
		one, err := openTally(filepath.Join(dir, "transfers.json"), quiet)
		must(t, err)
		return one
	}
	one, calm := open(), open()
	dir := filepath.Dir(one.file)
	for _, of := range []*tally{one, calm} {
		must(t, answered(of, "c1", sent(begin, 3)))
	}
	must(t, one.journal.Close())
	one.journal = nil
	must(t, os.RemoveAll(dir)) // nothing can be written any more
	for range 3 {
		for _, id := range []string{"c1", "c2"} {
			if err := answered(one, id, sent(begin.Add(time.Hour), 50)); err == nil {
				t.Errorf("an answer under %s left that was not noted", id)
			}
		}
	}
	must(t, os.MkdirAll(dir, 0o700))
	for _, of := range []*tally{one, calm} {
		must(t, answered(of, "c1", sent(begin.Add(time.Minute), 2)))
	}
	if diff := cmp.Diff(entriesOf(t, calm), entriesOf(t, one)); diff != "" {
		t.Errorf("(-never refused +refused):\n%s", diff)
	}
}
