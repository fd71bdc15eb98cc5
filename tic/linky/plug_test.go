//go:build linux

package linky

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"releve/tic"
)

// setSpeed is what a program does to a port that it opened.
func setSpeed(t *testing.T, f *os.File, baud uint32) {
	t.Helper()
	err := control(f, func(fd int) error {
		speeds, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
		if err != nil {
			return err
		}
		speeds.Cflag = speeds.Cflag&^unix.CBAUD | unix.BOTHER
		speeds.Ispeed, speeds.Ospeed = baud, baud
		return unix.IoctlSetTermios(fd, unix.TCSETS2, speeds)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestBaud holds that the pseudo-terminal knows what speed its reader set.
func TestBaud(t *testing.T) {
	t.Parallel()
	p := openPTY(t, "")
	if got := p.Baud(); got != 38400 {
		t.Errorf("%d Bd before anybody set it, want 38400", got)
	}
	f := reader(t, p.Path())
	for _, baud := range []uint32{1200, 9600} {
		setSpeed(t, f, baud)
		if got := p.Baud(); got != int64(baud) {
			t.Errorf("%d Bd, want %d", got, baud)
		}
	}
}

// TestWrongSpeed runs a meter into readers at both speeds: the one at the meter's hears frames, the other one garbage.
func TestWrongSpeed(t *testing.T) {
	t.Parallel()
	for mode, frame := range map[tic.Mode]int{tic.Standard: 865, tic.Historic: 152} {
		for _, baud := range []uint32{1200, 9600} {
			p := openPTY(t, "")
			f := reader(t, p.Path())
			setSpeed(t, f, baud)
			m, err := New(Scenario{Mode: mode})
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Run(t.Context(), p, Pace{Max: true, Frames: 2, Parity: true}); err != nil {
				t.Fatal(err)
			}
			size := 2 * frame
			right := baud == uint32(baudOf(mode))
			if !right {
				size = 40 // of the garbage
			}
			d := tic.NewDecoder(tic.Auto, func(*tic.Frame) {})
			if _, err := d.Write([]byte(read(t, f, size))); err != nil {
				t.Fatal(err)
			}
			if c := d.Counters(); (c.Frames == 2) != right || (c.Groups == 0) == right {
				t.Errorf("%v at %d Bd: %d frames, %d groups", mode, baud, c.Frames, c.Groups)
			}
		}
	}
}

// TestUnplug takes the device away and brings it back: its reader sees the end of the line, the link goes and comes, and
// whoever opens it again hears the meter.
func TestUnplug(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "linky")
	p := openPTY(t, link)
	f := reader(t, link)
	write(t, p, "before")
	if got := read(t, f, 6); got != "before" {
		t.Errorf("read %q", got)
	}
	for range 2 { // the second time there is nothing to do
		if err := p.Unplug(); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := f.Read(make([]byte, 8)); err == nil {
		t.Errorf("read %d bytes of a port that is gone", n)
	}
	write(t, p, "unheard")
	if _, err := os.Lstat(link); !errors.Is(err, os.ErrNotExist) || p.Baud() != 0 {
		t.Errorf("the link is still there: %v; %d Bd", err, p.Baud())
	}
	for range 2 {
		if err := p.Plug(); err != nil {
			t.Fatal(err)
		}
	}
	again := reader(t, link)
	write(t, p, "after")
	if got := read(t, again, 5); got != "after" {
		t.Errorf("read %q, want what was said after the port came back", got)
	}
}

// TestUnplugThenClose ends a meter whose plug is out.
func TestUnplugThenClose(t *testing.T) {
	t.Parallel()
	p := openPTY(t, filepath.Join(t.TempDir(), "linky"))
	if err := errors.Join(p.Unplug(), p.Close(), p.Plug(), p.Unplug(), p.Close()); err != nil {
		t.Error(err)
	}
}

// TestPlugInTheWay finds something at the place of the link.
func TestPlugInTheWay(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "linky")
	p := openPTY(t, link)
	if err := p.Unplug(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(link, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Plug(); err == nil || !strings.HasPrefix(err.Error(), "make link "+link+": something that is not a symbolic link is there") {
		t.Errorf("error %v", err)
	}
}

// TestRunUnplugs plays a window without a plug: the port vanishes and returns, and frames are heard before and after.
func TestRunUnplugs(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "linky")
	p := openPTY(t, link)
	m, err := New(Scenario{Damage: []Damage{{Kind: Unplug, Rate: 1, From: 2 * time.Second, To: 4 * time.Second}}})
	if err != nil {
		t.Fatal(err)
	}
	play := func(frames int) {
		t.Helper()
		if err := m.Run(t.Context(), p, Pace{Max: true, Frames: frames}); err != nil {
			t.Fatal(err)
		}
	}
	frames := func() {
		t.Helper()
		if got := read(t, reader(t, link), 2*865); got[0] != startOfText || got[865] != startOfText {
			t.Errorf("read %q, want two frames", got)
		}
	}
	play(2)
	frames()
	play(3) // the last two begin in the window
	if _, err := os.Lstat(link); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link is there while the plug is out: %v", err)
	}
	play(2)
	frames()
}
