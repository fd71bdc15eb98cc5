package lab

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// Gate is the only way out of a network that lets nobody out directly: a proxy that is told where to go, by the method
// CONNECT of HTTP or by SOCKS5. It leads to the places it was given and to no others.
type Gate struct {
	places map[string]string
	user   string
	secret string
	port   int
	ports  ports
	listen net.Listener
	work   sync.WaitGroup

	mu    sync.Mutex
	open  map[net.Conn]bool
	asked []string
}

// NewGate listens on a free loopback port. places leads from the host:port a client asks for to the one it gets. With a
// user, whoever does not name it with the secret is turned away. The caller closes the gate.
func NewGate(places map[string]string, user, secret string) (*Gate, error) {
	g := &Gate{places: places, user: user, secret: secret, open: map[net.Conn]bool{}}
	reserved, err := g.ports.reserve(1)
	if err != nil {
		return nil, fmt.Errorf("open gate: %w", err)
	}
	g.port = reserved[0]
	if g.listen, err = listen(g.port); err != nil {
		return nil, errors.Join(fmt.Errorf("open gate: %w", err), g.ports.release())
	}
	g.work.Go(g.accept)
	return g, nil
}

// Addr returns host:port; both protocols are spoken there.
func (g *Gate) Addr() string { return address(g.port) }

// Asked returns the places that clients asked for, in order.
func (g *Gate) Asked() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.asked...)
}

// Close ends all connections and gives the port back.
func (g *Gate) Close() error {
	err := g.listen.Close()
	g.mu.Lock()
	for conn := range g.open {
		_ = conn.Close()
	}
	g.open = nil
	g.mu.Unlock()
	g.work.Wait()
	return errors.Join(err, g.ports.release())
}

func (g *Gate) accept() {
	for {
		conn, err := g.listen.Accept()
		if err != nil {
			return
		}
		if g.keep(conn) {
			g.work.Go(func() {
				g.serve(conn)
				g.drop(conn)
			})
		}
	}
}

// keep notes a connection, so that Close can end it; after Close it is ended at once.
func (g *Gate) keep(conn net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open == nil {
		_ = conn.Close()
		return false
	}
	g.open[conn] = true
	return true
}

func (g *Gate) drop(conn net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.open, conn)
	_ = conn.Close()
}

// serve tells the protocol by its first byte. Whatever is wrong ends the connection: a client sees it close.
func (g *Gate) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	first, err := in.Peek(1)
	if err != nil {
		return
	}
	answer := g.connect
	if first[0] == socksVersion {
		answer = g.socks
	}
	there := answer(conn, in)
	if there == nil || !g.keep(there) {
		return
	}
	defer g.drop(there)
	g.work.Go(func() {
		_, _ = io.Copy(there, in)
		_ = there.Close()
	})
	_, _ = io.Copy(conn, there)
}

// to connects to the place that was asked for, or returns nil.
func (g *Gate) to(asked string) net.Conn {
	g.mu.Lock()
	g.asked = append(g.asked, asked)
	place, known := g.places[asked]
	g.mu.Unlock()
	if !known {
		return nil
	}
	there, err := net.Dial("tcp", place)
	if err != nil {
		return nil
	}
	return there
}

// connect answers RFC 9110 §9.3.6.
func (g *Gate) connect(conn net.Conn, in *bufio.Reader) net.Conn {
	request, err := http.ReadRequest(in)
	if err != nil {
		return nil
	}
	refuse := func(status string) net.Conn {
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", status)
		return nil
	}
	known := "Basic " + base64.StdEncoding.EncodeToString([]byte(g.user+":"+g.secret))
	switch {
	case request.Method != http.MethodConnect:
		return refuse("405 Method Not Allowed")
	case g.user != "" && request.Header.Get("Proxy-Authorization") != known:
		return refuse("407 Proxy Authentication Required")
	}
	there := g.to(request.Host)
	if there == nil {
		return refuse("403 Forbidden")
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	return there
}
