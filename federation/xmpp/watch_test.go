package xmpp

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"
)

// A server that takes nothing more is given up, and who sends is told.
func TestSendIsStuck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s := connect(t, quietRouter())
		began := time.Now()
		ended := make(chan error, 1)
		go func() { // the server hears nothing
			err := l.serve(context.Background(), s.wire)
			l.end()
			ended <- err
		}()
		stanza := []byte("<message/>")
		err := l.send(context.Background(), JID{}, stanza, urgent, nil)
		if got, want := text(err), "write to the server: io: read/write on closed pipe"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got, want := time.Since(began), patience(len(stanza)); got < want || got > want+2*watchTick {
			t.Errorf("given up after %s, want %s", got, want)
		}
		if err := <-ended; !errors.Is(err, errSilent) {
			t.Errorf("got %v", err)
		}
	})
}

// With a server that never answers: a ping after pingAfter, the end after margin.
func TestWatchGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, s, ended := serving(t, quietRouter())
		began := time.Now()
		ping := <-s.sent
		if ping.Child(nsPing, "ping") == nil || ping.Attr("to") != domain {
			t.Errorf("the silence is broken with %s", ping)
		}
		if got := time.Since(began); got <= pingAfter || got > pingAfter+watchTick {
			t.Errorf("first ping after %s", got)
		}
		if err := <-ended; !errors.Is(err, errSilent) {
			t.Errorf("got %v", err)
		}
		if got := time.Since(began); got <= pingAfter+margin || got > pingAfter+margin+3*watchTick {
			t.Errorf("given up after %s", got)
		}
		synctest.Wait()
		if got := s.heard(); got != nil {
			t.Errorf("a dead link, which may be resumed, is told %v", got)
		}
	})
}

// A server that takes 1000 B/s and says nothing but what it must is never given up, whatever lies before a question.
func TestWatchIsPatientWithASlowServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s := connect(t, quietRouter())
		s.in = openStream(slow{s.conn})
		long, err := encode(NewElement(nsClient, "message").WithText(strings.Repeat("x", MaxStanza-100)))
		if err != nil {
			t.Fatal(err)
		}
		ended := serve(t, l, s)
		for range 4 {
			go l.send(context.Background(), jid.MustParse(peer), long, bulk, nil) //nolint:errcheck // the server sees it
		}
		messages := 0
		for messages < 4 {
			select {
			case err := <-ended:
				t.Fatalf("given up after %d of 4 messages: %v", messages, err)
			case e := <-s.sent:
				if e.Name.Local == "message" {
					messages++
				} else {
					s.say(`<iq type="result" id="%s" from="%s"/>`, e.Attr("id"), domain)
				}
			}
		}
		_ = s.conn.Close()
		for range s.sent {
		}
	})
}

// Any byte is a sign of life, also one that is no stanza.
func TestWatchTakesAnyByteForLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, s, ended := serving(t, quietRouter())
		for range 20 {
			time.Sleep(pingAfter - time.Second)
			s.say(" ")
		}
		synctest.Wait()
		if got := s.heard(); got != nil {
			t.Errorf("a server that speaks was asked: %v", got)
		}
		select {
		case err := <-ended:
			t.Errorf("ended: %v", err)
		default:
		}
	})
}

func TestServeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s := connect(t, quietRouter())
		go s.hear()
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- l.serve(ctx, s.wire) }()
		synctest.Wait()
		cancel()
		began := time.Now()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if diff := cmp.Diff([]string{"presence type=unavailable"}, s.heard()); diff != "" {
			t.Error(diff)
		}
		if !errors.Is(s.end, io.EOF) {
			t.Errorf("the stream was not closed in order: %v", s.end)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %s", took)
		}
	})
}

// A server that reads nothing gets no goodbye, and does not hold us up for longer than it.
func TestGoodbyeIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s := connect(t, quietRouter())
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		began := time.Now()
		if err := l.serve(ctx, s.wire); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if got := time.Since(began); got != closeTimeout {
			t.Errorf("it took %s, want %s", got, closeTimeout)
		}
		if _, err := s.conn.Write([]byte(" ")); err == nil {
			t.Error("the connection is still open")
		}
	})
}
