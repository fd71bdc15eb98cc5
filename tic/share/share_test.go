package share

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
	"releve/tic/linky"
	"releve/tic/port"
)

// patient is how long a test waits for what must come, before it fails. Nothing is expected to take that long.
const patient = 30 * time.Second

// serving is a server on a port of its own.
type serving struct {
	*Server
	t       *testing.T
	address string
	stop    context.CancelFunc
	done    chan error
}

func serve(t *testing.T, dropAfter time.Duration) *serving {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s := &serving{New("", slog.New(slog.DiscardHandler)), t, listener.Addr().String(), stop, make(chan error, 1)}
	s.patience = dropAfter
	go func() { s.done <- s.serve(ctx, listener) }()
	t.Cleanup(s.end)
	return s
}

// end stops the server, which must come to its end with nobody connected.
func (s *serving) end() {
	s.stop()
	select {
	case err := <-s.done:
		if err != nil {
			s.t.Errorf("the server ended with %v", err)
		}
		s.done <- nil
	case <-time.After(patient):
		s.t.Fatal("the server did not end")
	}
	if n := s.Stats().Clients; n != 0 {
		s.t.Errorf("%d clients are left", n)
	}
}

// until waits for the statistics to become what they must.
func (s *serving) until(what string, is func(Stats) bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patient); !is(s.Stats()); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: statistics are %+v", what, s.Stats())
		}
	}
}

// join connects clients and returns once the server has them all.
func (s *serving) join(n int) []net.Conn {
	s.t.Helper()
	before := s.Stats().Clients
	var all []net.Conn
	for range n {
		conn, err := net.Dial("tcp", s.address)
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(patient)); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, conn)
	}
	s.until("join", func(stats Stats) bool { return stats.Clients == before+n })
	return all
}

func (s *serving) write(raw []byte) {
	s.t.Helper()
	if n, err := s.Write(raw); n != len(raw) || err != nil {
		s.t.Fatalf("Write took %d of %d bytes: %v", n, len(raw), err)
	}
}

// heard reads n bytes from a client.
func (s *serving) heard(conn net.Conn, n int) []byte {
	s.t.Helper()
	raw := make([]byte, n)
	if got, err := io.ReadFull(conn, raw); err != nil {
		s.t.Fatalf("%d of %d bytes came: %v", got, n, err)
	}
	return raw
}

