package notify_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"releve/systemd/notify"
)

// heard opens the socket of a systemd and returns what says the next word it hears.
func heard(t *testing.T, name string) func() string {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return func() string {
		if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 256)
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return string(buf[:n])
	}
}

func TestNotify(t *testing.T) {
	for _, test := range []struct{ name, address string }{
		{"a path", filepath.Join(t.TempDir(), "notify")},
		{"an abstract name", fmt.Sprintf("@releve-test-%d", os.Getpid())},
	} {
		t.Run(test.name, func(t *testing.T) {
			next := heard(t, test.address)
			t.Setenv("NOTIFY_SOCKET", test.address)
			for want, say := range map[string]func() error{
				"READY=1": notify.Ready, "STOPPING=1": notify.Stopping,
				"WATCHDOG=1\nEXTEND_TIMEOUT_USEC=180000000": func() error { return notify.Alive(3 * time.Minute) },
			} {
				if err := say(); err != nil {
					t.Fatal(err)
				}
				if got := next(); got != want {
					t.Errorf("systemd heard %q, want %q", got, want)
				}
			}
		})
	}
}

// The period is for the process that systemd names, and there is none of nonsense.
func TestWatchdog(t *testing.T) {
	own := strconv.Itoa(os.Getpid())
	for _, tt := range []struct {
		usec, pid string
		want      time.Duration
	}{
		{"180000000", own, 3 * time.Minute}, {"180000000", "", 3 * time.Minute}, {"180000000", "1", 0},
		{"", "", 0}, {"0", own, 0}, {"-5", own, 0}, {"soon", own, 0}, {"9223372036854775807", own, 0},
	} {
		t.Setenv("WATCHDOG_USEC", tt.usec)
		t.Setenv("WATCHDOG_PID", tt.pid)
		if got := notify.Watchdog(); got != tt.want {
			t.Errorf("%q for %q: %v, want %v", tt.usec, tt.pid, got, tt.want)
		}
	}
}

func TestNotifyOutsideSystemd(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := errors.Join(notify.Ready(), notify.Alive(time.Minute), notify.Stopping()); err != nil {
		t.Error(err)
	}
}

func TestNotifyNobodyListens(t *testing.T) {
	address := filepath.Join(t.TempDir(), "notify")
	t.Setenv("NOTIFY_SOCKET", address)
	err := notify.Ready()
	want := "notify systemd: dial unixgram " + address + ": connect: no such file or directory"
	if err == nil || err.Error() != want || !errors.Is(err, syscall.ENOENT) {
		t.Errorf("error is %v, want %s", err, want)
	}
}
