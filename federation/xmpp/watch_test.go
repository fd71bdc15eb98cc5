package xmpp

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A server that takes nothing more is given up: who sends must not wait for ever.
func TestSendIsStuck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, _ := connect(t, quietRouter(), noPace) // it hears nothing
		began := time.Now()
		err := l.send(context.Background(), NewElement(nsClient, "message"))
		if got, want := text(err), "send stanza: io: read/write on closed pipe"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := time.Since(began); got != sendTimeout {
			t.Errorf("given up after %s, want %s", got, sendTimeout)
		}
	})
}

// With a server that never answers: pings after pingAfter, the end after deadAfter.
func TestWatchGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, s, ended := serving(t, quietRouter(), noPace)
		began := time.Now()
		if ping := <-s.sent; ping.Child(nsPing, "ping") == nil || ping.Attr("to") != domain {
			t.Errorf("the silence is broken with %s", ping)
		}
		if got := time.Since(began); got <= pingAfter || got > pingAfter+pingAfter/4 {
			t.Errorf("first ping after %s", got)
		}
		if err := <-ended; !errors.Is(err, errSilent) {
			t.Errorf("got %v", err)
		}
		if got := time.Since(began); got <= deadAfter || got > deadAfter+pingAfter/4 {
			t.Errorf("given up after %s", got)
		}
		synctest.Wait()
		heard := s.heard()
		if last := heard[len(heard)-1]; last != "presence type=unavailable" {
			t.Errorf("the last word is %s", last)
		}
	})
}

// Any byte is a sign of life, also one that is no stanza.
func TestWatchTakesAnyByteForLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, s, ended := serving(t, quietRouter(), noPace)
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
		l, s := connect(t, quietRouter(), noPace)
		go s.hear()
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- l.serve(ctx) }()
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
func TestCloseIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s := connect(t, quietRouter(), noPace)
		began := time.Now()
		l.close()
		if got := time.Since(began); got != closeTimeout {
			t.Errorf("it took %s, want %s", got, closeTimeout)
		}
		if _, err := s.conn.Write([]byte(" ")); err == nil {
			t.Error("the connection is still open")
		}
	})
}
