package notify_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
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
			for want, say := range map[string]func() error{"READY=1": notify.Ready, "STOPPING=1": notify.Stopping} {
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

func TestNotifyOutsideSystemd(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := errors.Join(notify.Ready(), notify.Stopping()); err != nil {
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
