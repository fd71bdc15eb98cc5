// Package statefile keeps small state in JSON files, one value a file.
//
// In: a value that encoding/json can write. Out: the same value after a restart, whatever happened in between. It is the
// one owner of such files, and does not know what they mean.
//
//   - A reader sees the value before or the value after, never a part; so does the next start after a kill or a power cut.
//   - What Write returned without an error survives a power cut, as far as fsync tells the truth.
//   - A damaged file is renamed and reported, never deleted or written over.
//   - Files are the household's: mode 0600. Errors repeat nothing of what is in them.
//
// Programs may write the same file at once: each write takes a flock on the folder.
package statefile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Damaged is under the error of Read for a file that was not understood and therefore set aside.
type Damaged struct {
	Aside  string // the file's new name
	Reason error
}

// Error says why, and where the file is now.
func (d *Damaged) Error() string {
	return fmt.Sprintf("%v; the file was set aside as %s", d.Reason, d.Aside)
}

// Unwrap returns the reason.
func (d *Damaged) Unwrap() error { return d.Reason }

// maxSize bounds a file, in bytes: a small thing that has grown so large is none.
const maxSize = 16 << 20

// Read returns the value of a file; the zero value of one that is not there. check, which may be nil, says why a value
// cannot be used; it must not repeat what is personal. A file that is not understood, or that check refuses, is set aside
// and a *Damaged is under the error: then, and only then, the caller can go on with the zero value.
func Read[T any](file string, check func(T) error) (T, error) {
	value, err := Look(file, check)
	var damage *damage
	if !errors.As(err, &damage) {
		return value, err
	}
	aside, err := SetAside(file, "damaged")
	if err != nil {
		return value, errors.Join(damage, err)
	}
	return value, &Damaged{Aside: aside, Reason: damage.reason}
}

// Look is Read that leaves a damaged file where it is, for who only wants to know.
func Look[T any](file string, check func(T) error) (T, error) {
	var value, none T
	text, err := read(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return none, nil
	case err != nil:
		return none, err
	}
	if err := decode(text, &value); err != nil {
		return none, &damage{err}
	}
	if check == nil {
		return value, nil
	}
	if err := check(value); err != nil {
		return none, &damage{err}
	}
	return value, nil
}

// damage is why a file is not understood.
type damage struct{ reason error }

func (d *damage) Error() string { return d.reason.Error() }

func (d *damage) Unwrap() error { return d.reason }

// read reads a file. In place of a pipe, which would never end, and of what is too long it returns what is no JSON.
func read(file string) ([]byte, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode(); !mode.IsRegular() && !mode.IsDir() || info.Size() > maxSize {
		return make([]byte, 1), nil
	}
	return io.ReadAll(f)
}

var errNotJSON = errors.New("it is not the JSON that belongs there")

// decode leaves out the reasons of encoding/json, which repeat values.
func decode(text []byte, into any) error {
	if json.Unmarshal(text, into) != nil {
		return errNotJSON
	}
	return nil
}

// Write puts a value in place of the one in the file, which need not exist yet; its folder must. What has failed has
// changed nothing.
func Write(file string, value any) error {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return inFolder(file, func() error {
		temporary := temporaryName(file)
		if err := writeWhole(temporary, append(text, '\n')); err != nil {
			return errors.Join(err, os.Remove(temporary))
		}
		return os.Rename(temporary, file)
	})
}

// temporaryName is always the same one for a file, so that kills leave one such file at most.
func temporaryName(file string) string {
	return filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".new")
}

// writeWhole writes a file and makes it durable.
func writeWhole(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Remove deletes a file that its owner needs no more; one that is not there is no error.
func Remove(file string) error {
	return inFolder(file, func() error {
		if err := os.Remove(file); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// SetAside renames a file to FILE.WHY-DATE, with a number behind when that exists, and returns the new name.
func SetAside(file, why string) (aside string, err error) {
	err = inFolder(file, func() error {
		base := file + "." + why + "-" + time.Now().UTC().Format("20060102T150405Z")
		aside = base
		for n := 2; ; n++ {
			if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
				return os.Rename(file, aside)
			}
			aside = fmt.Sprintf("%s-%d", base, n)
		}
	})
	if err != nil {
		return "", fmt.Errorf("set aside: %w", err)
	}
	return aside, nil
}

// inFolder changes the folder of a file, alone, and makes that durable.
func inFolder(file string, change func() error) error {
	folder, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", folder.Name(), err)
	}
	// A program just being started by another goroutine shares the descriptor: closing alone would not unlock.
	defer unix.Flock(int(folder.Fd()), unix.LOCK_UN)
	if err := change(); err != nil {
		return err
	}
	return folder.Sync()
}
