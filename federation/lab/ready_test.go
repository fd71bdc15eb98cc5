package lab

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// answering is a listener that says the same words to everybody, once they have
// begun to talk, and then hangs up.
func answering(t *testing.T, words string) string {
	t.Helper()
	l, err := net.Listen("tcp", loopback+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, words)
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

func TestProbeReadsStreamHeader(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		ns    string
		words string
		err   string
	}{
		{"features", "jabber:client", "<?xml version='1.0'?><stream:stream><stream:features><starttls/></stream:features>", ""},
		{"header only", "jabber:client", "<stream:stream id='1'>", `read stream header, heard "<stream:stream id='1'>": EOF`},
		{"not XMPP", "jabber:server", "HTTP/1.1 400 Bad Request\r\n", `read stream header, heard "HTTP/1.1 400 Bad Request\r\n": EOF`},
		{"nothing", "jabber:server", "", `read stream header, heard "": EOF`},
		{"connection is enough", "", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := probe{addr: answering(t, row.words), domain: "breizh-sen1.example", ns: row.ns}
			if got := errText(p.once(t.Context())); got != row.err {
				t.Errorf("got %q, want %q", got, row.err)
			}
		})
	}
}

// TestProbeWaitsForListener: a server that opens its port late is waited for.
func TestProbeWaitsForListener(t *testing.T) {
	t.Parallel()
	var held ports
	reserved, err := held.reserve(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = held.release() })
	waiting := make(chan error, 1)
	child := &process{done: make(chan struct{})}
	go func() { waiting <- probe{addr: address(reserved[0])}.await(t.Context(), child) }()
	l, err := net.Listen("tcp", address(reserved[0]))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if err := <-waiting; err != nil {
		t.Error(err)
	}
}

func TestProbeGivesUp(t *testing.T) {
	t.Parallel()
	var held ports
	reserved, err := held.reserve(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = held.release() })
	nobody := probe{addr: address(reserved[0])}

	ended := &process{done: make(chan struct{})}
	close(ended.done)
	want := "wait for " + nobody.addr + ": the server ended: exit status 0"
	if got := errText(nobody.await(t.Context(), ended)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	err = nobody.await(ctx, &process{done: make(chan struct{})})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(errText(err), "wait for "+nobody.addr+": ") {
		t.Errorf("got %v, want that the time ran out", err)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a line of a log that goes on\n", 2000)
	for _, row := range []struct {
		name    string
		content string
		want    string
	}{
		{"empty", "", ""},
		{"short", "one\ntwo\n", "one\ntwo"},
		{"no end of line", "one\ntwo", "one\ntwo"},
		{"many lines", long + "the last", strings.TrimPrefix(strings.Repeat("\na line of a log that goes on", 19), "\n") + "\nthe last"},
	} {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, []byte(row.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := tail(path); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	if got := tail("/no/such/file"); got != "" {
		t.Errorf("a file that is not there: got %q", got)
	}
}
