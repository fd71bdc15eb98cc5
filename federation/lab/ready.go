package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// probe is a connection that proves that a listener of a server works.
type probe struct {
	addr   string
	domain string
	ns     string // "jabber:client" or "jabber:server"; "" where no stream is spoken
}

const (
	probePause    = 20 * time.Millisecond
	probePatience = 10 * time.Second
)

// await repeats the probe until it succeeds, the process ends, or the context does.
func (p probe) await(ctx context.Context, child *process) error {
	for {
		err := p.once(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w (%w)", p.addr, ctx.Err(), err)
		case <-child.done:
			return fmt.Errorf("wait for %s: the server ended: %w", p.addr, orClean(child.err))
		case <-time.After(probePause):
		}
	}
}

// orClean turns the nil of a server that ended by itself with status 0 into an error.
func orClean(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// once connects and, where XMPP is spoken, opens a stream and reads the answer
// up to the features the server offers.
func (p probe) once(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.addr)
	if err != nil || p.ns == "" {
		return errors.Join(err, closeIfOpen(conn))
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	return errors.Join(p.openStream(conn), conn.Close())
}

func closeIfOpen(conn net.Conn) error {
	if conn == nil {
		return nil
	}
	return conn.Close()
}

func (p probe) openStream(conn net.Conn) error {
	_, err := fmt.Fprintf(conn, "<?xml version='1.0'?><stream:stream to='%s' xmlns='%s' "+
		"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>", p.domain, p.ns)
	if err != nil {
		return fmt.Errorf("open stream: %w", err)
	}
	var heard strings.Builder
	part := make([]byte, 4096)
	for !strings.Contains(heard.String(), "<stream:features") {
		n, err := conn.Read(part)
		heard.Write(part[:n])
		if err != nil {
			return fmt.Errorf("read stream header, heard %q: %w", heard.String(), err)
		}
	}
	return nil
}
