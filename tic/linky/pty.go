//go:build linux

package linky

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/creack/pty"
	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// PTY is a pseudo-terminal that stands for a serial port with a meter on it: programs open Path and read.
// Like the line of a real meter it never waits for a reader: what nobody reads is lost, and counted.
type PTY struct {
	link    string // "" when there is none
	now     func() time.Time
	dropped atomic.Uint64

	mu     sync.Mutex // guards everything below
	closed bool
	out    bool   // unplugged
	path   string // of the slave
	master *os.File
	slave  *os.File  // held open, so that a reader may come and go without an end of file
	total  int64     // bytes that went in
	mark   int64     // total at the instant of marked
	marked time.Time // replaced when the bytes up to mark are read, or thrown away
}

var (
	_ io.WriteCloser = (*PTY)(nil)
	_ Receiver       = (*PTY)(nil)
)

// stale is the age beyond which unread bytes are thrown away. At 9600 Bd it is half of what a serial driver would keep.
const stale = 2 * time.Second

// OpenPTY opens a pseudo-terminal in raw mode and makes link a symbolic link to it; with an empty link there is
// only Path. A symbolic link that is already there is replaced; anything else is left alone, with an error.
func OpenPTY(link string) (*PTY, error) {
	if err := checkLink(link); err != nil {
		return nil, err
	}
	p := &PTY{link: link, now: time.Now}
	if err := p.open(); err != nil {
		return nil, err
	}
	return p, nil
}

// open makes the pseudo-terminal and its link, or neither.
func (p *PTY) open() error {
	master, slave, err := pty.Open()
	if err != nil {
		return fmt.Errorf("open pseudo-terminal: %w", err)
	}
	p.path, p.master, p.slave = slave.Name(), master, slave
	p.total, p.mark, p.marked = 0, 0, time.Time{}
	if err := p.prepare(); err != nil {
		return errors.Join(err, p.hangUp())
	}
	return nil
}

// checkLink refuses to put a link in the place of something that is not one.
func checkLink(link string) error {
	if link == "" {
		return nil
	}
	info, err := os.Lstat(link)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil && info.Mode()&os.ModeSymlink != 0 {
		return checkTarget(link)
	}
	if err != nil {
		return fmt.Errorf("look at link: %w", err)
	}
	return fmt.Errorf("make link %s: something that is not a symbolic link is there; move it away or choose another path", link)
}

// checkTarget refuses a link that leads to a terminal: another meter plays there. One left over by a meter that was
// killed leads nowhere.
func checkTarget(link string) error {
	info, err := os.Stat(link)
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return fmt.Errorf("make link %s: another meter plays there; end it, remove the link or choose another path", link)
}

// prepare sets raw mode and a non-blocking master, and makes the link.
func (p *PTY) prepare() error {
	if err := control(p.slave, makeRaw); err != nil {
		return fmt.Errorf("set raw mode on %s: %w", p.path, err)
	}
	if err := control(p.master, func(fd int) error { return unix.SetNonblock(fd, true) }); err != nil {
		return fmt.Errorf("set non-blocking mode on %s: %w", p.path, err)
	}
	if p.link == "" {
		return nil
	}
	if err := renameio.Symlink(p.path, p.link); err != nil {
		return fmt.Errorf("make link %s: %w", p.link, err)
	}
	return nil
}

// makeRaw is cfmakeraw(3): no echo, no signals, no translation of CR, eight bits.
func makeRaw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

// control runs f with the descriptor of a file, which stays open meanwhile.
func control(file *os.File, f func(fd int) error) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = f(int(fd)) }); err != nil {
		return err
	}
	return inner
}

// Path is the device that readers open. It may be another one after Unplug and Plug; the link follows.
func (p *PTY) Path() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.path
}

// Dropped is the number of bytes that nobody read in time.
func (p *PTY) Dropped() uint64 { return p.dropped.Load() }

// Write offers bytes to whoever reads. It never blocks and always takes all of line; what finds no room is dropped,
// and so is what was left unread for two seconds, so that a reader who comes back hears the present.
// The only error is that of a closed PTY.
func (p *PTY) Write(line []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, fmt.Errorf("write to %s: %w", p.path, os.ErrClosed)
	}
	if p.out {
		return len(line), nil
	}
	p.ignoreInput()
	if err := p.forgetStale(); err != nil {
		return 0, fmt.Errorf("write to %s: %w", p.path, err)
	}
	written := 0
	err := control(p.master, func(fd int) (err error) {
		written, err = unix.Write(fd, line)
		return err
	})
	if err != nil && !errors.Is(err, unix.EAGAIN) {
		return 0, fmt.Errorf("write to %s: %w", p.path, err)
	}
	written = max(written, 0)
	p.total += int64(written)
	p.dropped.Add(uint64(len(line) - written))
	return len(line), nil
}

// forgetStale throws away what waits to be read when the oldest of it has waited too long. The kernel hands bytes over
// in the background, so some may not be counted as unread yet; that puts the age off a little and no more.
func (p *PTY) forgetStale() error {
	var unread int
	err := control(p.slave, func(fd int) (err error) {
		unread, err = unix.IoctlGetInt(fd, unix.TIOCINQ)
		return err
	})
	if err != nil {
		return err
	}
	now := p.now()
	if p.total-int64(unread) >= p.mark {
		p.mark, p.marked = p.total, now
	}
	if now.Sub(p.marked) < stale {
		return nil
	}
	p.mark, p.marked = p.total, now
	p.dropped.Add(uint64(unread))
	return control(p.slave, release)
}

// release empties the queue of a reader who went away, and gives up the exclusive use that a killed reader leaves
// behind: the kernel ends it with the last descriptor, and ours stays open.
func release(fd int) error {
	if err := unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH); err != nil {
		return err
	}
	return unix.IoctlSetInt(fd, unix.TIOCNXCL, 0)
}

// ignoreInput throws away what a reader sent: a meter has no ears, and a full queue would block the reader.
func (p *PTY) ignoreInput() {
	var said [256]byte
	_ = control(p.master, func(fd int) error {
		for {
			if n, err := unix.Read(fd, said[:]); n <= 0 || err != nil {
				return err
			}
		}
	})
}

// Close removes the link, if it still points here, and closes the pseudo-terminal. Its readers see the end of the line.
// Closing again does nothing.
func (p *PTY) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	if p.out {
		return nil
	}
	return p.hangUp()
}

// hangUp removes the link and closes both ends.
func (p *PTY) hangUp() error {
	err := p.unlink()
	return errors.Join(err, p.master.Close(), p.slave.Close())
}

// unlink removes the link unless another meter took it over.
func (p *PTY) unlink() error {
	if p.link == "" {
		return nil
	}
	if target, err := os.Readlink(p.link); err != nil || target != p.path {
		return nil
	}
	if err := os.Remove(p.link); err != nil {
		return fmt.Errorf("remove link: %w", err)
	}
	return nil
}
