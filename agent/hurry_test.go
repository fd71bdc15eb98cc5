package main

import (
	"bytes"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hurry is a meter on a socket, which can talk faster than any bus: what gathers in minutes gathers in seconds.
type hurry struct {
	listener net.Listener
	frames   [][]byte
	pause    atomic.Int64  // between two frames
	said     atomic.Int64  // frames
	ended    chan struct{} // closed by stop: nothing more is said
	closed   chan struct{}
	stop     func()
}

// newHurry plays frames to one reader after the other, at the pace of a bus until it is told otherwise.
func newHurry(t *testing.T, raw []byte) *hurry {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	m := &hurry{listener: listener, frames: bytes.SplitAfter(raw, []byte{0x03}), ended: make(chan struct{}), closed: make(chan struct{})}
	m.pause.Store(int64(time.Second))
	m.stop = sync.OnceFunc(func() { close(m.ended) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.play()
	}()
	t.Cleanup(func() {
		m.stop()
		close(m.closed)
		must(t, listener.Close())
		<-done
	})
	return m
}

func (m *hurry) play() {
	for {
		conn, err := m.listener.Accept()
		if err != nil {
			return
		}
		m.talk(conn)
		_ = conn.Close()
	}
}

// talk says the frames that were not said, and then holds its tongue.
func (m *hurry) talk(to io.Writer) {
	for int(m.said.Load()) < len(m.frames) && m.pausing() {
		if _, err := to.Write(m.frames[m.said.Load()]); err != nil {
			return
		}
		m.said.Add(1)
	}
	<-m.closed
}

// pausing waits for the time of the next frame and says whether there is to be one.
func (m *hurry) pausing() bool {
	select {
	case <-m.ended:
		return false
	case <-time.After(time.Duration(m.pause.Load())):
		return true
	}
}