// frames are what a meter says, with even parity in bit 7 as a line of eight bits carries it.
func frames(t testing.TB, n int) []byte {
	t.Helper()
	meter, err := linky.New(linky.Scenario{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := meter.Run(t.Context(), &out, linky.Pace{Max: true, Frames: n, Parity: true}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestEveryClientGetsEveryByte(t *testing.T) {
	t.Parallel()
	s := serve(t, patience)
	clients := s.join(3)
	raw := frames(t, 4)
	if _, err := clients[1].Write([]byte("AT+RESET\r\n\x02\x03")); err != nil { // nobody listens to it
		t.Fatal(err)
	}
	for i := 0; i < len(raw); i += 37 {
		s.write(raw[i:min(i+37, len(raw))])
	}
	for _, c := range clients {
		if !bytes.Equal(s.heard(c, len(raw)), raw) {
			t.Error("a client got other bytes than the meter's")
		}
	}
	if diff := cmp.Diff(Stats{Clients: 3}, s.Stats()); diff != "" {
		t.Errorf("statistics (-want +got):\n%s", diff)
	}
}

func TestLateClientBeginsWithAFrame(t *testing.T) {
	t.Parallel()
	s := serve(t, patience)
	raw := frames(t, 3)
	second := 1 + bytes.IndexByte(raw[1:], startOfText|parityBit)
	first := s.join(1)[0]
	s.write(raw[:second/2])
	late := s.join(1)[0]
	s.write(raw[second/2:])
	if !bytes.Equal(s.heard(first, len(raw)), raw) {
		t.Error("the first client misses bytes")
	}
	if !bytes.Equal(s.heard(late, len(raw)-second), raw[second:]) {
		t.Error("the late client does not begin with the second frame")
	}
}

func TestFlushBeginsWithAFrameAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, patience)
	raw := frames(t, 1)
	c := s.join(1)[0]
	s.write(raw[:100])
	s.Flush()
	s.write(raw[100:]) // not the continuation
	s.write(raw)
	want := append(bytes.Clone(raw[:100]), raw...)
	if !bytes.Equal(s.heard(c, len(want)), want) {
		t.Error("the client got bytes between the break and the next frame")
	}
}

// A second Relève reads the shared line as if it were the port.
func TestAnotherReleveDecodesIt(t *testing.T) {
	t.Parallel()
	s := serve(t, patience)
	got := make(chan int, 100)
	decoder := tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
		if !f.Complete || f.Rejected > 0 {
			t.Errorf("a frame is complete=%v with %d lines refused", f.Complete, f.Rejected)
		}
		got <- len(f.Groups)
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- port.Listen(ctx, port.Config{Name: "tcp://" + s.address}, decoder) }()
	s.until("connect", func(stats Stats) bool { return stats.Clients == 1 })
	s.write(frames(t, 5))
	for range 5 {
		select {
		case n := <-got:
			if n < 20 {
				t.Errorf("a frame of %d groups", n)
			}
		case <-time.After(patient):
			t.Fatal("no frame came")
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	s.until("leave", func(stats Stats) bool { return stats.Clients == 0 })
}

func TestTooManyClients(t *testing.T) {
	t.Parallel()
	s := serve(t, patience)
	s.join(maxClients)
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patient)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("one client too many: %v, want that it is disconnected", err)
	}
	if diff := cmp.Diff(Stats{Clients: maxClients, Refused: 1}, s.Stats()); diff != "" {
		t.Errorf("statistics (-want +got):\n%s", diff)
	}
}

// A client that never reads costs the meter nothing and is dropped; the one beside it goes on.
func TestDeafClientIsDropped(t *testing.T) {
	t.Parallel()
	s := serve(t, 50*time.Millisecond)
	s.join(1)
	raw := bytes.Repeat(frames(t, 1), 4)
	for deadline := time.Now().Add(patient); s.Stats().Dropped == 0; s.write(raw) {
		if time.Now().After(deadline) {
			t.Fatalf("statistics are %+v", s.Stats())
		}
	}
	c := s.join(1)[0]
	s.write(raw)
	if !bytes.Equal(s.heard(c, len(raw)), raw) {
		t.Error("the next client misses bytes")
	}
	if got := s.Stats(); got.Dropped != 1 || got.Skipped == 0 {
		t.Errorf("statistics are %+v, want one client dropped after bytes were skipped", got)
	}
}

func TestEndDisconnectsClients(t *testing.T) {
	t.Parallel()
	s := serve(t, patience)
	clients := s.join(2)
	s.end()
	for _, c := range clients {
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("a client is still connected")
		}
	}
	s.write(frames(t, 1)) // the meter goes on while the others stop
}

func TestRunSaysWhyItCannot(t *testing.T) {
	t.Parallel()
	s := serve(t, patience)
	second := New(s.address, slog.New(slog.DiscardHandler))
	err := second.Run(t.Context())
	want := "share the line: listen tcp " + s.address + ": bind: address already in use"
	if err == nil || err.Error() != want || !errors.Is(err, second.Stats().Err) {
		t.Errorf("error is %v, and %v in the statistics, want %s", err, second.Stats().Err, want)
	}
}

func TestRunListens(t *testing.T) {
	t.Parallel()
	said, says := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- New("127.0.0.1:0", slog.New(slog.NewTextHandler(says, nil))).Run(ctx)
		says.Close()
	}()
	line := make([]byte, 256)
	n, err := said.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, said) }() // ends with the pipe
	_, address, found := strings.Cut(strings.TrimSpace(string(line[:n])), "address=")
	conn, err := net.Dial("tcp", address)
	if err != nil || !found {
		t.Fatalf("%s: %v", line[:n], err)
	}
	conn.Close()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
