// Package port reads a meter's line: a serial device, a serial server in the network, a file. Bytes go out to a Line;
// what comes back is how many groups they made, by which the speed and the mode are found. It knows nothing of frames,
// and it keeps the line open: what connects also reconnects. It also tells which ports a machine has, what adapters
// they are and who holds them.
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
	Name    string       // auto, device path, tcp://host:port, rfc2217://host:port, a regular file, or - for Input
	Mode    tic.Mode     // the only one the Line takes; the other is heard too, so that it can be told. Auto for both
	Log     *slog.Logger // nil to say nothing
	State   func(State)  // called from Listen at each change; may be nil
	Machine Machine      // where ports are looked for
	Among   Among        // the other meters, for the name auto
	Input   io.Reader    // what the name - reads; nil is standard input

	// Probe is how long Listen waits for a group at one speed before it tries the other; 0 is 3 s, the longest frame.
	// Nonsense is left sooner, and a line that stays silent is listened to up to four times as long.
	Probe time.Duration
	// Quiet is how long a line that was understood may say nothing before Listen looks for its speed again; 0 is 10 s,
	// the delay after which 02E calls the line faulty.
	Quiet time.Duration
	// Retry is the first pause before the line is opened again, which grows to 30 s; 0 is 500 ms. What is not plugged in
	// is looked for every second.
	Retry time.Duration
}

// State is the port as a health page shows it. That Mode changes is the event of a distributor who switched the meter.
type State struct {
	Open   bool
	Device string   // what is open: the device that auto found, else the name; "" for a file
	Speed  int      // in bauds; 0 when the port has none that could be chosen, or is closed
	Mode   tic.Mode // in which a meter is heard for certain; Auto when none is
	Rivals string   // other programs that have the device open and take bytes away; "" for none
	Err    error    // why it is closed; nil while open, and after ctx ended
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
	source, err := parse(cfg)
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
	name() string         // "" for what has none
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

	state  State
	rivals string
	known  tic.Mode // the mode of the meter when it was last heard
	excuse string   // the last reason told for a closed port
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
	l.excuse = ""
	l.cfg.Log.Info("port opened", "port", l.cfg.Name, "device", c.name(), "speed", c.speed())
	l.tuner.listen(time.Now(), l.tally())
	l.watch(c)
	l.show(c)
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
		if err := l.attend(c, time.Now()); err != nil {
			return err
		}
	}
	return nil
}

// attend draws the conclusions of what was read: that a meter is heard, that it changed its mode, that nothing is
// understood and the other speed may be the one.
func (l *listener) attend(c conn, now time.Time) error {
	groups, changed := l.tuner.heard(now, l.tally())
	if groups {
		l.pause.Reset()
	}
	switch {
	case changed:
		l.recognise(c)
	case l.tuner.lost(now):
		return l.retune(c, now)
	}
	return nil
}

// recognise tells in which mode the meter is heard.
func (l *listener) recognise(c conn) {
	mode, log := l.tuner.mode, l.cfg.Log.With("port", l.cfg.Name, "speed", c.speed())
	switch {
	case l.cfg.Mode != tic.Auto && l.cfg.Mode != mode:
		log.Warn("the meter talks in the other mode: nothing is read; set mode to auto", "mode", l.cfg.Mode.String(), "heard", mode.String())
	case l.known != tic.Auto && l.known != mode:
		log.Warn("the meter was switched to another mode", "from", l.known.String(), "to", mode.String())
	default:
		log.Info("meter heard", "mode", mode.String())
	}
	l.known = mode
	l.show(c)
}

// retune tries the other speed.
func (l *listener) retune(c conn, now time.Time) error {
	if l.tuner.mode != tic.Auto {
		l.cfg.Log.Info("the meter is not heard any more, looking for it at both speeds", "port", l.cfg.Name, "speed", c.speed())
		l.watch(c)
	}
	l.tuner.next(now)
	if c.speed() != 0 {
		l.line.Flush()
		if err := c.tune(l.tuner.speed()); err != nil {
			return err
		}
	}
	l.show(c)
	return nil
}

// tally counts groups, most by those with a known label. A wrong speed makes noise, and noise makes a group once in a
// while, but not one with the name of a quantity.
func (l *listener) tally() tally { return count(l.cfg.Mode, l.line.Counters()) }

// lost reports a closed port. It is the only place that does.
func (l *listener) lost(err error, wait time.Duration) {
	level := slog.LevelWarn
	if err.Error() == l.excuse { // said already, and nothing has changed since
		level = slog.LevelDebug
	}
	l.excuse = err.Error()
	l.cfg.Log.Log(context.Background(), level, "port not open", "port", l.cfg.Name, "error", err, "retry_in", wait.Round(time.Millisecond))
	l.tell(State{Err: err})
}

// contended is a conn that can tell who else reads it.
type contended interface{ rivals() string }

// watch looks who else reads the port. It takes a while, and is done when the port is opened and when its meter is lost.
func (l *listener) watch(c conn) {
	d, ok := c.(contended)
	if !ok {
		return
	}
	l.rivals = d.rivals()
	if l.rivals != "" {
		l.cfg.Log.Warn("another program reads the port and takes bytes away", "port", l.cfg.Name, "program", l.rivals)
	}
}

// show tells the state of an open port, when it is another.
func (l *listener) show(c conn) {
	s := State{Open: true, Device: c.name(), Speed: c.speed(), Mode: l.tuner.mode, Rivals: l.rivals}
	if s != l.state {
		l.tell(s)
	}
}

func (l *listener) tell(s State) {
	l.state = s
	if l.cfg.State != nil {
		l.cfg.State(s)
	}
}
