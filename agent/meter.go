package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"releve/agent/clock"
	"releve/agent/config"
	"releve/agent/series"
	"releve/senml"
	"releve/tic"
	"releve/tic/port"
	"releve/tic/share"
)

// meter is the source at one port: bytes to frames to records.
type meter struct {
	cfg      config.Meter
	among    port.Among
	recorder *series.Recorder
	clock    *clock.Clock
	take     func(p senml.Pack)
	learn    func(meter, prm string)
	moved    func(meter string) bool
	view     *view
	share    *share.Server // nil when nobody may read along
	log      *slog.Logger
	taps     taps
	wire     wire
	pulse    *pulse

	mu       sync.Mutex // guards everything below
	stamps   clock.Stamps
	line     port.State
	counters tic.Counters
	past     [2]tic.Counters // what the counters were at the last two turns of a span
	turned   clock.Instant
}

// lately is how long what a line was like is remembered: between one span and two, so that a bad day does not stay
// on the page and a new fault is not drowned in good months.
const lately = 15 * time.Minute

// String names the task.
func (m *meter) String() string { return "meter " + m.cfg.Name }

// Run listens until ctx ends. A port that goes away comes back by itself.
func (m *meter) Run(ctx context.Context) error {
	attending, stop := context.WithCancel(ctx)
	defer stop()
	go m.attend(attending)
	line := &countedLine{meter: m}
	line.decoder = tic.NewDecoder(m.cfg.Mode, m.frame)
	return port.Listen(ctx, port.Config{Name: m.cfg.Port, Mode: m.cfg.Mode, Log: m.log, State: m.setState, Among: m.among}, line)
}

// among tells a meter of the others, for the case that it has to find its port.
func among(meters []config.Meter, name string) port.Among {
	var a port.Among
	for _, m := range meters {
		switch {
		case m.Name == name:
			a.Index = a.Of
		case m.Port != "auto":
			a.Taken = append(a.Taken, m.Port)
		}
		if m.Port == "auto" {
			a.Of++
		}
	}
	return a
}

// attend notices that nothing is heard.
func (m *meter) attend(ctx context.Context) {
	tick := time.NewTicker(silentAfter / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			m.take(m.recorder.Quiet(m.stamp(m.clock.Instant())))
		}
	}
}

// frame takes a frame while the decoder still owns its bytes.
func (m *meter) frame(f *tic.Frame) {
	now := m.clock.Instant()
	if at, degraded, ok := told(f, m.view.location); ok {
		m.clock.Hear(m.cfg.Name, now, at, degraded)
	}
	stamp := m.stamp(now)
	records := m.recorder.Record(f, stamp)
	m.view.frame(f, stamp)
	m.taps.frame(f, records)
	m.wire.frame(f, stamp)
	for _, g := range f.Groups {
		if string(g.Label) == "PRM" {
			m.learn(m.cfg.Name, string(g.Value))
		}
	}
	m.take(records)
}

// stamp is the time by which what was heard at an instant goes.
func (m *meter) stamp(at clock.Instant) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stamps.Next(at)
}

func (m *meter) setState(s port.State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.line = s
}

// look returns the state of the port and what the decoder has counted.
func (m *meter) look() (port.State, tic.Counters) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.line, m.counters
}

// recent returns what the decoder has counted lately.
func (m *meter) recent() tic.Counters {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counters.Since(m.past[0])
}

// count notes the counters at an instant. The caller holds mu.
func (m *meter) count(c tic.Counters, now clock.Instant) {
	m.counters = c
	if now-m.turned >= lately {
		m.past, m.turned = [2]tic.Counters{m.past[1], c}, now
	}
}

// countedLine is the decoder, with its counters copied out for others after each write.
type countedLine struct {
	decoder *tic.Decoder
	meter   *meter
}

func (l *countedLine) Write(p []byte) (int, error) {
	l.meter.pulse.within(decodeMost)
	defer l.meter.pulse.within(0)
	if l.meter.share != nil {
		_, _ = l.meter.share.Write(p) // never fails
	}
	n, err := l.decoder.Write(p)
	now := l.meter.clock.Instant()
	l.meter.mu.Lock()
	defer l.meter.mu.Unlock()
	l.meter.count(l.decoder.Counters(), now)
	return n, err
}

// Flush tells that the bytes were interrupted.
func (l *countedLine) Flush() {
	if l.meter.share != nil {
		l.meter.share.Flush()
	}
	l.decoder.Flush()
}

// Counters is what the decoder has seen.
func (l *countedLine) Counters() tic.Counters { return l.decoder.Counters() }
