package lab_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/lab"
)

func mustProxy(t *testing.T, target string) *lab.Proxy {
	t.Helper()
	p, err := lab.NewProxy(target)
	must(t, err)
	t.Cleanup(func() { must(t, p.Close()) })
	return p
}

// echo is a server that says everything back, until its caller is done.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			}()
		}
	}()
	return l.Addr().String()
}

func connect(t *testing.T, p *lab.Proxy) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	return conn.(*net.TCPConn)
}

func write(t *testing.T, conn net.Conn, words string) {
	t.Helper()
	_, err := io.WriteString(conn, words)
	must(t, err)
}

func hear(t *testing.T, conn net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Fatalf("heard %q (%v), want %q", got, err, want)
	}
}

// hearEnd expects the connection to be reset, with nothing before.
func hearEnd(t *testing.T, conn net.Conn) {
	t.Helper()
	if n, err := conn.Read(make([]byte, 1)); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("read %d bytes (%v), want a reset", n, err)
	}
}

func TestProxyPassesEverything(t *testing.T) {
	t.Parallel()
	p := mustProxy(t, echo(t))
	conn := connect(t, p)
	long := strings.Repeat("0123456789", 100_000)
	go func() {
		_, _ = io.WriteString(conn, long)
		_ = conn.CloseWrite()
	}()
	got, err := io.ReadAll(conn)
	must(t, err)
	if string(got) != long {
		t.Errorf("%d bytes came back, not the same as the %d sent", len(got), len(long))
	}
	eventually(t, "the connection is forgotten", func() bool { return p.Traffic().Open == 0 })
	want := lab.Traffic{Accepted: 1, ToServer: 1_000_000, ToClient: 1_000_000}
	if diff := cmp.Diff(want, p.Traffic()); diff != "" {
		t.Errorf("traffic (-want +got):\n%s", diff)
	}
}

func TestProxyStall(t *testing.T) {
	t.Parallel()
	p := mustProxy(t, echo(t))
	old := connect(t, p)
	write(t, old, "one")
	hear(t, old, "one")
	p.Stall()
	fresh := connect(t, p)
	write(t, old, "two")
	write(t, fresh, "three")
	eventually(t, "both connections are there", func() bool { return p.Traffic().Open == 2 })
	if got := p.Traffic(); got.ToServer != 3 || got.ToClient != 3 {
		t.Errorf("bytes moved while stalled: %+v", got)
	}
	must(t, p.Resume())
	hear(t, old, "two")
	hear(t, fresh, "three")
}

func TestProxySwallow(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		lost   lab.Direction
		server int64 // bytes that reach the server
	}{
		{"answers", lab.ToClient, 7},
		{"questions", lab.ToServer, 3},
		{"everything", lab.ToServer | lab.ToClient, 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := mustProxy(t, echo(t))
			conn, quiet := connect(t, p), connect(t, p)
			write(t, conn, "one")
			hear(t, conn, "one")
			p.Swallow(row.lost)
			write(t, conn, "lost")
			eventually(t, "four bytes are swallowed, and the others counted", func() bool {
				got := p.Traffic()
				return got.Swallowed == 4 && got.ToServer == row.server && got.ToClient == 3
			})
			must(t, p.Resume())
			hearEnd(t, conn)
			write(t, quiet, "nothing of mine is missing")
			hear(t, quiet, "nothing of mine is missing")
		})
	}
}

// A stranded connection is half open on both sides, and stays so while new ones work.
func TestProxyStrand(t *testing.T) {
	t.Parallel()
	p := mustProxy(t, echo(t))
	old := connect(t, p)
	write(t, old, "one")
	hear(t, old, "one")
	p.Strand()
	fresh := connect(t, p)
	write(t, old, "lost")
	write(t, fresh, "two")
	hear(t, fresh, "two")
	eventually(t, "four bytes are swallowed", func() bool { return p.Traffic().Swallowed == 4 })
	if got := p.Traffic(); got.Open != 2 {
		t.Errorf("traffic %+v, want both connections open", got)
	}
	must(t, p.Resume())
	hearEnd(t, old)
	write(t, fresh, "three")
	hear(t, fresh, "three")
}

func TestProxyCut(t *testing.T) {
	t.Parallel()
	p := mustProxy(t, echo(t))
	conn := connect(t, p)
	write(t, conn, "one")
	hear(t, conn, "one")
	p.Cut()
	hearEnd(t, conn)
	again := connect(t, p)
	write(t, again, "two")
	hear(t, again, "two")
}

func TestProxyCutWhileStalled(t *testing.T) {
	t.Parallel()
	p := mustProxy(t, echo(t))
	p.Stall()
	conn := connect(t, p)
	eventually(t, "the connection is accepted", func() bool { return p.Traffic().Open == 1 })
	p.Cut()
	hearEnd(t, conn)
}

func TestProxyRefuse(t *testing.T) {
	t.Parallel()
	p := mustProxy(t, echo(t))
	conn := connect(t, p)
	write(t, conn, "one")
	hear(t, conn, "one")
	must(t, p.Refuse())
	must(t, p.Refuse()) // a second time does nothing
	hearEnd(t, conn)
	if _, err := net.Dial("tcp", p.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial: %v, want a refusal", err)
	}
	addr := p.Addr()
	must(t, p.Resume())
	if p.Addr() != addr {
		t.Errorf("the address was %s and is %s", addr, p.Addr())
	}
	again := connect(t, p)
	write(t, again, "two")
	hear(t, again, "two")
}

func TestProxyBeforeDeadServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	dead := l.Addr().String()
	must(t, l.Close())
	conn := connect(t, mustProxy(t, dead))
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("read %d bytes (%v) from a server that is not there", n, err)
	}
}

func TestProxyBeforeServer(t *testing.T) {
	t.Parallel()
	fed := lab.New(t, lab.Options{Domains: pair(lab.Prosody, lab.Prosody)})
	server := fed.Server(home)
	link := mustProxy(t, server.Addr())
	if _, err := logIn(t.Context(), fed, server, agent, link.Addr()); err != nil {
		t.Fatal(err)
	}
	if got := link.Traffic(); got.Accepted != 1 || got.ToClient == 0 || got.ToServer == 0 {
		t.Errorf("the client did not use the proxy: %+v", got)
	}
}
