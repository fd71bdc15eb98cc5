package federation

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"releve/buffer/statefile"
)

// Marks is how far the series of one supplier are had, kept in a file.
type Marks struct {
	file string

	mu    sync.Mutex // guards everything below
	marks map[string]time.Time
}

// OpenMarks reads marks from their file, which need not exist yet. A file that is not understood is set aside and a
// *statefile.Damaged returned beside usable empty marks: all is asked for again.
func OpenMarks(file string) (*Marks, error) {
	m := &Marks{file: file, marks: map[string]time.Time{}}
	kept, err := statefile.Read[map[string]time.Time](file, nil)
	maps.Copy(m.marks, kept)
	if err == nil {
		return m, nil
	}
	err = fmt.Errorf("read how far a source is had: %w", err)
	var damaged *statefile.Damaged
	if errors.As(err, &damaged) {
		return m, err
	}
	return nil, err
}

// At returns how far a series is had: everything before that. It is since for one that is new.
func (m *Marks) At(series string, since time.Time) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at, known := m.marks[series]; known {
		return at
	}
	return since
}

// Advance moves the mark of a series on, never back, and keeps it.
func (m *Marks) Advance(series string, to time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at, known := m.marks[series]; known && !to.After(at) {
		return nil
	}
	m.marks[series] = to
	if err := statefile.Write(m.file, m.marks); err != nil {
		return fmt.Errorf("write how far a source is had: %w", err)
	}
	return nil
}
