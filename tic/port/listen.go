// Package port reads a meter's line: a serial device, a TCP address or a file. Bytes go out to a Line; what comes back
// is how many groups they made, by which the speed is found. It knows nothing of frames, and it keeps the line open:
// what connects also reconnects.
package port

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"

	"releve/tic"
)

// Line takes the bytes. A *tic.Decoder is one.
type Line interface {
	io.Writer
	Flush()                 // the bytes were interrupted here
	Counters() tic.Counters // tells whether the bytes make sense
}

var _ Line = (*tic.Decoder)(nil)

// Config says what to read and how.
type Config struct {
	Name  string       // device path, tcp://host:port, or a regular file
	Mode  tic.Mode     // Historic is read at 1200 Bd, Standard at 9600; Auto tries both
	Log   *slog.Logger // nil to say nothing
	State func(State)  // called from Listen at each change; may be nil

	// Probe is how long Auto listens at one speed before it tries the other; 0 is 3 s, the longest frame.
	Probe time.Duration
	// Quiet is how long a line that was understood may say nothing before Auto looks for its speed again; 0 is 10 s,
	// the delay after which 02E calls the line faulty.
	Quiet time.Duration
	// Retry is the first pause before the line is opened again, which grows to 30 s; 0 is 500 ms.
	Retry time.Duration
}

// State is the port as a health page shows it.
type State struct {
	Open  bool
	Speed int   // in bauds; 0 when the port has none or is closed
	Err   error // why it is closed; nil while open, and after ctx ended
}

const (
	usualProbe = 3 * time.Second
	usualQuiet = 10 * time.Second
	usualRetry = 500 * time.Millisecond
	longRetry  = 30 * time.Second
)

// Listen reads the port into the line until ctx ends, and then returns nil. It opens the port again when it is
// unplugged, refused or in use, after a pause with jitter. A regular file is read once, and then Listen returns nil.
// Only what no retry can mend is an error: a name that cannot be a port, a line that does not take its bytes.
func Listen(ctx context.Context, cfg Config, line Line) error {
	source, err := parse(cfg.Name)
	if err != nil {
		return err
	}
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = orElse(cfg.Retry, usualRetry), longRetry
	l := &listener{cfg: cfg, source: source, line: line, pause: pause, tuner: newTuner(cfg)}
	if l.cfg.Log == nil {
		l.cfg.Log = slog.New(slog.DiscardHandler)
	}
	_, err = backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, l.hold(ctx) },
		backoff.WithBackOff(pause), backoff.WithMaxElapsedTime(0), backoff.WithNotify(l.lost))
	if ctx.Err() != nil {
		err = nil
	}
	l.tell(State{Err: err})
	return err
}

func orElse(d, usual time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return usual
}

// conn is an open port. Read returns 0 and nil when nothing came for a while, so that its reader can look up.
type conn interface {
	io.ReadCloser
	speed() int           // 0 for what has none
	tune(speed int) error // not called when speed is 0
}

// source opens a port, at the speed given if it has one.
type source interface {
	open(ctx context.Context, speed int) (conn, error)
}

type listener struct {
	cfg    Config
	source source
	line   Line
	pause  *backoff.ExponentialBackOff
	tuner  *tuner
	buf    [4096]byte
}

// hold opens the port once and reads it until it breaks. It returns nil at the end of a file or of ctx.
func (l *listener) hold(ctx context.Context) error {
	if ctx.Err() != nil {
		return nil
	}
	c, err := l.source.open(ctx, l.tuner.speed())
	if err != nil {
		return err
	}
	defer c.Close()      // nothing was written that could be lost
	defer l.line.Flush() // what follows, if anything, is not the continuation
	l.cfg.Log.Info("port opened", "port", l.cfg.Name, "speed", c.speed())
	l.tell(State{Open: true, Speed: c.speed()})
	l.tuner.listen(time.Now(), l.understood())
	err = l.read(ctx, c)
	if errors.Is(err, errEndOfFile) {
		return nil
	}
	return err
}

func (l *listener) read(ctx context.Context, c conn) error {
	for ctx.Err() == nil {
		n, err := c.Read(l.buf[:])
		if _, err := l.line.Write(l.buf[:n]); err != nil {
			return backoff.Permanent(err)
		}
		if err != nil {
			return err
		}
		if err := l.retune(c); err != nil {
			return err
		}
	}
	return nil
}

// retune tries the other speed when nothing was understood for too long.
func (l *listener) retune(c conn) error {
	if l.tuner.heard(time.Now(), l.understood()) {
		l.pause.Reset()
	}
	if c.speed() == 0 || !l.tuner.lost(time.Now()) {
		return nil
	}
	from, to := l.tuner.next(time.Now())
	if from == to {
		return nil
	}
	l.cfg.Log.Info("nothing understood, trying another speed", "port", l.cfg.Name, "speed", from, "next", to)
	l.line.Flush()
	if err := c.tune(to); err != nil {
		return err
	}
	l.tell(State{Open: true, Speed: to})
	return nil
}

// understood counts groups with a known label. A wrong speed makes noise, and noise makes a group once in a while, but
// not one with the name of a quantity.
func (l *listener) understood() uint64 {
	c := l.line.Counters()
	return c.Groups - c.Unknown
}

// lost reports a closed port. It is the only place that does.
func (l *listener) lost(err error, wait time.Duration) {
	l.cfg.Log.Warn("port not open", "port", l.cfg.Name, "error", err, "retry_in", wait.Round(time.Millisecond))
	l.tell(State{Err: err})
}

func (l *listener) tell(s State) {
	if l.cfg.State != nil {
		l.cfg.State(s)
	}
}
