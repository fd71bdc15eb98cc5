package quoalise

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"releve/buffer/statefile"
)

// Mark is how far a consumer has a series. Heard and Verified are times of records.
type Mark struct {
	Heard    time.Time `json:"heard"`            // what is older came, as long as no push was lost without a word
	Verified time.Time `json:"verified"`         // what is older came, as get_history has answered
	Checked  time.Time `json:"checked,omitzero"` // when it has answered so up to then
	Left     bool      `json:"left,omitzero"`    // it is not wanted any more, and the provider knows
}

// Progress is how far a consumer has the series of one provider, kept in a file.
type Progress struct {
	file string // set once; "" for memory only

	mu      sync.Mutex // guards everything below
	marks   map[string]Mark
	changed bool // since it was kept
}

// OpenProgress reads the marks from their file, which need not exist yet; without a name they are not kept. A file that
// cannot be understood is set aside and its trouble returned beside usable empty marks: all is asked for again.
func OpenProgress(file string) (*Progress, error) {
	p := &Progress{file: file, marks: map[string]Mark{}}
	if file == "" {
		return p, nil
	}
	kept, err := statefile.Read[map[string]Mark](file, nil)
	maps.Copy(p.marks, kept)
	if err == nil {
		return p, nil
	}
	err = fmt.Errorf("read the progress of a source: %w", err)
	var damaged *statefile.Damaged
	if errors.As(err, &damaged) {
		return p, err
	}
	return nil, err
}

// Keep writes the marks if they have changed.
func (p *Progress) Keep() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == "" || !p.changed {
		return nil
	}
	if err := statefile.Write(p.file, p.marks); err != nil {
		return fmt.Errorf("write the progress of a source: %w", err)
	}
	p.changed = false
	return nil
}

// Series lists the series that were ever wanted, by name.
func (p *Progress) Series() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.marks))
}

// mark returns the mark of a series, which for one that is new is at since.
func (p *Progress) mark(series string, since time.Time) Mark {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, known := p.marks[series]
	switch {
	case !known:
		m = Mark{Heard: since, Verified: since}
		p.set(series, m)
	case m.Left: // wanted again
		m.Left = false
		p.set(series, m)
	}
	return m
}

// leave notes that the provider knows that a series is not wanted.
func (p *Progress) leave(series string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.marks[series]
	m.Left = true
	p.set(series, m)
}

// left tells whether it does.
func (p *Progress) left(series string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.marks[series].Left
}

// hear moves the mark of a series on to a record that came with everything before it.
func (p *Progress) hear(series string, of time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := p.marks[series]; of.After(m.Heard) {
		m.Heard = of
		p.set(series, m)
	}
}

// verify moves both marks on.
func (p *Progress) verify(series string, to time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.marks[series]
	m.Heard, m.Verified = latest(m.Heard, to), latest(m.Verified, to)
	p.set(series, m)
}

// check notes that all of a series was verified up to a moment.
func (p *Progress) check(series string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.marks[series]
	m.Checked = at
	p.set(series, m)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (p *Progress) set(series string, m Mark) { p.marks[series], p.changed = m, true }

// knows tells whether a series was ever wanted.
func (p *Progress) knows(series string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, known := p.marks[series]
	return known
}
