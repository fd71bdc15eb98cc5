package buffer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrInUse is under the error of Open when another process holds the folder.
var ErrInUse = errors.New("in use by another releve")

// dirLock is an exclusive flock on the folder itself. The kernel drops it with the process, so a killed agent
// leaves nothing to clean up, and it stays with the folder when that is renamed.
type dirLock struct{ folder *os.File }

// lockDir makes the folder if need be and locks it.
func lockDir(dir string) (*dirLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create buffer folder: %w", err)
	}
	folder, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("open buffer folder: %w", err)
	}
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		folder.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("buffer %s is %w%s; stop that one first", dir, ErrInUse, owner(dir))
		}
		return nil, fmt.Errorf("lock buffer %s: %w", dir, err)
	}
	pid := strconv.Itoa(os.Getpid()) + "\n"
	err = os.WriteFile(filepath.Join(dir, lockFile), []byte(pid), 0o640)
	if err != nil && !errors.Is(err, unix.ENOSPC) { // a full disk has an error of its own, see ErrFull
		folder.Close()
		return nil, fmt.Errorf("write to buffer %s: %w", dir, err)
	}
	return &dirLock{folder}, nil
}

// owner names the process which wrote LOCK, or nothing when that cannot be read.
func owner(dir string) string {
	data, err := os.ReadFile(filepath.Join(dir, lockFile))
	pid, bad := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil || bad != nil {
		return ""
	}
	return fmt.Sprintf(" (process %d)", pid)
}

// release gives the folder free. LOCK stays, so that no later owner's is removed. It does not leave unlocking to
// Close: a program just being started by another goroutine still shares the descriptor, and would hold the lock.
func (l *dirLock) release() error {
	err := errors.Join(unix.Flock(int(l.folder.Fd()), unix.LOCK_UN), l.folder.Close())
	if err != nil {
		return fmt.Errorf("unlock buffer: %w", err)
	}
	return nil
}
