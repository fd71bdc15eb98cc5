//go:build linux

package linky

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"releve/tic"
)

// openPTY opens one that the test closes at its end.
func openPTY(t *testing.T, link string) *PTY {
	t.Helper()
	p, err := OpenPTY(link)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// reader opens the device as a program would; a test that waits for bytes that never come fails after a minute.
func reader(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if err := f.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return f
}

// read reads exactly n bytes.
func read(t *testing.T, f *os.File, n int) string {
	t.Helper()
	got := make([]byte, n)
	if n, err := io.ReadFull(f, got); err != nil {
		t.Fatalf("%d bytes, then %v", n, err)
	}
	return string(got)
}

// write offers a line, which must be taken whole.
func write(t *testing.T, p *PTY, line string) {
	t.Helper()
	if n, err := p.Write([]byte(line)); n != len(line) || err != nil {
		t.Fatalf("wrote %d bytes of %d: %v", n, len(line), err)
	}
}

// settle waits until n bytes lie ready for a reader, for the kernel hands them over in the background.
func settle(t *testing.T, p *PTY, n int) {
	t.Helper()
	err := control(p.slave, func(fd int) error {
		for {
			if unread, err := unix.IoctlGetInt(fd, unix.TIOCINQ); err != nil || unread >= n {
				return err
			}
			if _, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1); err != nil && !errors.Is(err, unix.EINTR) {
				return err
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPTYRoundTrip runs a meter into a pseudo-terminal and decodes what a program reads through the link.
func TestPTYRoundTrip(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "linky")
	p := openPTY(t, link)
	m, err := New(Scenario{})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Run(t.Context(), p, Pace{Max: true, Frames: 3, Parity: true}); err != nil {
		t.Fatal(err)
	}
	raw := read(t, reader(t, link), 3*865)
	frames := 0
	d := tic.NewDecoder(tic.Standard, func(f *tic.Frame) {
		if f.Complete && f.Rejected == 0 {
			frames++
		}
	})
	if _, err := d.Write([]byte(raw)); err != nil {
		t.Fatal(err)
	}
	if frames != 3 || p.Dropped() != 0 {
		t.Errorf("%d whole frames and %d bytes dropped, want 3 and 0", frames, p.Dropped())
	}
}

// TestPTYIsRaw sends every byte there is: none may be translated, echoed or taken for a signal.
func TestPTYIsRaw(t *testing.T) {
	t.Parallel()
	p := openPTY(t, "")
	var all [256]byte
	for i := range all {
		all[i] = byte(i)
	}
	write(t, p, string(all[:]))
	if got := read(t, reader(t, p.Path()), len(all)); got != string(all[:]) {
		t.Errorf("read %q, want each byte once and unchanged", got)
	}
}

// TestPTYReaderComesBack closes a reader and opens another: no end of file, no error, on either side.
func TestPTYReaderComesBack(t *testing.T) {
	t.Parallel()
	p := openPTY(t, "")
	for _, line := range []string{"first", "second", "third"} {
		f := reader(t, p.Path())
		write(t, p, line)
		if got := read(t, f, len(line)); got != line {
			t.Errorf("read %q, want %q", got, line)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPTYForgets lets a meter talk for a minute of a fake clock while nobody reads: whoever comes then must hear
// nothing that is older than two seconds, and the rest must be counted.
func TestPTYForgets(t *testing.T) {
	t.Parallel()
	p := openPTY(t, "")
	clock := time.Unix(1_000_000, 0)
	p.now = func() time.Time { return clock }

	const end = 1_000_060
	written := 0
	for clock.Unix() < end {
		line := fmt.Sprintf("%07d ", clock.Unix())
		write(t, p, line)
		written += len(line)
		settle(t, p, written-int(p.Dropped()))
		clock = clock.Add(100 * time.Millisecond)
	}
	left := read(t, reader(t, p.Path()), written-int(p.Dropped()))
	if left[:7] < fmt.Sprint(end-3) || left[len(left)-8:] != fmt.Sprint(end-1)+" " {
		t.Errorf("at second %d the reader hears %q, want the last two seconds at most", end, left)
	}
}

// TestPTYKeepsForReader empties the queue every second and a half of a fake clock: a slow reader loses nothing.
func TestPTYKeepsForReader(t *testing.T) {
	t.Parallel()
	p := openPTY(t, "")
	clock := time.Unix(0, 0)
	p.now = func() time.Time { return clock }

	f := reader(t, p.Path())
	for range 20 {
		for range 15 {
			write(t, p, "0123456789")
			clock = clock.Add(100 * time.Millisecond)
		}
		if got, want := read(t, f, 150), strings.Repeat("0123456789", 15); got != want {
			t.Fatalf("read %q, want %q", got, want)
		}
	}
	if p.Dropped() != 0 {
		t.Errorf("%d bytes dropped, want none", p.Dropped())
	}
}

// TestPTYEndsExclusiveUse kills a reader that had the device for itself: the next one must be let in.
func TestPTYEndsExclusiveUse(t *testing.T) {
	t.Parallel()
	p := openPTY(t, "")
	clock := time.Unix(0, 0)
	p.now = func() time.Time { return clock }

	f := reader(t, p.Path())
	if err := control(f, func(fd int) error { return unix.IoctlSetInt(fd, unix.TIOCEXCL, 0) }); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, p, "nobody")
	settle(t, p, 6)
	write(t, p, "reads")
	if !exclusive(t, p) {
		t.Fatal("exclusive use ended by itself: this test holds nothing")
	}
	clock = clock.Add(3 * time.Second)
	write(t, p, "this")
	if exclusive(t, p) {
		t.Error("the device still belongs to a reader who went away")
	}
}

func exclusive(t *testing.T, p *PTY) (is bool) {
	t.Helper()
	err := control(p.slave, func(fd int) error {
		n, err := unix.IoctlGetInt(fd, unix.TIOCGEXCL)
		is = n != 0
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return is
}

// TestPTYNeverBlocks writes a megabyte that nobody reads.
func TestPTYNeverBlocks(t *testing.T) {
	t.Parallel()
	p := openPTY(t, "")
	line := string(bytes.Repeat([]byte("x"), 1024))
	for range 1024 {
		write(t, p, line)
	}
	if p.Dropped() < 512*1024 {
		t.Errorf("%d bytes of a megabyte dropped, want most of them", p.Dropped())
	}
}

// TestPTYHasNoEars lets a reader talk: it must never block, and must not hear itself.
func TestPTYHasNoEars(t *testing.T) {
	t.Parallel()
	p := openPTY(t, "")
	f := reader(t, p.Path())
	said := bytes.Repeat([]byte("hello"), 200)
	for range 300 {
		if _, err := f.Write(said); err != nil {
			t.Fatal(err)
		}
		write(t, p, "")
	}
	write(t, p, "meter")
	if got := read(t, f, 5); got != "meter" {
		t.Errorf("read %q, want what the meter says", got)
	}
}

func TestPTYLink(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	link := filepath.Join(folder, "linky")
	if err := os.Symlink("/nowhere", link); err != nil {
		t.Fatal(err)
	}
	p := openPTY(t, link)
	if target, err := os.Readlink(link); err != nil || target != p.Path() {
		t.Errorf("the link leads to %q (%v), want %q", target, err, p.Path())
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(link); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link is still there after Close: %v", err)
	}
	if _, err := p.Write([]byte("late")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("write after Close: %v, want %v", err, os.ErrClosed)
	}
}

// TestPTYLinkInUse holds that a second meter cannot take the link of one that plays, and that a link which was given
// to another meanwhile stays when the first ends.
func TestPTYLinkInUse(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "linky")
	first := openPTY(t, link)
	want := "make link " + link + ": another meter plays there; end it, remove the link or choose another path"
	if second, err := OpenPTY(link); err == nil || err.Error() != want || second != nil {
		t.Errorf("error %v, want %s", err, want)
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	second := openPTY(t, link)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if target, err := os.Readlink(link); err != nil || target != second.Path() {
		t.Errorf("the link leads to %q (%v), want %q", target, err, second.Path())
	}
}

func TestPTYLinkErrors(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ link, err string }{
		{file, "make link " + file + ": something that is not a symbolic link is there; move it away or choose another path"},
		{folder, "make link " + folder + ": something that is not a symbolic link is there; move it away or choose another path"},
		{file + "/below", "look at link: lstat " + file + "/below: not a directory"},
	}
	for _, test := range tests {
		p, err := OpenPTY(test.link)
		if err == nil || err.Error() != test.err || p != nil {
			t.Errorf("error %v, want %s", err, test.err)
		}
	}
	if content, err := os.ReadFile(file); err != nil || string(content) != "precious" {
		t.Errorf("the file holds %q (%v), want it untouched", content, err)
	}
	if p, err := OpenPTY(filepath.Join(folder, "missing", "linky")); !errors.Is(err, os.ErrNotExist) || p != nil {
		t.Errorf("link in a missing folder: %v, want %v", err, os.ErrNotExist)
	}
}
