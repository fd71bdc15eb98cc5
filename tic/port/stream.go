package port

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// tcp is the address of a serial server, which hands bytes on as they are: ser2net in raw mode, a Wi-Fi adapter.
type tcp struct{ address string }

func (t tcp) open(ctx context.Context, _ int) (conn, error) {
	return dial(ctx, "tcp://"+t.address, t.address)
}

// dialPatience bounds an attempt to connect; the next one follows soon.
const dialPatience = 10 * time.Second

// dial connects to a serial server. A meter never stops talking, so a server that lost its power would look like one
// that is silent: it is asked, and given up half a minute after it was last alive.
func dial(ctx context.Context, name, address string) (*socket, error) {
	dialer := net.Dialer{
		Timeout:         dialPatience,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3},
	}
	c, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("open port %s: %w", name, err)
	}
	return &socket{Conn: c, title: name}, nil
}

// socket is a connection to a serial server. The speed is the server's affair.
type socket struct {
	net.Conn
	title string
}

// Read returns 0 and nil after a glance without bytes.
func (s *socket) Read(p []byte) (int, error) {
	time.Sleep(gather)
	if err := s.SetReadDeadline(time.Now().Add(glance)); err != nil {
		return 0, fmt.Errorf("read port %s: %w", s.title, err)
	}
	n, err := s.Conn.Read(p)
	switch {
	case err == nil, errors.Is(err, os.ErrDeadlineExceeded):
		return n, nil
	case errors.Is(err, io.EOF):
		return n, fmt.Errorf("read port %s: the other end closed the connection", s.title)
	}
	return n, fmt.Errorf("read port %s: %w", s.title, err)
}

func (s *socket) name() string { return s.title }
func (*socket) speed() int     { return 0 }
func (*socket) tune(int) error { return nil }

// file is a recording. It is read as fast as it comes, and its end is the end.
type file struct{ io.ReadCloser }

// errEndOfFile is the one end that is no fault.
var errEndOfFile = errors.New("end of file")

func openFile(name string) (conn, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open port: %w", err)
	}
	return file{f}, nil
}

func (f file) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		return n, errEndOfFile
	}
	return n, backoff.Permanent(fmt.Errorf("read port: %w", err)) // to begin again would repeat what was read
}

func (file) name() string   { return "" }
func (file) speed() int     { return 0 }
func (file) tune(int) error { return nil }

// pipe is standard input, or what stands for it.
type pipe struct{ in io.Reader }

// open copies in a goroutine, because a read of standard input cannot be interrupted: when ctx ends first it is left
// behind, to end with the process.
func (p pipe) open(ctx context.Context, _ int) (conn, error) {
	in := p.in
	if in == nil {
		in = os.Stdin
	}
	reader, writer := io.Pipe()
	context.AfterFunc(ctx, func() { writer.Close() }) // never errors, by its contract
	go func() {
		_, err := io.Copy(writer, in)
		writer.CloseWithError(err)
	}()
	return file{reader}, nil
}
