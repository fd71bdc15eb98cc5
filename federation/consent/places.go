package consent

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"releve/buffer/statefile"
)

// Places are how far the records of each series have come that a recipient is sent coarser than they are read, kept in a
// file. That may be behind, never ahead: what went since is sent again after a cut, under the same names and times.
type Places struct {
	file string // "" for none

	mu    sync.Mutex                 // guards everything below
	marks map[string]map[string]mark // by place, which is the name of a cursor, and local series
	saved time.Time
	stale bool // the file is behind
}

// mark is how far the records of a series have come. What ends before it went.
type mark struct {
	Resolution Resolution `json:"resolution"`
	Seen       time.Time  `json:"seen"`
}

// saveEvery is how far the file may be behind: each write costs the card some kB.
const saveEvery = time.Hour

// OpenPlaces reads the places from their file, which need not exist yet. A file that is not understood is set aside, and
// its trouble comes beside usable empty places: what ended meanwhile is then not sent, and can be asked for.
func OpenPlaces(file string) (*Places, error) {
	marks, err := statefile.Read[map[string]map[string]mark](file, nil)
	var damaged *statefile.Damaged
	if err != nil {
		err = fmt.Errorf("read places: %w", err)
		if !errors.As(err, &damaged) {
			return nil, err
		}
	}
	if marks == nil {
		marks = map[string]map[string]mark{}
	}
	return &Places{file: file, marks: marks, saved: time.Now()}, err
}

// Save brings the file up to date.
func (p *Places) Save() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.save()
}

func (p *Places) save() error {
	if p.file == "" || !p.stale {
		return nil
	}
	if err := statefile.Write(p.file, p.marks); err != nil {
		return fmt.Errorf("write places: %w", err)
	}
	p.saved, p.stale = time.Now(), false
	return nil
}

// Forget drops a place whose cursor is no more: who comes back begins with what comes then.
func (p *Places) Forget(place string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.marks[place]) == 0 {
		return nil
	}
	delete(p.marks, place)
	p.stale = true
	return p.save()
}

func (p *Places) mark(place, local string) (mark, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, known := p.marks[place][local]
	return m, known
}

// settle moves a place on. A mark that comes or goes is written at once: without, a cut would leave out what ends
// meanwhile, or bring back what was withheld.
func (p *Places) settle(place string, next map[string]mark, withheld []string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	marks, urgent := maps.Clone(p.marks[place]), false
	if marks == nil {
		marks = map[string]mark{}
	}
	for local, m := range next {
		urgent = urgent || marks[local].Resolution != m.Resolution
		p.stale = p.stale || marks[local] != m
		marks[local] = m
	}
	for _, local := range withheld {
		if _, was := marks[local]; was {
			urgent, p.stale = true, true
			delete(marks, local)
		}
	}
	p.marks[place] = marks
	if urgent || p.stale && time.Since(p.saved) > saveEvery {
		return p.save()
	}
	return nil
}
