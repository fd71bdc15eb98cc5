package xmpp

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What the server may have found too large halves what is sent, down to a bound, and is remembered for the next session.
func TestLimitsAreLearned(t *testing.T) {
	t.Parallel()
	policy := &StreamError{Condition: "policy-violation"}
	tests := []struct {
		name      string
		err       error
		size      int // of the stanza on its way
		announced int
		want      int // that may be sent afterwards
		is        error
	}{
		{"large", policy, 50_000, 0, 25_000, ErrShorter},
		{"not much more than the least", policy, 5_000, 0, leastStanza, ErrShorter},
		{"nothing large", policy, 300, 0, MaxStanza, policy},
		{"another reason", &StreamError{Condition: "reset"}, 50_000, 0, MaxStanza, nil},
		{"a limit is announced", policy, 50_000, 55_000, 55_000, policy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := idle()
			l, s := connect(t, quietRouter())
			s.wire.terms.maxBytes, l.terms.maxBytes = tt.announced, tt.announced
			s.wire.gauge.begins(tt.size)
			if err := c.learn(l, s.wire, tt.err); !errors.Is(err, tt.err) || tt.is != nil && !errors.Is(err, tt.is) || errors.Is(err, ErrShortest) {
				t.Errorf("the reason became %v", err)
			}
			next := c.take(s.wire)
			t.Cleanup(next.end)
			if got := next.terms.stanza(); got != tt.want {
				t.Errorf("at most %d bytes afterwards, want %d", got, tt.want)
			}
		})
	}
}

// Of a server that counts, what it has not acknowledged is what it may not have taken.
func TestLongestNotAcknowledged(t *testing.T) {
	t.Parallel()
	l, _ := connect(t, quietRouter())
	l.tally.enable()
	l.tally.sends(&item{text: make([]byte, 9_000)})
	l.tally.sends(&item{text: make([]byte, 7_000)})
	if l.tally.acknowledge("1"); l.tally.longest() != 7_000 {
		t.Errorf("%d bytes", l.tally.longest())
	}
}

// A server that refuses even what every server has to take is said to.
func TestRefusesTheLeast(t *testing.T) {
	t.Parallel()
	c := idle()
	l, s := connect(t, quietRouter())
	policy := &StreamError{Condition: "policy-violation"}
	for _, step := range []struct {
		size int
		is   error
	}{{5_000, ErrShorter}, {leastStanza, ErrShortest}, {300, policy}} {
		s.wire.gauge = gauge{}
		s.wire.gauge.begins(step.size)
		if err := c.learn(l, s.wire, policy); !errors.Is(err, step.is) || step.is != ErrShortest && errors.Is(err, ErrShortest) { //nolint:errorlint // which of them
			t.Errorf("%d bytes: %v", step.size, err)
		}
	}
}

// A server that resets the connection over a stanza may never be heard to say so. The second connection in a row that ends
// on it ends the session too, and what comes next is shorter.
func TestStuckOnAStanza(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, l, s, ended := counted(t)
		c.up(l, s.wire)
		lost := s.message(t, c, strings.Repeat("x", 30_000))
		synctest.Wait()
		_ = s.conn.Close()
		err := c.learn(l, s.wire, <-ended)
		if c.away(); errors.Is(err, ErrShorter) || !c.keep(l, err) {
			t.Fatalf("after the first end, %v, it is not kept", err)
		}
		again, s := again(t, c, `<resumed xmlns="`+nsManagement+`" previd="known" h="0"/>`)
		c.up(again, s.wire)
		time.Sleep(20 * time.Second) // at the pace of data
		if text := words(s)[0]; len(text) != 30_000 {
			t.Errorf("%d bytes came again", len(text))
		}
		_ = s.conn.Close()
		synctest.Wait()
		err = c.learn(l, s.wire, errLinkLost)
		if c.away(); !errors.Is(err, ErrShorter) || c.keep(l, err) {
			t.Fatalf("after the second end, %v, it is kept", err)
		}
		l.end()
		if err := lost.Wait(t.Context()); !errors.Is(err, errLinkLost) {
			t.Errorf("the stanza: %v", err)
		}
		if most := c.room.Most(); most < 15_000 || most > 15_200 {
			t.Errorf("%d bytes from now on", most)
		}
	})
}

// A connection over which a stanza as long was taken says nothing against it.
func TestNotStuck(t *testing.T) {
	t.Parallel()
	c := idle()
	l, s := connect(t, quietRouter())
	for range 3 {
		for range 2 {
			s.wire.gauge.begins(30_000)
			s.wire.gauge.ask(question{})
			s.wire.gauge.answer()
		}
		s.wire.gauge.begins(30_000)
		if err := c.learn(l, s.wire, errLinkLost); errors.Is(err, ErrShorter) {
			t.Error(err)
		}
	}
}
