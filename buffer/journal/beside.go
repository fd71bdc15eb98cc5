package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Folder is where the journal of what has changed since a file was written is kept: sent for sent.json.
func Folder(file string) string { return strings.TrimSuffix(file, filepath.Ext(file)) }

// Beside opens the journal beside a file, in Folder(file), and begins it anew once nothing in it is needed any more: keep is
// given the entries, as Entries returns them, and makes the file say what they do. After an error of it they are still there.
func Beside(file string, keep func(entries [][]byte) error) (*Journal, error) {
	if err := os.MkdirAll(Folder(file), 0o700); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j, err := Open(Folder(file))
	if err != nil {
		return nil, err
	}
	entries, _, err := j.Entries() // damage hides the latest at worst
	if err == nil {
		err = keep(entries)
	}
	if err == nil {
		err = j.Begin()
	}
	if err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}
