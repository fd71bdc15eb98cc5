// Package share hands a copy of a meter's bytes to other programs over TCP, so that several can read one meter: two
// that open the same port take bytes from each other.
//
// In: the bytes as they were received, parity and noise included. Out: the same, to each client from the beginning of a
// frame. It knows of the bytes only where a frame begins, and it never makes the meter wait.
package share

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Server shares one line. Write and Flush take the line as a decoder does; Run is the network side.
type Server struct {
	address  string
	log      *slog.Logger
	patience time.Duration // for a client that takes nothing

	mu      sync.Mutex // guards everything below
	clients map[*client]bool
	stats   Stats
}

// Stats is what a server has done since it was made.
type Stats struct {
	Clients int    // connected now
	Refused uint64 // turned away: there were too many
	Dropped uint64 // disconnected: they took nothing for half a minute
	Skipped uint64 // bytes not handed to clients that read too slowly
	Err     error  // why nobody can connect; nil while the server listens
}

const (
	// maxClients bounds the descriptors in use: the serial line cannot be waited for above number 1023.
	maxClients = 16
	patience   = 30 * time.Second
)

// New returns a server for host:port. It listens once it runs.
func New(address string, log *slog.Logger) *Server {
	return &Server{address: address, log: log, patience: patience, clients: map[*client]bool{}}
}

// Write hands the next bytes of the line to every client. It takes all of p at once and never fails: a client that is
// not ready for them misses them.
func (s *Server) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.clients) == 0 {
		return len(p), nil
	}
	chunk := bytes.Clone(p) // p is the caller's again after Write; the clients share the copy
	for c := range s.clients {
		s.stats.Skipped += uint64(c.offer(chunk))
	}
	return len(p), nil
}

// Flush tells that the bytes were interrupted here. What follows reaches clients from its next frame.
func (s *Server) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.clients {
		c.await()
	}
}

// Stats returns what happened so far.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Clients = len(s.clients)
	return stats
}

// Run listens and serves until ctx ends, and then returns nil with every client disconnected.
func (s *Server) Run(ctx context.Context) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.address)
	if err == nil {
		s.note(nil)
		err = s.serve(ctx, listener)
	}
	if err != nil {
		err = fmt.Errorf("share the line: %w", err)
	}
	s.note(err)
	return err
}

func (s *Server) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Err = err
}

// serve owns the listener.
func (s *Server) serve(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	s.log.Info("line shared", "address", listener.Addr().String())
	for {
		conn, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil
		case err != nil:
			listener.Close()
			return err
		}
		group.Go(func() { s.attend(ctx, conn) })
	}
}

// attend serves one client until it leaves, is dropped, or ctx ends.
func (s *Server) attend(ctx context.Context, conn net.Conn) {
	c := newClient(conn, s.patience)
	defer conn.Close()
	if !s.enter(c) {
		s.log.Warn("line not shared: too many clients", "client", conn.RemoteAddr().String(), "most", maxClients)
		return
	}
	s.log.Info("line shared with a client", "client", conn.RemoteAddr().String())
	err := c.run(ctx)
	s.leave(c, err)
	s.log.Info("client left the shared line", "client", conn.RemoteAddr().String(), "reason", err)
}

func (s *Server) enter(c *client) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.clients) >= maxClients {
		s.stats.Refused++
		return false
	}
	s.clients[c] = true
	return true
}

func (s *Server) leave(c *client, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, c)
	if tookNothing(err) {
		s.stats.Dropped++
	}
}
