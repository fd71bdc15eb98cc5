package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"releve/agent/status"
	"releve/buffer"
	"releve/federation/ledger"
	"releve/senml"
)

// erasure is what somebody wants erased. The zero value is everything.
type erasure struct {
	Series []string  `json:"series,omitzero"` // globs, as in an export; nil means all, and a list of none is refused
	From   time.Time `json:"from,omitzero"`   // full hours; zero means no bound
	To     time.Time `json:"to,omitzero"`
	Ledger bool      `json:"ledger,omitempty"` // in place of readings, what the ledger tells of what left
}

// erased is what was, or would be.
type erased struct {
	Readings uint64   `json:"readings"`
	RollUps  uint64   `json:"rollups"`           // values of ten minutes, some together, and of days
	Series   []string `json:"series"`            // of which something goes
	Aside    []string `json:"aside"`             // folders of damaged stores, which go whole
	Entries  int      `json:"entries,omitempty"` // of the ledger
	Tell     []string `json:"tell"`              // recipients that know no notices: a person has to ask them to erase
}

func (a *agent) erasedOf(what buffer.Erasure, b buffer.Erased) erased {
	_, deaf := a.owedFor(what)
	full := func(list []string) []string { return append([]string{}, list...) } // in JSON, nothing is a list too
	return erased{Readings: b.Records, RollUps: b.Cells, Series: full(b.Series), Aside: full(b.Aside), Tell: full(deaf)}
}

// errNothing means that there is nothing of what is to be erased.
var errNothing = errors.New("there is nothing of it")

// erasable tells what erase would take away now, for a person to confirm.
func (a *agent) erasable(ctx context.Context, what erasure) (erased, error) {
	if what.Ledger {
		n, err := a.notary.transfers(what.tells)
		return erased{Entries: n}, err
	}
	chosen, err := a.choose(what)
	if err != nil {
		return erased{}, err
	}
	sum, err := a.buffer.Measure(ctx, chosen)
	return a.erasedOf(chosen, sum), err
}

// erase takes readings away for good, from the store, from what waits for recipients and from the other files of the state
// folder; by is who says so: "terminal", "page", or an address. The ledger has the fact, before. Then the agent begins anew,
// which empties its memory, once the answer has left.
// Who was sent them under a consent in force is told to erase them too; erased.Tell are those whom a person has to tell.
func (a *agent) erase(ctx context.Context, what erasure, by string) (erased, error) {
	if what.Ledger {
		n, err := a.notary.EraseTransfers(by, what.tells)
		return erased{Entries: n}, err
	}
	if err := a.gatherer.flush(); err != nil { // it would be stored later
		return erased{}, fmt.Errorf("store what was read last: %w", err)
	}
	chosen, err := a.choose(what)
	if err != nil {
		return erased{}, err
	}
	sum, err := a.buffer.Erase(ctx, chosen, func(sum buffer.Erased) error {
		if sum.Records+sum.Cells == 0 && len(sum.Aside) == 0 && !chosen.All() {
			return errNothing
		}
		if err := a.notary.Erased(by, what.kind(), int(sum.Records)); err != nil {
			return err
		}
		return errors.Join(a.eraseBeside(), a.follows(chosen))
	})
	a.finishErased() // one that waited went first
	if err != nil {
		return erased{}, err
	}
	a.log.Info("readings erased", "by", by, "what", what.kind(), "readings", sum.Records)
	rouse(a.notary.news)
	a.beginAnew()
	return a.erasedOf(chosen, sum), nil
}

// tells says whether an entry of the ledger tells what left in the period.
func (e erasure) tells(t ledger.Entry) bool {
	return t.Kind == ledger.Transfer && (e.From.IsZero() || !t.To.Before(e.From)) && (e.To.IsZero() || t.From.Before(e.To))
}

// kind is all that the ledger says of it.
func (e erasure) kind() string {
	bounded := !e.From.IsZero() || !e.To.IsZero()
	switch {
	case len(e.Series) > 0 && bounded:
		return "readings of series in a period"
	case len(e.Series) > 0:
		return "readings of series"
	case bounded:
		return "readings of a period"
	}
	return "all readings"
}

