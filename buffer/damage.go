package buffer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// ErrNewer is under the error of Open when a later version of this program wrote the store.
var ErrNewer = errors.New("written by a newer version of releve")

// ErrDamaged is under the error of Open for a damaged store which it was told to keep.
var ErrDamaged = errors.New("damaged store")

// damage is an error of the stored bytes themselves, in contrast to one of permission, room or memory.
type damage struct{ err error }

// Error implements error.
func (d *damage) Error() string { return ErrDamaged.Error() + ": " + d.err.Error() }

// Unwrap returns what it is and the cause.
func (d *damage) Unwrap() []error { return []error{ErrDamaged, d.err} }

// openBadger opens the database and tells damage from other trouble.
func openBadger(o Options) (db *badger.DB, err error) {
	err = guarded(func() (err error) {
		db, err = badger.Open(tuned(o.Dir, o.Log))
		return err
	})
	if err == nil {
		return db, nil
	}
	if isTrouble(err) {
		return nil, fmt.Errorf("open buffer %s: %w", o.Dir, err)
	}
	return nil, &damage{err}
}

// isTrouble tells whether the machine is at fault rather than the bytes: no permission, no room, no memory, no
// descriptors, a file system that has become read-only.
func isTrouble(err error) bool {
	for _, cause := range []error{
		fs.ErrPermission, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE,
	} {
		if errors.Is(err, cause) || strings.Contains(err.Error(), cause.Error()) { // Badger does not always wrap
			return true
		}
	}
	return false
}

// setAside renames dir to a name with the date, and returns that.
func setAside(dir string, now time.Time) (string, error) {
	aside := asideName(dir, now)
	if err := os.Rename(dir, aside); err != nil {
		return "", fmt.Errorf("set damaged buffer aside: %w", err)
	}
	return aside, nil
}

// asideName is DIR.damaged-DATE, with a number behind when that exists.
func asideName(dir string, now time.Time) string {
	base := dir + ".damaged-" + now.UTC().Format("20060102T150405Z")
	aside := base
	for n := 2; ; n++ {
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			return aside
		}
		aside = fmt.Sprintf("%s-%d", base, n)
	}
}
