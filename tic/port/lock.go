package port

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// lock keeps other copies of Relève, and other programs that use flock, off a device. The driver's own exclusive mode,
// which the serial package sets as well, does not keep root out.
type lock struct{ fd int }

// maxDescriptor is what select, which the serial package waits with, can name. Above it the package would panic.
const maxDescriptor = unix.FD_SETSIZE - 8

// errBusy tells that somebody else has the port; who is looked up once ours is closed.
var errBusy = errors.New("port in use")

// take locks a device, or tells why it cannot be had.
func take(m Machine, name string) (lock, error) {
	l, err := grab(name)
	if errors.Is(err, errBusy) {
		err = m.errInUse(name)
	}
	return l, err
}

func grab(name string) (lock, error) {
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.EBUSY):
		return lock{}, errBusy
	case errors.Is(err, unix.EACCES):
		return lock{}, fmt.Errorf("open port %s: permission denied: add the user to the device's group, usually dialout", name)
	case errors.Is(err, unix.EIO), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		return lock{}, absent{fmt.Errorf("open port %s: nothing is connected to it", name)}
	case err != nil:
		return lock{}, fmt.Errorf("open port %s: %w", name, err)
	}
	l := lock{fd: fd}
	if err := l.check(name); err != nil {
		l.release()
		return lock{}, err
	}
	return l, nil
}

func (l lock) check(name string) error {
	if l.fd > maxDescriptor {
		return fmt.Errorf("open port %s: the program has too many files open (%d)", name, l.fd)
	}
	err := unix.Flock(l.fd, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errBusy
	}
	if err != nil {
		return fmt.Errorf("lock port %s: %w", name, err)
	}
	return nil
}

// share takes the exclusive mode off a pseudo-terminal. There it outlives a reader that was killed, for as long as the
// other end is open, and would keep the next reader out; a real line forgets it when it is closed.
func (l lock) share() error {
	var st unix.Stat_t
	if err := unix.Fstat(l.fd, &st); err != nil {
		return fmt.Errorf("look at the device: %w", err)
	}
	if major := unix.Major(uint64(st.Rdev)); major < firstPty || major > lastPty {
		return nil
	}
	return unix.IoctlSetInt(l.fd, unix.TIOCNXCL, 0)
}

// The major numbers of pseudo-terminals on Linux, Documentation/admin-guide/devices.txt.
const (
	firstPty = 136
	lastPty  = 143
)

func (l lock) release() {
	unix.Close(l.fd) // nothing was written, and nothing can be done about it
}
