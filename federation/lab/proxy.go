package lab

import (
	"errors"
	"fmt"
	"net"
	"sync"
)

// Direction is one way through a [Proxy], or both with "|".
type Direction int

const (
	// ToServer is what the connecting side says.
	ToServer Direction = 1 << iota
	// ToClient is what the server behind the proxy answers.
	ToClient
)

// Traffic is what a proxy has seen since it was made. Bytes are counted when they
// were handed on.
type Traffic struct {
	Accepted  int   // connections taken
	Open      int   // of these, still there
	ToServer  int64 // bytes
	ToClient  int64 // bytes
	Swallowed int64 // bytes that were taken and never handed on
}

// Proxy is a link that fails on demand: it listens on loopback and passes TCP
// connections on to a server. It knows nothing of what is said.
//
//	state     existing connections           new connections
//	passing   handed on                      handed on
//	stalled   kept, nothing moves            accepted, nothing moves
//	swallow   bytes of one direction vanish  the same
//	stranded  bytes of both vanish           handed on
//	refusing  cut                            refused
//
// Its methods may be called from several goroutines.
type Proxy struct {
	target string
	port   int
	ports  ports
	work   sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while refusing
	links    map[*link]bool
	traffic  Traffic
	stalled  bool
	swallow  Direction
	changed  chan struct{} // closed and replaced when stalled or swallow change
	closed   bool
}

// link is one connection through the proxy.
type link struct {
	client *net.TCPConn
	server *net.TCPConn // nil until dialled
	gone   chan struct{}
	lossy  bool // bytes are missing in the middle; guarded by Proxy.mu
	dead   bool // stranded: nothing of it ever arrives; guarded by Proxy.mu
}

// NewProxy listens on a free loopback port, in front of host:port. The server need
// not run yet. The caller closes the proxy.
func NewProxy(target string) (*Proxy, error) {
	p := &Proxy{target: target, links: map[*link]bool{}, changed: make(chan struct{})}
	reserved, err := p.ports.reserve(1)
	if err != nil {
		return nil, fmt.Errorf("put proxy before %s: %w", target, err)
	}
	p.port = reserved[0]
	if err := p.Resume(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Addr returns host:port to connect to. It stays the same for the proxy's life.
func (p *Proxy) Addr() string { return address(p.port) }

// Traffic returns the counters.
func (p *Proxy) Traffic() Traffic {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.traffic
	now.Open = len(p.links)
	return now
}

// Stall stops handing on in both directions. Nothing is lost or closed: who writes
// notices when the buffers are full, who reads waits.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(true, 0)
}

// Swallow takes the bytes of a direction, or of both, and never hands them on: with
// [ToClient] the server hears the client and its acknowledgements are lost.
func (p *Proxy) Swallow(d Direction) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(false, d)
}

// Strand leaves the connections there are half open: what either side says vanishes and neither is told, as behind a
// router that forgot them. New ones are handed on.
func (p *Proxy) Strand() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(false, 0)
	for l := range p.links {
		l.dead, l.lossy = true, true
	}
}

// Cut resets the connections there are. New ones are treated as before.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut(func(*link) bool { return true })
}

// Refuse cuts all connections and stops listening: connecting gives ECONNREFUSED.
func (p *Proxy) Refuse() error {
	p.mu.Lock()
	listener := p.listener
	p.listener = nil
	p.mu.Unlock()
	if listener == nil {
		return nil
	}
	err := listener.Close()
	p.Cut()
	if err != nil {
		return fmt.Errorf("refuse connections on %s: %w", p.Addr(), err)
	}
	return nil
}

// Resume hands everything on again, after any of the states above. Connections
// of which bytes were swallowed are cut: they could only carry on with a hole.
func (p *Proxy) Resume() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut(func(l *link) bool { return l.lossy })
	p.set(false, 0)
	if p.listener != nil || p.closed {
		return nil
	}
	listener, err := listen(p.port)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", p.Addr(), err)
	}
	p.listener = listener
	p.work.Go(func() { p.accept(listener) })
	return nil
}

