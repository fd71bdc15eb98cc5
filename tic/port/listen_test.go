package port_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"releve/tic"
	"releve/tic/port"
)

var (
	historicLabels = []string{"ADCO", "PTEC", "PAPP"}
	standardLabels = []string{"VTIC", "EAST", "SINSTS"}
)

func TestListenDevice(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		mode  tic.Mode
		raw   string
		speed int
		want  []string
	}{
		{"standard", tic.Standard, standard, 9600, standardLabels},
		{"historic", tic.Historic, historic, 1200, historicLabels},
		{"auto", tic.Auto, standard, 9600, standardLabels},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			meter, name := terminal(t)
			l := listen(t, port.Config{Name: name, Mode: test.mode}, nil)
			if diff := cmp.Diff(port.State{Open: true, Device: name, Speed: test.speed}, l.opened()); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
			send(t, meter, test.raw)
			if diff := cmp.Diff(test.want, next(t, "frame", l.frames)); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
			l.end()
			if err := l.closed(); err != nil {
				t.Errorf("last state: %v, want closed without an error", err)
			}
		})
	}
}

// A terminal in its usual mode would end a line at CR, take ETX for an interrupt and EOT for the end of the file.
func TestListenSetsRawMode(t *testing.T) {
	t.Parallel()
	meter, name := terminal(t)
	l := listen(t, port.Config{Name: name}, nil)
	l.opened()
	send(t, meter, "\x04"+standard+"\x04\x11\x13"+standard)
	for range 2 {
		if diff := cmp.Diff(standardLabels, next(t, "frame", l.frames)); diff != "" {
			t.Errorf("labels (-want +got):\n%s", diff)
		}
	}
	l.end()
}

func TestListenFindsSpeed(t *testing.T) {
	t.Parallel()
	meter, name := terminal(t)
	// The meter is heard at 1200 Bd only, and only the first time: then it changes mode.
	heard := false
	l := listen(t, port.Config{Name: name, Probe: time.Millisecond, Quiet: time.Millisecond}, func(s port.State) {
		if s.Speed == 1200 && !heard {
			heard = true
			send(t, meter, historic)
		}
	})
	for _, want := range []int{9600, 1200} {
		if got := l.opened().Speed; got != want {
			t.Fatalf("speed is %d, want %d", got, want)
		}
	}
	if diff := cmp.Diff(historicLabels, next(t, "frame", l.frames)); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if got := l.opened().Speed; got != 9600 {
		t.Errorf("speed after the line went quiet is %d, want 9600", got)
	}
	l.end()
}

func TestListenReopens(t *testing.T) {
	t.Parallel()
	meter, first := terminal(t)
	name := filepath.Join(t.TempDir(), "linky") // as /dev/serial/by-id, whose target changes
	link(t, first, name)
	l := listen(t, port.Config{Name: name, Mode: tic.Standard}, nil)
	l.opened()
	send(t, meter, standard+standard[:len(standard)/2])
	next(t, "frame", l.frames)

	if err := meter.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := l.closed().Error(), "read port "+name+": it was unplugged"; got != want {
		t.Errorf("error is %q, want %q", got, want)
	}
	// The half frame before the break must not be completed by the half after it.
	if diff := cmp.Diff([]string{"VTIC"}, next(t, "frame", l.frames)); diff != "" {
		t.Errorf("labels before the break (-want +got):\n%s", diff)
	}
	meter, second := terminal(t)
	link(t, second, name)
	l.opened()
	send(t, meter, standard)
	if diff := cmp.Diff(standardLabels, next(t, "frame", l.frames)); diff != "" {
		t.Errorf("labels after the break (-want +got):\n%s", diff)
	}
	l.end()
}

