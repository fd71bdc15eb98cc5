package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"releve/federation/xmpp"
	"releve/senml"
	"releve/tic"
)

// Bounds on what is followed live.
const (
	traceEvery  = 5 * time.Second // between two messages
	maxTrace    = 3_000           // bytes of a message: a stock server's shaper lets 15 000 through meanwhile
	maxTraces   = 2               // at the same time
	bounceAfter = time.Second     // how long a bounce is waited for before the next message
)

var (
	errTraces = errors.New("too many follow already")
	errTraced = errors.New("this client follows already")
)

// teller sends texts to a person's client.
type teller interface {
	Tell(ctx context.Context, to xmpp.JID, text string) (*xmpp.Receipt, error)
}

// tracer tells clients what a meter says, for a while. It is a task: what it tells ends with the agent.
type tracer struct {
	session teller
	log     *slog.Logger
	every   time.Duration
	asked   chan *trace

	mu   sync.Mutex // guards everything below
	open map[string]*trace
}

func newTracer(session teller, log *slog.Logger) *tracer {
	return &tracer{session: session, log: log, every: traceEvery, asked: make(chan *trace), open: map[string]*trace{}}
}

// String names the task.
func (t *tracer) String() string { return "traces" }

// Run tells until ctx ends.
func (t *tracer) Run(ctx context.Context) error {
	var group sync.WaitGroup
	defer group.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case one := <-t.asked:
			group.Go(func() { t.tell(ctx, one) })
		}
	}
}

// follow begins a trace of a meter for a client, which has at most one.
func (t *tracer) follow(ctx context.Context, one *trace) error {
	t.mu.Lock()
	_, twice := t.open[one.to.String()]
	switch {
	case twice:
		t.mu.Unlock()
		return errTraced
	case len(t.open) >= maxTraces:
		t.mu.Unlock()
		return errTraces
	}
	t.open[one.to.String()] = one
	t.mu.Unlock()
	select {
	case t.asked <- one:
		return nil
	case <-ctx.Done():
		t.close(one)
		return ctx.Err()
	}
}

func (t *tracer) close(one *trace) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, one.to.String())
}

// tell sends what comes until the time is over or nobody is there any more.
func (t *tracer) tell(ctx context.Context, one *trace) {
	defer t.close(one)
	one.meter.taps.add(one)
	defer one.meter.taps.remove(one)
	ctx, cancel := context.WithTimeout(ctx, one.length)
	defer cancel()
	tick := time.NewTicker(t.every)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
		text := one.take()
		if ctx.Err() != nil {
			text = strings.TrimLeft(text+"\n"+one.farewell, "\n")
		}
		if err := t.send(context.WithoutCancel(ctx), one.to, text); err != nil {
			t.log.Info("trace ended", "meter", one.meter.cfg.Name, "to", one.to.Bare().String(), "error", err)
			return
		}
	}
	t.log.Info("trace ended", "meter", one.meter.cfg.Name, "to", one.to.Bare().String())
}

// send sends a message and waits a little for its bounce.
func (t *tracer) send(ctx context.Context, to xmpp.JID, text string) error {
	if text == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, t.every)
	defer cancel()
	wait, err := t.session.Tell(ctx, to, text)
	if err != nil {
		return err
	}
	ctx, patience := context.WithTimeout(ctx, min(bounceAfter, t.every))
	defer patience()
	if err := wait.Wait(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// trace is one client that follows one meter.
type trace struct {
	to       xmpp.JID
	meter    *meter
	frames   bool // the groups of whole frames; else values as they are recorded
	length   time.Duration
	farewell string

	mu      sync.Mutex // guards everything below
	text    strings.Builder
	skipped int // lines for which there was no room
}

// personal are the labels that say whose meter it is (Enedis-NOI-CPT_02E, _54E).
var personal = map[string]bool{"ADCO": true, "ADSC": true, "PRM": true}

// frame notes the groups of a frame, while the decoder still owns its bytes.
func (t *trace) frame(f *tic.Frame) {
	if !t.frames {
		return
	}
	for _, g := range f.Groups {
		value := strings.TrimSpace(string(g.Value))
		if personal[string(g.Label)] {
			value = "…"
		}
		t.note(fmt.Sprintf("%s %s", g.Label, value))
	}
	t.note("")
}

// records notes what was recorded of a frame.
func (t *trace) records(p senml.Pack) {
	if t.frames {
		return
	}
	for i := range p {
		t.note(strings.TrimSpace(fmt.Sprintf("%s %s %s", p[i].Name, p[i].Value.String(), p[i].Unit)))
	}
}

func (t *trace) note(line string) {
	line = address.ReplaceAllString(line, "…")
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.text.Len()+len(line) >= maxTrace {
		t.skipped++
		return
	}
	t.text.WriteString(line + "\n")
}

// take is what was noted since the last time.
func (t *trace) take() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.text.String()
	if t.skipped > 0 {
		text += fmt.Sprintf("… +%d\n", t.skipped)
	}
	t.text.Reset()
	t.skipped = 0
	return strings.TrimRight(text, "\n")
}

// taps are the traces of a meter.
type taps struct {
	mu   sync.Mutex // guards what is below
	open map[*trace]bool
}

func (t *taps) add(one *trace) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = map[*trace]bool{}
	}
	t.open[one] = true
}

func (t *taps) remove(one *trace) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, one)
}

// frame shows each trace a frame and what was recorded of it.
func (t *taps) frame(f *tic.Frame, p senml.Pack) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for one := range t.open {
		one.frame(f)
		one.records(p)
	}
}