// Close cuts everything and waits until nothing of the proxy runs.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	err := p.Refuse()
	p.Cut()
	p.work.Wait()
	return errors.Join(err, p.ports.release())
}

// set changes the state and wakes who waits for that. The caller holds the lock.
func (p *Proxy) set(stalled bool, swallow Direction) {
	p.stalled, p.swallow = stalled, swallow
	close(p.changed)
	p.changed = make(chan struct{})
}

// cut resets the chosen links, as a router that lost its state does: what is still
// in the buffers is gone. The caller holds the lock.
func (p *Proxy) cut(chosen func(*link) bool) {
	for l := range p.links {
		if !chosen(l) {
			continue
		}
		delete(p.links, l)
		_ = l.client.SetLinger(0)
		if l.server != nil {
			_ = l.server.SetLinger(0)
		}
		l.end()
	}
}

// end closes both sides. Called once, by whoever takes the link off the list.
func (l *link) end() {
	close(l.gone)
	_ = l.client.Close()
	if l.server != nil {
		_ = l.server.Close()
	}
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		l := &link{client: conn.(*net.TCPConn), gone: make(chan struct{})}
		if p.admit(l, listener) {
			p.work.Go(func() { p.carry(l) })
		}
	}
}

// admit lists a new link, unless the proxy stopped listening meanwhile.
func (p *Proxy) admit(l *link, listener net.Listener) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != listener {
		l.end()
		return false
	}
	p.links[l] = true
	p.traffic.Accepted++
	return true
}

// carry connects a link to the server and hands on until both sides are done.
func (p *Proxy) carry(l *link) {
	defer p.drop(l)
	if _, ok := p.await(l, 0); !ok {
		return
	}
	server, err := net.DialTimeout("tcp", p.target, probePatience)
	if err != nil || !p.attach(l, server.(*net.TCPConn)) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { p.pump(l, ToServer, l.client, l.server) })
	both.Go(func() { p.pump(l, ToClient, l.server, l.client) })
	both.Wait()
}

// attach gives a link its server side, unless it was cut meanwhile.
func (p *Proxy) attach(l *link, server *net.TCPConn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.links[l] {
		_ = server.Close()
		return false
	}
	l.server = server
	return true
}

// drop closes a link that has come to its end, if nobody cut it.
func (p *Proxy) drop(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.links[l] {
		delete(p.links, l)
		l.end()
	}
}

// pump hands on one direction. The end of what one side says is handed on too.
func (p *Proxy) pump(l *link, d Direction, from, to *net.TCPConn) {
	part := make([]byte, 32<<10)
	for {
		n, readErr := from.Read(part)
		swallow, ok := p.await(l, d)
		if !ok {
			return
		}
		switch {
		case swallow:
			p.count(0, n)
		case n > 0:
			if _, err := to.Write(part[:n]); err != nil {
				return
			}
			p.count(d, n)
		}
		if readErr != nil {
			p.finish(l, to)
			return
		}
	}
}

// finish tells the other side that no more comes. Of a lossy link it says nothing:
// the other side is to believe that the link still stands.
func (p *Proxy) finish(l *link, to *net.TCPConn) {
	p.mu.Lock()
	lossy := l.lossy
	p.mu.Unlock()
	if !lossy {
		_ = to.CloseWrite()
	}
}

// await waits for the end of a stall. It returns whether what was read in this
// direction is to be swallowed, which makes the link lossy; !ok when the link was
// cut first.
func (p *Proxy) await(l *link, d Direction) (swallow, ok bool) {
	for {
		p.mu.Lock()
		stalled, changed := p.stalled, p.changed
		swallow = p.swallow&d != 0 || l.dead
		l.lossy = l.lossy || swallow && !stalled
		p.mu.Unlock()
		if !stalled {
			return swallow, true
		}
		select {
		case <-changed:
		case <-l.gone:
			return false, false
		}
	}
}

// count adds to the counter of a direction, 0 being swallowed.
func (p *Proxy) count(d Direction, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch d {
	case ToServer:
		p.traffic.ToServer += int64(n)
	case ToClient:
		p.traffic.ToClient += int64(n)
	default:
		p.traffic.Swallowed += int64(n)
	}
}