// link points a name at a device, and at another one later, at once.
func link(t *testing.T, device, name string) {
	t.Helper()
	if err := os.Symlink(device, name+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

func TestListenWaitsForLock(t *testing.T) {
	t.Parallel()
	meter, name := terminal(t)
	holder, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	if err := unix.Flock(int(holder.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	l := listen(t, port.Config{Name: name}, nil)
	if got, want := l.closed().Error(), "port "+name+" is read by this program already: give each meter a port of its own"; got != want {
		t.Errorf("error is %q, want %q", got, want)
	}
	if err := unix.Flock(int(holder.Fd()), unix.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	l.opened()
	if err := unix.Flock(int(holder.Fd()), unix.LOCK_EX|unix.LOCK_NB); !errors.Is(err, unix.EWOULDBLOCK) {
		t.Errorf("lock of an open port: %v, want it refused", err)
	}
	send(t, meter, standard)
	next(t, "frame", l.frames)
	l.end()
	if err := unix.Flock(int(holder.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		t.Errorf("lock after the end: %v", err)
	}
}

// On a pseudo-terminal the exclusive mode would outlive a reader that was killed.
func TestListenLeavesTerminalShared(t *testing.T) {
	t.Parallel()
	_, name := terminal(t)
	l := listen(t, port.Config{Name: name}, nil)
	l.opened()
	other, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	exclusive, err := unix.IoctlGetInt(int(other.Fd()), unix.TIOCGEXCL)
	if err != nil {
		t.Fatal(err)
	}
	if exclusive != 0 {
		t.Error("the terminal is in exclusive mode")
	}
	l.end()
}

func TestListenTCP(t *testing.T) {
	t.Parallel()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	name := "tcp://" + server.Addr().String()
	l := listen(t, port.Config{Name: name}, nil)
	for range 2 {
		c, err := server.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(port.State{Open: true, Device: name}, l.opened()); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
		if _, err := io.WriteString(c, historic); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(historicLabels, next(t, "frame", l.frames)); diff != "" {
			t.Errorf("labels (-want +got):\n%s", diff)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if got, want := l.closed().Error(), "read port "+name+": the other end closed the connection"; got != want {
			t.Errorf("error is %q, want %q", got, want)
		}
	}
	l.end()
}

func TestListenFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "recording")
	if err := os.WriteFile(name, []byte(strings.Repeat(standard, 500)+historic[:len(historic)-1]), 0o600); err != nil {
		t.Fatal(err)
	}
	l := listen(t, port.Config{Name: name}, nil)
	if err := next(t, "end", l.done); err != nil {
		t.Errorf("Listen: %v, want nil at the end of a file", err)
	}
	if got := len(l.frames); got != 501 {
		t.Fatalf("%d frames, want 501, the last of them cut", got)
	}
	var last []string
	for range 501 {
		last = <-l.frames
	}
	if diff := cmp.Diff(historicLabels, last); diff != "" {
		t.Errorf("labels of the cut frame (-want +got):\n%s", diff)
	}
	want := []port.State{{Open: true}, {Open: true, Mode: tic.Standard}, {}}
	if diff := cmp.Diff(want, []port.State{<-l.states, <-l.states, <-l.states}); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestListenRefusesName(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, test := range []struct{ name, port, err string }{
		{"none", "", "open port: no name: give auto, a device such as /dev/ttyUSB0, tcp://host:port, rfc2217://host:port or a file"},
		{"other scheme", "telnet://a:1", `open port telnet://a:1: scheme "telnet" is not supported: use tcp://host:port or rfc2217://host:port`},
		{"no remote port", "rfc2217://box", "open port rfc2217://box: address box: missing port in address: write it as rfc2217://host:port"},
		{"no tcp port", "tcp://localhost", "open port tcp://localhost: address localhost: missing port in address: write it as tcp://host:port"},
		{"folder", folder, "open port " + folder + ": it is neither a serial device nor a regular file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := listen(t, port.Config{Name: test.port}, nil)
			err := next(t, "end", l.done)
			if err == nil || err.Error() != test.err {
				t.Errorf("Listen: %v\nwant:   %s", err, test.err)
			}
		})
	}
}

func TestListenRetries(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "ttyUSB0")
	for _, test := range []struct{ name, port, err string }{
		{"missing", missing, "open port " + missing + ": there is no such device: plug the adapter in or correct the name"},
		{"no serial line", "/dev/null", "open port /dev/null: it is not a serial line"},
		{"nobody answers", "tcp://127.0.0.1:1", "open port tcp://127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := listen(t, port.Config{Name: test.port}, nil)
			for range 2 {
				if err := l.closed(); err == nil || err.Error() != test.err {
					t.Errorf("state: %v\nwant:  %s", err, test.err)
				}
			}
			l.end()
		})
	}
}

func TestListenLogsOnce(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer // Listen writes it, and it is read after the end
	log := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "retry_in" {
			return slog.Attr{}
		}
		return a
	}}))
	l := listen(t, port.Config{Name: "/dev/null", Log: log, Retry: time.Hour}, nil)
	if err := l.closed(); err == nil {
		t.Error("/dev/null was opened as a serial line")
	}
	l.end()
	want := `level=WARN msg="port not open" port=/dev/null error="open port /dev/null: it is not a serial line"` + "\n"
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestListenEndsBeforeItBegins(t *testing.T) {
	t.Parallel()
	_, name := terminal(t)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	var states []port.State
	say := func(s port.State) { states = append(states, s) }
	if err := port.Listen(ctx, port.Config{Name: name, State: say}, tic.NewDecoder(tic.Auto, nil)); err != nil {
		t.Errorf("Listen: %v, want nil", err)
	}
	if diff := cmp.Diff([]port.State{{}}, states); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

// full is a line that takes nothing.
type full struct{ tic.Decoder }

var errFull = errors.New("no room left")

func (*full) Write([]byte) (int, error) { return 0, errFull }

func TestListenStopsWhenLineRefuses(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "recording")
	if err := os.WriteFile(name, []byte(standard), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := port.Listen(context.Background(), port.Config{Name: name}, &full{}); !errors.Is(err, errFull) {
		t.Errorf("Listen: %v, want the error of the line", err)
	}
}
