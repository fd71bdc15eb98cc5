package status

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/netutil"
)

const (
	connections = 64               // at once; a page needs two
	requestTime = 10 * time.Second // to read a request
	answerTime  = time.Minute      // to write its answer: a Pi Zero that does much else thinks for seconds about a password
	idleTime    = time.Minute
	graceTime   = 3 * time.Second  // for requests under way when an agent ends
	waitTime    = 20 * time.Second // for the next agent
)

// Porch is where the page is reached. It stays open while the agents behind it come and go: who comes between two waits there
// for the next one. The zero Porch is shut. Open, Serve and Shut are for one agent at a time.
type Porch struct {
	mu      sync.Mutex    // guards everything below
	open    *opening      // nil: shut
	room    *room         // nil: between two agents
	entered chan struct{} // closed when the next one is there; nil while nobody waits
}

// opening is a listener and the server on it.
type opening struct {
	address  string // as it was asked for
	listener net.Listener
	server   *http.Server
	leave    context.CancelFunc // sends those away who wait
	lost     chan error         // receives why the server ended, however it did
}

// room is what one agent shows, until it ends.
type room struct {
	ends   context.Context
	page   http.Handler
	guests sync.WaitGroup
}

// Open opens an address, "127.0.0.1:8080", or "127.0.0.1:0" for any free port, and returns the one it has. A porch that is open
// there stays as it is; one that is open elsewhere is shut there first. The errors say what to do.
func (p *Porch) Open(ctx context.Context, address string) (net.Addr, error) {
	p.mu.Lock()
	at := p.open
	p.mu.Unlock()
	if at != nil && at.address == address {
		return at.listener.Addr(), nil
	}
	p.Shut()
	listener, err := listen(ctx, address)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = p.opened(context.WithoutCancel(ctx), address, listener)
	return listener.Addr(), nil
}

// listen opens a port.
func listen(ctx context.Context, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on %s: another program uses this port; stop it or give status.listen another one: %w", address, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen on %s: ports below 1024 need a privilege; give status.listen a higher one: %w", address, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("listen on %s: this machine has no such address; check status.listen: %w", address, err)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return listener, nil
}

// opened has the porch answer on a listener.
func (p *Porch) opened(ctx context.Context, address string, listener net.Listener) *opening {
	ctx, leave := context.WithCancel(ctx)
	o := &opening{address: address, listener: listener, leave: leave, lost: make(chan error, 1), server: &http.Server{
		Handler:        p,
		BaseContext:    func(net.Listener) context.Context { return ctx },
		ReadTimeout:    requestTime,
		WriteTimeout:   answerTime,
		IdleTimeout:    idleTime,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       log.New(io.Discard, "", 0), // what a browser does wrong is not news
	}}
	go func() { o.lost <- o.server.Serve(netutil.LimitListener(listener, connections)) }()
	return o
}

// Serve shows a page at the open porch until ctx ends; then it ends live streams at once, gives other requests a moment to
// finish and returns nil. Who comes afterwards waits. What ends the listener before is an error, and the porch is shut.
func (p *Porch) Serve(ctx context.Context, page http.Handler) error {
	r := &room{ends: ctx, page: page}
	p.mu.Lock()
	at := p.open
	if at == nil {
		p.mu.Unlock()
		return errors.New("serve the page: the porch is shut")
	}
	p.show(r)
	p.mu.Unlock()
	select {
	case <-ctx.Done():
		p.clear(r)
		return nil
	case err := <-at.lost:
		p.Shut()
		return fmt.Errorf("serve the page on %s: %w", at.listener.Addr(), err)
	}
}

// show lets in who waits.
func (p *Porch) show(r *room) {
	p.room = r
	if p.entered != nil {
		close(p.entered)
		p.entered = nil
	}
}

// clear lets nobody in any more, and gives those inside a moment.
func (p *Porch) clear(r *room) {
	p.mu.Lock()
	if p.room == r {
		p.room = nil
	}
	p.mu.Unlock()
	left := make(chan struct{})
	go func() { r.guests.Wait(); close(left) }()
	select {
	case <-left:
	case <-time.After(graceTime): // someone did not finish in time; that was their chance
	}
}

// Shut sends away who waits and gives requests under way a moment to finish. It is no error that the porch is shut.
func (p *Porch) Shut() {
	p.mu.Lock()
	at := p.open
	p.open, p.room = nil, nil
	p.mu.Unlock()
	if at == nil {
		return
	}
	at.leave()
	grace, cancel := context.WithTimeout(context.Background(), graceTime)
	defer cancel()
	if err := at.server.Shutdown(grace); err != nil {
		_ = at.server.Close() // someone did not finish in time; that was their chance
	}
}

// ServeHTTP leads a request to the page of the agent of the moment.
func (p *Porch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in := p.enter(r.Context())
	if in == nil {
		w.Header().Set("Retry-After", "5")
		w.Header().Set("Refresh", "5") // a browser looks again by itself
		http.Error(w, "Relève recommence : revenez dans un instant.\nRelève begins anew: come back in a moment.", http.StatusServiceUnavailable)
		return
	}
	defer in.guests.Done()
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(requestTime)) // who waited has its time to send a form all the same
	ctx, leave := context.WithCancel(r.Context())
	defer leave()
	defer context.AfterFunc(in.ends, leave)()
	in.page.ServeHTTP(w, r.WithContext(ctx))
}

// enter makes who comes a guest of the agent of the moment, or of the next; nil when none comes.
func (p *Porch) enter(ctx context.Context) *room {
	ctx, cancel := context.WithTimeout(ctx, waitTime)
	defer cancel()
	for {
		in, next := p.knock()
		if in != nil {
			return in
		}
		select {
		case <-next:
		case <-ctx.Done():
			return nil
		}
	}
}

// knock makes who comes a guest, or returns what is closed when the next agent is there.
func (p *Porch) knock() (in *room, next <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.room != nil {
		p.room.guests.Add(1)
		return p.room, nil
	}
	if p.entered == nil {
		p.entered = make(chan struct{})
	}
	return nil, p.entered
}
