package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// Server is one XMPP server with one domain. Its methods may be called from
// several goroutines.
type Server struct {
	domain  Domain
	node    *node // nil for a server that is alone
	product product
	dir     string // everything of this server
	authFile,
	certFile,
	keyFile string
	ports  serverPorts
	limits Options
	names  int // port of the name server
	log    *slog.Logger

	mu       sync.Mutex
	child    *process // nil before the first start
	accounts []Account
}

// serverPorts are all on loopback.
type serverPorts struct {
	client int // STARTTLS
	direct int // TLS from the first byte
	peer   int // other servers
	web    int // HTTPS
	api    int // HTTP; 0 for Prosody
}

// free fails when another program listens on one of the ports. A server would only
// mention it in its log and go on without the port.
func (p serverPorts) free() error {
	for _, port := range []int{p.client, p.direct, p.peer, p.web, p.api} {
		if port != 0 && !free(port) {
			return fmt.Errorf("another program listens on %s", address(port))
		}
	}
	return nil
}

// stopPatience bounds a polite stop; a server that needs longer is killed.
const stopPatience = 10 * time.Second

// Domain returns the name of the XMPP domain.
func (s *Server) Domain() string { return s.domain.Name }

// Kind returns which product serves the domain.
func (s *Server) Kind() Kind { return s.domain.Kind }

// Addr returns host:port for clients that begin in the clear and use STARTTLS
// (RFC 6120 §5). Without STARTTLS the server refuses them.
func (s *Server) Addr() string { return address(s.ports.client) }

// DirectTLSAddr returns host:port for clients that begin with TLS (XEP-0368).
func (s *Server) DirectTLSAddr() string { return address(s.ports.direct) }

// WebAddr returns host:port of the server's web server, which speaks HTTPS under the name of the domain.
func (s *Server) WebAddr() string { return address(s.ports.web) }

// WebSocketURL returns where XMPP over WebSocket is (RFC 7395). Its host is the domain: see [Federation.DNSAddr].
func (s *Server) WebSocketURL() string {
	return fmt.Sprintf("wss://%s:%d/xmpp-websocket", s.domain.Name, s.ports.web)
}

// PeerAddr returns host:port for other servers (RFC 6120, jabber:server).
func (s *Server) PeerAddr() string { return address(s.ports.peer) }

// Start starts the server and returns when it accepts clients and other servers.
// After [Server.Stop] or [Server.Kill] it comes back with the same data and the
// same ports. The error of a server that does not come up ends with the last
// lines of its log. To start a running server is an error.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child != nil && s.child.running() {
		return fmt.Errorf("start %s: it is running already", s.domain.Name)
	}
	began := time.Now()
	if err := s.ports.free(); err != nil {
		return fmt.Errorf("start %s: %w", s.domain.Name, err)
	}
	child, err := s.spawn()
	if err != nil {
		return fmt.Errorf("start %s: %w", s.domain.Name, err)
	}
	s.child = child
	if err := s.awaitReady(ctx, child); err != nil {
		err = errors.Join(err, child.kill())
		return fmt.Errorf("start %s on %s: %w\nlast lines of its log:\n%s", s.domain.Name, s.domain.Kind, err, s.LogTail())
	}
	s.log.Info("server is up", "domain", s.domain.Name, "kind", s.domain.Kind.String(),
		"address", s.Addr(), "pid", child.pid, "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// Stop asks the server to end, as an administrator does, and waits. A server that
// takes longer than ten seconds, or than the context, is killed and reported.
func (s *Server) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	return s.withChild(func(child *process) error { return child.end(ctx) })
}

// Kill ends the server at once (SIGKILL), like a power cut, and waits until it is gone.
func (s *Server) Kill() error { return s.withChild((*process).kill) }

// Freeze suspends the server (SIGSTOP): its connections stay open, connecting
// still succeeds, nothing is answered.
func (s *Server) Freeze() error {
	return s.withChild(func(child *process) error { return child.signal(syscall.SIGSTOP) })
}

// Thaw lets a frozen server go on (SIGCONT).
func (s *Server) Thaw() error {
	return s.withChild(func(child *process) error { return child.signal(syscall.SIGCONT) })
}

// Running reports whether the process of the server exists; a frozen one does.
func (s *Server) Running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.child != nil && s.child.running()
}

// PID returns the process id of the server, 0 when it is not running.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == nil || !s.child.running() {
		return 0
	}
	return s.child.pid
}

// logTailBytes is how much of each log file LogTail reads from its end, and
// logTailLines how much of that it shows.
const (
	logTailBytes = 16 << 10
	logTailLines = 20
)

// LogTail returns the last lines the server wrote, for error messages.
func (s *Server) LogTail() string {
	var lines strings.Builder
	for _, name := range s.product.logs() {
		if text := tail(filepath.Join(s.dir, name)); text != "" {
			fmt.Fprintf(&lines, "--- %s %s\n%s\n", s.domain.Name, name, text)
		}
	}
	return lines.String()
}

// withChild runs an action on the process, if there ever was one.
func (s *Server) withChild(action func(*process) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == nil {
		return nil
	}
	if err := action(s.child); err != nil {
		return fmt.Errorf("%s: %w", s.domain.Name, err)
	}
	return nil
}

// spawn starts the process; what it prints goes to the file "output".
func (s *Server) spawn() (*process, error) {
	output, err := os.OpenFile(filepath.Join(s.dir, "output"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open output of the server: %w", err)
	}
	defer func() { _ = output.Close() }()
	if err := os.Remove(filepath.Join(s.dir, joinedFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	cmd := s.product.command(s)
	s.confine(cmd)
	cmd.Stdout, cmd.Stderr = output, output
	return launch(cmd, s.dir)
}

// confine gives a command the folder of the server, a small environment in place
// of the caller's, and the user it may run as.
func (s *Server) confine(cmd *exec.Cmd) {
	cmd.Dir = s.dir
	cmd.Env = append(cmd.Env, "HOME="+s.dir, "PATH="+searchPath, "LANG=C.UTF-8")
	if owner := s.product.owner(); owner != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner}
	}
}

func (s *Server) awaitReady(ctx context.Context, child *process) error {
	if err := s.awaitJoined(ctx, child); err != nil {
		return err
	}
	probes := []probe{
		{addr: s.Addr(), domain: s.domain.Name, ns: "jabber:client"},
		{addr: s.PeerAddr(), domain: s.domain.Name, ns: "jabber:server"},
		{addr: s.DirectTLSAddr()},
		{addr: s.WebAddr()},
	}
	if s.ports.api != 0 {
		probes = append(probes, probe{addr: address(s.ports.api)})
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range probes {
		group.Go(func() error { return p.await(ctx, child) })
	}
	return group.Wait()
}

// awaitJoined waits until a node has joined its cluster.
func (s *Server) awaitJoined(ctx context.Context, child *process) error {
	if s.node == nil || s.node.number == 1 {
		return nil
	}
	for {
		if _, err := os.Stat(filepath.Join(s.dir, joinedFile)); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for it to join the cluster: %w", ctx.Err())
		case <-child.done:
			return fmt.Errorf("wait for it to join the cluster: the server ended: %w", orClean(child.err))
		case <-time.After(probePause):
		}
	}
}

// tail returns the last lines of a file, "" when there is none.
func tail(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err == nil && info.Size() > logTailBytes {
		_, _ = file.Seek(-logTailBytes, io.SeekEnd)
	}
	text, _ := io.ReadAll(file)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-logTailLines):], "\n")
}
