package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// tap is a link in the clear to a system outside the federation, and all that went through it that way.
type tap struct {
	t        *testing.T
	listener net.Listener
	target   func() string // http://host:port/…
	links    sync.WaitGroup

	mu   sync.Mutex // guards what is below
	said []*tapped
}

// tapped is what one connection said to the system.
type tapped struct {
	mu    sync.Mutex // guards bytes
	bytes []byte
}

func (c *tapped) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes = append(c.bytes, p...)
	return len(p), nil
}

// newTap listens before a system.
func newTap(t *testing.T, target func() string) *tap {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &tap{t: t, listener: listener, target: target}
	p.links.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return // closed
			}
			p.links.Go(func() { p.pass(near) })
		}
	})
	t.Cleanup(func() { listener.Close(); p.links.Wait() })
	return p
}

func hostOf(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// url is where the system is, through the tap.
func (p *tap) url() string {
	return strings.Replace(p.target(), hostOf(p.target()), p.listener.Addr().String(), 1)
}

// pass hands everything on until either side ends.
func (p *tap) pass(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", hostOf(p.target()))
	if err != nil {
		return // as if the system were away
	}
	defer far.Close()
	one := &tapped{}
	p.mu.Lock()
	p.said = append(p.said, one)
	p.mu.Unlock()
	stop := context.AfterFunc(p.t.Context(), func() { near.Close() })
	defer stop()
	p.links.Go(func() { _, _ = io.Copy(near, far); near.Close() })
	_, _ = io.Copy(far, io.TeeReader(near, one))
}

// bytes is all that was said: as it was, and what the requests and frames in it hold, which TCP has in pieces or masked.
func (p *tap) bytes() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []byte
	for _, one := range p.said {
		one.mu.Lock()
		raw := slices.Clone(one.bytes)
		one.mu.Unlock()
		all = append(append(all, raw...), p.held(raw)...)
	}
	return all
}

// held are the bodies of the requests of a connection, and the frames after one that asks for a websocket.
func (p *tap) held(raw []byte) (all []byte) {
	in := bufio.NewReader(bytes.NewReader(raw))
	for {
		request, err := http.ReadRequest(in)
		if err != nil {
			return all // the end, maybe in the middle of one
		}
		if strings.EqualFold(request.Header.Get("Upgrade"), "websocket") {
			rest, _ := io.ReadAll(in) // memory does not fail
			return append(all, unmasked(p.t, rest)...)
		}
		body, _ := io.ReadAll(request.Body) // what came of it, when it was cut off
		all = append(all, body...)
	}
}

// unmasked is what the frames of a client hold (RFC 6455 §5.2).
func unmasked(t *testing.T, raw []byte) (all []byte) {
	for len(raw) >= 6 {
		if raw[0]&0x70 != 0 || raw[1]&0x80 == 0 {
			t.Errorf("a frame of a client begins with %x: nobody can look into it", raw[:2])
			return all
		}
		length, head := int(raw[1]&0x7f), 2
		switch length {
		case 126:
			length, head = int(binary.BigEndian.Uint16(raw[2:])), 4
		case 127:
			t.Error("a frame is longer than anything that is sent")
			return all
		}
		if len(raw) < head+4+length {
			return all
		}
		for i, b := range raw[head+4 : head+4+length] {
			all = append(all, b^raw[head+i%4])
		}
		raw = raw[head+4+length:]
	}
	return all
}