// choose finds the series that are meant.
func (a *agent) choose(what erasure) (buffer.Erasure, error) {
	chosen := buffer.Erasure{From: what.From, To: what.To}
	if !what.From.IsZero() && !what.To.IsZero() && !what.From.Before(what.To) {
		return chosen, errors.New("the period ends before it begins")
	}
	if what.Series == nil {
		return chosen, nil
	}
	if len(what.Series) == 0 {
		return chosen, errors.New("no series is named")
	}
	names, err := a.named(pattern(what.Series))
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("no series is called %s", strings.Join(what.Series, " or "))
	}
	chosen.Series = names
	return chosen, err
}

// named lists the series that are called so, also those of which all waits for its date.
func (a *agent) named(like *regexp.Regexp) (names []string, err error) {
	add := func(name string) {
		if like.MatchString(name) {
			names = append(names, name)
		}
	}
	for _, s := range a.buffer.Known() {
		add(s.Name)
	}
	for _, u := range a.buffer.Undated() {
		more := a.buffer.ReadUndated(context.Background(), u.Boot, func(p senml.Pack) error {
			for _, r := range p {
				add(r.Name)
			}
			return nil
		})
		err = errors.Join(err, more)
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

// eraseBeside removes what other files of the state folder have of readings, whichever is erased: none of it can be told
// apart, and all of it comes again or was never used. Those are the last values that recipients have, and what sources have
// sent that could not be taken.
func (a *agent) eraseBeside() error {
	values, err := filepath.Glob(filepath.Join(a.state("recipients"), "*"))
	poison, more := filepath.Glob(filepath.Join(a.state("sources"), "*.poison"))
	err = errors.Join(err, more)
	for _, path := range append(values, poison...) {
		err = errors.Join(err, os.RemoveAll(path))
	}
	if err != nil {
		return fmt.Errorf("erase beside the store: %w", err)
	}
	return nil
}

// openErased does beside the store what was left of an erasure that Open has finished.
func (a *agent) openErased(context.Context) error {
	var err error
	if a.erasures, err = openErasureNotices(a.state(erasuresFile), a.log); err != nil || len(a.buffer.Finished()) == 0 {
		return err
	}
	return a.eraseBeside()
}

// follows notes what follows from an erasure: who is to be told, and what is not to come back.
func (a *agent) follows(what buffer.Erasure) error {
	owed, _ := a.owedFor(what)
	return errors.Join(a.erasures.owe(owed), a.intake.forgotten.add(what, a.now()))
}

// recordErased says in the ledger that it was finished, and to whom it concerns.
func (a *agent) recordErased(context.Context) error {
	for _, what := range a.buffer.Finished()[a.finished:] {
		if err := a.follows(what); err != nil {
			return err
		}
		a.finished++
		if err := a.notary.Erased("", "finished after a restart", 0); err != nil { // the page says that the ledger cannot be written
			a.log.Error("erasure not recorded", "error", err)
		}
	}
	return nil
}

// finishErased is recordErased of what found room only while the agent ran.
func (a *agent) finishErased() {
	a.finishing.Lock()
	defer a.finishing.Unlock()
	if len(a.buffer.Finished()) == a.finished {
		return
	}
	if err := errors.Join(a.eraseBeside(), a.recordErased(context.Background())); err != nil {
		a.log.Error("erasure not followed up", "error", err)
		return
	}
	a.beginAnew()
}

// beginAnew empties the memory, which may hold some of what was erased, once an answer has left.
func (a *agent) beginAnew() {
	a.emptied.Store(true)
	if a.rest != nil {
		a.afterAnswers(func() { a.rest(errAgain) })
	}
}

// unerased is of an erasure that was begun before a cut and waits.
func unerased(why string) status.Finding {
	return status.Finding{
		State:  status.Warning,
		Text:   status.Say("Un effacement commencé n'est pas fini : ce qui doit partir est encore là.", "An erasure that was begun is not done yet: what is to go is still there."),
		Advice: status.Say("Faites de la place sur la carte, autant que prend ce qui reste ; il se finit alors de lui-même.", "Make room on the card, as much as what stays takes; it is then done by itself."),
		Detail: why,
	}
}
