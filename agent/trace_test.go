package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"releve/agent/config"
	"releve/federation/xmpp"
	"releve/tic"
)

// ear of a person's client; it is away when away is set.
type hearer struct {
	said []string
	away error
}

func (h *hearer) Tell(_ context.Context, _ xmpp.JID, text string) (*xmpp.Receipt, error) {
	h.said = append(h.said, text)
	r := xmpp.NewReceipt(func() {}, nil)
	if h.away != nil {
		r.Settle(h.away)
	}
	return r, nil
}

// frame is one of a meter in historic mode.
func traced(value string) *tic.Frame {
	return &tic.Frame{Mode: tic.Historic, Groups: []tic.Group{
		{Label: []byte("ADCO"), Value: []byte("021861234567")}, {Label: []byte("PAPP"), Value: []byte(value)},
	}}
}

func follow(t *testing.T, h *hearer) (*tracer, *trace, func()) {
	t.Helper()
	to, err := xmpp.ParseJID("owner@b.example/desk")
	must(t, err)
	tr := newTracer(h, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- tr.Run(ctx) }()
	one := &trace{to: to, meter: &meter{cfg: config.Meter{Name: "linky"}}, frames: true, length: time.Minute, farewell: "over"}
	must(t, tr.follow(ctx, one))
	if err := tr.follow(ctx, one); !errors.Is(err, errTraced) {
		t.Errorf("the same client again: %v", err)
	}
	synctest.Wait()
	return tr, one, func() {
		cancel()
		must(t, <-done)
		if len(one.meter.taps.open) != 0 {
			t.Error("the meter is still tapped")
		}
	}
}

// A trace tells no address, holds no more than a message, and ends by itself.
func TestTrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &hearer{}
		tr, one, end := follow(t, h)
		one.meter.taps.frame(traced("00750"), nil)
		time.Sleep(6 * time.Second)
		for range 1000 {
			one.meter.taps.frame(traced("00760"), nil)
		}
		time.Sleep(time.Minute)
		end()
		if len(h.said) != 3 || h.said[0] != "ADCO …\nPAPP 00750" || len(h.said[1]) > maxTrace+20 || !strings.Contains(h.said[1], "\n… +") || h.said[2] != "over" {
			t.Errorf("told %q", h.said)
		}
		if len(tr.open) != 0 {
			t.Error("the trace is still open")
		}
	})
}

// Nobody is told for whom nobody is there.
func TestTraceEndsWithTheClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &hearer{away: errors.New("gone")}
		_, one, end := follow(t, h)
		for range 5 {
			one.meter.taps.frame(traced("00750"), nil)
			time.Sleep(6 * time.Second)
		}
		end()
		if len(h.said) != 1 {
			t.Errorf("told %d times", len(h.said))
		}
	})
}
