package port_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/creack/pty"

	"releve/tic"
	"releve/tic/port"
)

// The frames of two invented meters, in full as they are on the wire.
const (
	historic = "\x02\nADCO 000000000000 W\r\nPTEC HP..  \r\nPAPP 00440 )\r\x03"
	standard = "\x02\nVTIC\t02\tJ\r\nEAST\t026967224\t5\r\nSINSTS\t00440\tN\r\x03"
)

// patience is how long a test waits for what must come, before it fails. Nothing is expected to take that long.
const patience = time.Minute

// listening is a Listen under test. Its channels never hold it up.
type listening struct {
	t      *testing.T
	states chan port.State
	frames chan []string
	done   chan error
	stop   context.CancelFunc
}

// listen starts Listen with a decoder. on is called from it at each state, before a test sees the state; it may be nil.
func listen(t *testing.T, cfg port.Config, on func(port.State)) *listening {
	t.Helper()
	return listenIn(t, tic.Auto, cfg, on)
}

// listenIn is listen with a decoder for one mode.
func listenIn(t *testing.T, mode tic.Mode, cfg port.Config, on func(port.State)) *listening {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	l := &listening{
		t: t, stop: stop,
		states: make(chan port.State, 1000), frames: make(chan []string, 1000), done: make(chan error, 1),
	}
	cfg.State = func(s port.State) {
		if on != nil {
			on(s)
		}
		l.states <- s
	}
	if cfg.Retry == 0 {
		cfg.Retry = time.Millisecond
	}
	decoder := tic.NewDecoder(mode, func(f *tic.Frame) { l.frames <- labels(f) })
	go func() { l.done <- port.Listen(ctx, cfg, decoder) }()
	t.Cleanup(stop)
	return l
}

func labels(f *tic.Frame) []string {
	var names []string
	for _, g := range f.Groups {
		names = append(names, string(g.Label))
	}
	return names
}

// next returns what a channel brings, or fails the test.
func next[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s came", what)
		panic("unreachable")
	}
}

// closed waits for a state that is closed and returns its error.
func (l *listening) closed() error {
	l.t.Helper()
	for {
		if s := next(l.t, "closed state", l.states); !s.Open {
			return s.Err
		}
	}
}

// opened waits for a state that is open.
func (l *listening) opened() port.State {
	l.t.Helper()
	for {
		if s := next(l.t, "open state", l.states); s.Open {
			return s
		}
	}
}

// heard waits for a state in which a meter is heard.
func (l *listening) heard() port.State {
	l.t.Helper()
	for {
		if s := next(l.t, "state with a meter", l.states); s.Mode != tic.Auto {
			return s
		}
	}
}

// await waits for a state.
func (l *listening) await(want port.State) {
	l.t.Helper()
	for next(l.t, "state "+fmt.Sprint(want), l.states) != want {
	}
}

// whole waits for a frame with the first label of a meter in that mode.
func (l *listening) whole(mode tic.Mode) {
	l.t.Helper()
	first := map[tic.Mode]string{tic.Historic: "ADCO", tic.Standard: "ADSC"}[mode]
	for next(l.t, mode.String()+" frame", l.frames)[0] != first {
	}
}

// end stops Listen and checks that it ends well.
func (l *listening) end() {
	l.t.Helper()
	l.stop()
	if err := next(l.t, "end", l.done); err != nil {
		l.t.Errorf("Listen: %v, want nil when its context ends", err)
	}
}

// terminal is the meter's end of a pseudo-terminal and the name of the other one.
func terminal(t *testing.T) (meter *os.File, name string) {
	t.Helper()
	meter, other, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminals on this machine: %v", err)
	}
	t.Cleanup(func() {
		if err := errors.Join(other.Close(), ignoreClosed(meter.Close())); err != nil {
			t.Error(err)
		}
	})
	return meter, other.Name()
}

// ignoreClosed lets a test unplug the meter itself.
func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

func send(t *testing.T, meter interface{ WriteString(string) (int, error) }, raw string) {
	t.Helper()
	if _, err := meter.WriteString(raw); err != nil {
		t.Error(err)
	}
}
