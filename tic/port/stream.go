package port

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// tcp is the address of a serial server, which hands bytes on as they are: ser2net in raw mode, a Wi-Fi adapter.
type tcp string

// dialPatience bounds an attempt to connect; the next one follows soon.
const dialPatience = 10 * time.Second

func (address tcp) open(ctx context.Context, _ int) (conn, error) {
	dialer := net.Dialer{Timeout: dialPatience}
	c, err := dialer.DialContext(ctx, "tcp", string(address))
	if err != nil {
		return nil, fmt.Errorf("open port tcp://%s: %w", address, err)
	}
	return &socket{Conn: c, address: address}, nil
}

// socket is a connection to a serial server. The speed is the server's affair.
type socket struct {
	net.Conn
	address tcp
}

// Read returns 0 and nil after a glance without bytes.
func (s *socket) Read(p []byte) (int, error) {
	if err := s.SetReadDeadline(time.Now().Add(glance)); err != nil {
		return 0, fmt.Errorf("read port tcp://%s: %w", s.address, err)
	}
	n, err := s.Conn.Read(p)
	switch {
	case err == nil, errors.Is(err, os.ErrDeadlineExceeded):
		return n, nil
	case errors.Is(err, io.EOF):
		return n, fmt.Errorf("read port tcp://%s: the other end closed the connection", s.address)
	}
	return n, fmt.Errorf("read port tcp://%s: %w", s.address, err)
}

func (*socket) speed() int     { return 0 }
func (*socket) tune(int) error { return nil }

// file is a recording. It is read as fast as it comes, and its end is the end.
type file struct{ *os.File }

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
	n, err := f.File.Read(p)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		return n, errEndOfFile
	}
	return n, fmt.Errorf("read port: %w", err)
}

func (file) speed() int     { return 0 }
func (file) tune(int) error { return nil }
