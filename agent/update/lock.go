package update

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// otherVersion is one that somebody else, such as apt, has installed meanwhile: it stays.
type otherVersion string

// Error implements error.
func (v otherVersion) Error() string { return "version " + string(v) + " was installed meanwhile" }

// lock waits until no other program installs anything, as apt does daily, and keeps all from it until it is closed: the lock
// of frontends, which dpkg is told of (DPKG_FRONTEND_LOCKED), beside its list.
func (i Installer) lock(ctx context.Context) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Join(filepath.Dir(i.Status), "lock-frontend"), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, err
	}
	for told := false; ; told = true {
		err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
		if err == nil {
			return f, nil
		}
		if err != unix.EAGAIN && err != unix.EACCES {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		if !told {
			fmt.Fprintln(i.Out, "another program installs something: waiting for it to end")
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(i.Look):
		}
	}
}
