// Package trial keeps what was changed from afar, and takes back what does not prove itself.
//
// In: changes, and how the agent does with them. Out: the values that lie over the configuration's files. It does not know
// what the values mean: who calls has checked them.
//
// # A change
//
//	Propose ──▶ applying ──Started──▶ proving ──Judge──▶ proved ──Confirm──▶ the overlay
//	   │           └───────────────────┴─────────────────┴── Return, Judge, a restart ──▶ the overlay before
//	   └ refused: nothing has changed
//
// A change lives in the process that took it, and nowhere else: whatever ends the process takes the change back, for the
// next one drops it (Open). So no clock has to be believed over a restart, and within the process only the one that cannot
// be set counts (Options.Now). One file is the point of no return: a change is confirmed once OVERLAY names it. Everything is
// written down before it is done.
//
// # Files
//
//	overlay.json   what was confirmed: the values, and the change that brought the last of them
//	trial.json     the change on trial, and what became of the last ones
//
// A file that cannot be understood is set aside, see package statefile: without overlay.json the agent runs with its files
// alone, without trial.json nothing is on trial.
package trial

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"releve/buffer/statefile"
)

// Values lie over the configuration's files: texts by the path of what they change.
type Values map[string][]string

// Difference is one value that a change changes, as people are told it. A secret is only said to have changed.
type Difference struct {
	Path   string `json:"path"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Standing is what works at one moment.
type Standing struct {
	Session    bool     `json:"session,omitempty"`    // with the federation
	Meters     []string `json:"meters,omitempty"`     // of which frames are read
	Recipients []string `json:"recipients,omitempty"` // who take what they are sent
}

// Change is one change from afar.
type Change struct {
	ID          string       `json:"id"` // made by Propose
	By          string       `json:"by"` // an address
	At          time.Time    `json:"at"` // for people only
	Overlay     Values       `json:"overlay"`
	Differences []Difference `json:"differences"`
	Need        Standing     `json:"need"` // what worked before, and has to work after
	Role        string       `json:"role"` // of who may confirm it
	Stage       Stage        `json:"stage"`
}

// Paths are those of what it changes.
func (c Change) Paths() []string {
	var all []string
	for _, d := range c.Differences {
		all = append(all, d.Path)
	}
	return all
}

// Stage is how far a change is.
type Stage string

// The stages.
const (
	Applying Stage = "applying" // written down; the agent does not run with it yet
	Proving  Stage = "proving"  // the agent runs with it, and not all that worked works again
	Proved   Stage = "proved"   // all works; it waits to be confirmed
)

// Outcome is what became of a change.
type Outcome struct {
	Change
	Confirmed bool   `json:"confirmed"`     // or else taken back
	Why       Why    `json:"why,omitempty"` // it was taken back
	Missing   string `json:"missing,omitempty"`
	Answered  string `json:"answered,omitempty"` // who confirmed it or took it back
	Told      bool   `json:"told"`               // whoever asked
	Recorded  bool   `json:"recorded"`           // in the ledger
}

// Why says why a change was taken back.
type Why string

// The reasons.
const (
	Unproved    Why = "unproved"    // not all that worked has come back in time; Missing says what
	Unconfirmed Why = "unconfirmed" // nobody has confirmed it in time
	Cut         Why = "cut"         // the federation was lost while it waited to be confirmed
	Restarted   Why = "restarted"   // the process has ended meanwhile
	Unusable    Why = "unusable"    // the agent could not even begin with it; Missing says why
	Withdrawn   Why = "withdrawn"   // somebody has taken it back
)

// Options are what Trials need.
type Options struct {
	Dir            string // the state folder
	Prove, Confirm time.Duration
	Now            func() time.Duration // of a clock that cannot be set
	Files          Files                // nil for those of Dir
}

// Files is where state is kept; tests have others than the real ones.
type Files interface {
	ReadOverlay() (Overlay, error)
	ReadRecord() (Record, error)
	Write(name string, value any) error
}

// Overlay is overlay.json.
type Overlay struct {
	ID     string `json:"id"` // of the change that was confirmed last
	Values Values `json:"values"`
	Before Values `json:"before"` // that change; they count when the record says that it was taken back
}

// Record is trial.json.
type Record struct {
	Current *Change   `json:"current,omitempty"`
	Past    []Outcome `json:"past"` // the latest last
}

// The names of the files.
const (
	OverlayFile = "overlay.json"
	recordFile  = "trial.json"
)

// noChange stands in overlay.json where no change was ever confirmed.
const noChange = "none"

// maxPast bounds what is remembered.
const maxPast = 20

// What is under the errors of Propose, Confirm and Return.
var (
	ErrBusy     = errors.New("another change is on trial: confirm it or take it back first")
	ErrNone     = errors.New("no change is on trial")
	ErrUnproved = errors.New("the change has not proved itself yet")
)

// awayFor is how long the federation may be lost while a change waits to be confirmed.
const awayFor = time.Minute

// Trials is the overlay and the change on trial, of which there is one at most.
type Trials struct {
	o Options // set once

	mu      sync.Mutex // guards everything below
	trouble error      // files that are there cannot be read: they are not written either
	overlay Overlay
	record  Record
	since   time.Duration // when the stage began; of Applying when it was proposed
	seen    time.Duration // when there was a session last
}

// Open reads what there is, and takes back a change that was on trial in another process. Its error tells of what was set
// aside, or could not be read or written: the Trials are usable all the same, without that.
func Open(o Options) (*Trials, error) {
	if o.Files == nil {
		o.Files = folder(o.Dir)
	}
	t := &Trials{o: o}
	var errOverlay, errRecord, errDrop error
	t.overlay, errOverlay = o.Files.ReadOverlay()
	t.record, errRecord = o.Files.ReadRecord()
	t.trouble = errors.Join(trouble(errOverlay), trouble(errRecord))
	if t.record.tookBack(t.overlay.ID) { // a disk that had said it could not keep it had done so all the same
		t.overlay.Values = t.overlay.Before
	}
	if c := t.record.Current; c != nil {
		if c.ID == t.overlay.ID { // it was confirmed; the process ended before it could write that down here
			errDrop = t.finish(Outcome{Change: *c, Confirmed: true})
		} else {
			errDrop = t.finish(Outcome{Change: *c, Why: Restarted})
		}
	}
	return t, errors.Join(errOverlay, errRecord, errDrop)
}

// ReadOverlay returns what was confirmed in a state folder, and changes nothing there.
func ReadOverlay(dir string) (Values, error) {
	o, err := statefile.Look(filepath.Join(dir, OverlayFile), Overlay.check)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(dir, OverlayFile), err)
	}
	return o.Values, nil
}

// Values are those that count now: with the change on trial, if there is one.
func (t *Trials) Values() Values {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.record.Current != nil {
		return maps.Clone(t.record.Current.Overlay)
	}
	return maps.Clone(t.overlay.Values)
}

// Confirmed are the values that count without the change on trial.
func (t *Trials) Confirmed() Values {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.overlay.Values)
}

// Current returns the change on trial, and how long it has until something is decided.
func (t *Trials) Current() (c Change, left time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.record.Current == nil {
		return Change{}, 0, false
	}
	return *t.record.Current, t.limit() - (t.o.Now() - t.since), true
}

// limit is how long the stage may last.
func (t *Trials) limit() time.Duration {
	if t.record.Current.Stage == Proved {
		return t.o.Confirm
	}
	return t.o.Prove
}

// Past returns what became of the last changes, the latest last.
func (t *Trials) Past() []Outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.record.Past)
}

// Propose puts a change on trial. From then on Values are its; the agent has to begin anew with them, and then to call
// Started.
func (t *Trials) Propose(c Change) (Change, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.record.Current != nil:
		return Change{}, ErrBusy
	case t.trouble != nil:
		return Change{}, fmt.Errorf("put a change on trial: %w", t.trouble)
	}
	c.ID, c.Stage = rand.Text(), Applying
	next := t.record
	next.Current = &c
	if err := t.keep(next); err != nil {
		return Change{}, fmt.Errorf("put a change on trial: %w", err)
	}
	t.since = t.o.Now()
	return c, nil
}

// Started says that the agent runs with the change, if there is one.
func (t *Trials) Started() { t.stage(Proving) }

// stage goes on to the next one. That it cannot be written down takes nothing away: a restart takes the change back from
// each of them.
func (t *Trials) stage(next Stage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.record.Current == nil || t.record.Current.Stage == next {
		return
	}
	c := *t.record.Current
	c.Stage = next
	r := t.record
	r.Current = &c
	if t.keep(r) != nil {
		t.record = r
	}
	t.since = t.o.Now()
	t.seen = t.since
}

// Judge looks at what works now, and takes the change back when it has failed: then it returns true, and the agent has to
// begin anew without it. It is called every second or so, also while the agent has not begun yet.
func (t *Trials) Judge(now Standing) bool {
	c, left, ok := t.Current()
	if !ok {
		return false
	}
	missing := c.Need.without(now)
	switch {
	case c.Stage == Proving && len(missing) == 0:
		t.stage(Proved)
	case c.Stage == Proved && t.isCut(c, now):
		return t.giveUp(Outcome{Change: c, Why: Cut})
	case left <= 0 && c.Stage == Proved:
		return t.giveUp(Outcome{Change: c, Why: Unconfirmed})
	case left <= 0:
		return t.giveUp(Outcome{Change: c, Why: Unproved, Missing: joined(missing)})
	}
	return false
}

// isCut tells whether the federation has been lost for longer than a connection takes to come back.
func (t *Trials) isCut(c Change, now Standing) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Session || !c.Need.Session {
		t.seen = t.o.Now()
	}
	return t.o.Now()-t.seen > awayFor
}

// Confirm makes the change on trial one that stays.
func (t *Trials) Confirm(by string) (Change, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.record.Current
	switch {
	case c == nil:
		return Change{}, ErrNone
	case c.Stage != Proved:
		return Change{}, ErrUnproved
	}
	next := Overlay{ID: c.ID, Values: c.Overlay, Before: t.overlay.Values}
	if err := t.o.Files.Write(OverlayFile, next); err != nil {
		before := Overlay{ID: cmp.Or(t.overlay.ID, noChange), Values: t.overlay.Values} // it may be there all the same
		return Change{}, errors.Join(fmt.Errorf("keep the change: %w", err), t.o.Files.Write(OverlayFile, before))
	}
	t.overlay = next
	_ = t.finish(Outcome{Change: *c, Confirmed: true, Answered: by})
	return *c, nil
}

// Return takes the change on trial back. The agent has to begin anew without it.
func (t *Trials) Return(why Why, detail, by string) error {
	c, _, ok := t.Current()
	if !ok {
		return ErrNone
	}
	t.giveUp(Outcome{Change: c, Why: why, Missing: detail, Answered: by})
	return nil
}

// giveUp is false when somebody else has decided meanwhile.
func (t *Trials) giveUp(o Outcome) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.record.Current == nil || t.record.Current.ID != o.ID {
		return false
	}
	_ = t.finish(o)
	return true
}

// finish ends the trial, also when that cannot be written down: the next start finds the change, and comes to the same.
func (t *Trials) finish(o Outcome) error {
	next := t.record.with(o)
	err := t.keep(next)
	t.record = next
	return err
}

// with is the record after the trial.
func (r Record) with(o Outcome) Record {
	past := append(slices.Clone(r.Past), o)
	return Record{Past: past[max(0, len(past)-maxPast):]}
}

// Discard sets aside what was confirmed and cannot be used, and returns the file's new name.
func (t *Trials) Discard() (aside string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.overlay = Overlay{}
	return statefile.SetAside(filepath.Join(t.o.Dir, OverlayFile), "refused")
}

// tookBack says whether a change is one that was taken back.
func (r Record) tookBack(id string) bool {
	return slices.ContainsFunc(r.Past, func(o Outcome) bool { return o.ID == id && !o.Confirmed })
}

// trouble is an error of the machine: what was damaged is out of the way.
func trouble(err error) error {
	var damaged *statefile.Damaged
	if errors.As(err, &damaged) {
		return nil
	}
	return err
}

// Noted says that whoever asked was told what became of a change, or that the ledger has it.
func (t *Trials) Noted(id string, told, recorded bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := Record{Current: t.record.Current, Past: slices.Clone(t.record.Past)}
	for i := range next.Past {
		if one := &next.Past[i]; one.ID == id {
			one.Told, one.Recorded = one.Told || told, one.Recorded || recorded
		}
	}
	return t.keep(next)
}

// keep writes a record down; only then it holds.
func (t *Trials) keep(r Record) error {
	if err := t.o.Files.Write(recordFile, r); err != nil {
		return err
	}
	t.record = r
	return nil
}
