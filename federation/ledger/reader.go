package ledger

import (
	"os"
	"path/filepath"
	"sync"
)

// mostKept is how many entries a reader keeps in memory: some hundred bytes each.
const mostKept = 20_000

// Reader takes a ledger that is looked at again and again, and reads it anew only when its file has changed.
type Reader struct {
	dir string // set once

	mu   sync.Mutex // guards everything below
	file os.FileInfo
	last *Snapshot // nil when nothing is kept
}

// NewReader reads the ledger of a folder.
func NewReader(dir string) *Reader { return &Reader{dir: dir} }

// Take returns the ledger as it is. Its error is that of [Take].
func (r *Reader) Take() (*Snapshot, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	file, err := os.Stat(filepath.Join(r.dir, entriesFile)) // before it is read: what comes meanwhile has it read again
	if err == nil && r.last != nil && isUnchanged(r.file, file) {
		return r.last, nil
	}
	s, err := Take(r.dir)
	if r.last = nil; err != nil {
		return nil, err
	}
	if len(s.lines) <= mostKept {
		r.file, r.last = file, s
	}
	return s, nil
}

// isUnchanged tells that a file is the same and was not written: entries are appended, and an erasure puts another file in place.
func isUnchanged(before, now os.FileInfo) bool {
	return os.SameFile(before, now) && before.Size() == now.Size() && before.ModTime().Equal(now.ModTime())
}
