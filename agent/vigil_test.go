package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	"releve/senml"
	"releve/tic"
	"releve/tic/linky"
)

// queue is the cursor of a recipient for whom a pack waits.
type queue struct{ taken bool }

func (q *queue) Next(ctx context.Context, _ int) ([]federation.Item, error) {
	if q.taken {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return []federation.Item{{Seq: 1, Pack: counted(0, 3)}}, nil
}

func (q *queue) Ack(uint64) error { q.taken = true; return nil }

// openGate grants all.
type openGate struct{}

func (openGate) Pass(p senml.Pack) senml.Pack                  { return p }
func (openGate) Scope() string                                 { return "all" }
func (openGate) Settled(bool)                                  {}
func (openGate) Leaving(senml.Pack, func(string) string) error { return nil }

// sender is a recipient that does what a test wants.
type sender func(ctx context.Context, granted func() error) error

func (sender) String() string { return "client@sen2.example" }
func (s sender) Send(ctx context.Context, _ senml.Pack) error {
	return s(ctx, func() error { return nil })
}
func (s sender) SendWhile(ctx context.Context, _ senml.Pack, granted func() error) error {
	return s(ctx, granted)
}

// supplier is a system that is asked, and does what a test wants.
type supplier func() error

func (supplier) String() string { return "zabbix" }
func (s supplier) Series(context.Context) ([]string, error) {
	return []string{"power"}, s()
}
func (s supplier) Fetch(context.Context, string, time.Time) (federation.Page, error) {
	return federation.Page{}, s()
}

// hang is what never returns, as long as the test lasts.
type hang func() error

// loop makes what is watched.
type loop func(t *testing.T, v *vigil, h hang) task

func deliver(send func(ctx context.Context, granted func() error, h hang) error) loop {
	return func(_ *testing.T, v *vigil, h hang) task {
		return &federation.Delivery{
			Recipient: sender(func(ctx context.Context, granted func() error) error { return send(ctx, granted, h) }),
			Cursor:    &queue{}, Gate: openGate{}, Log: quiet, Step: v.pulse("delivery").within,
		}
	}
}

func collectFrom(answer func(h hang) error) loop {
	return func(t *testing.T, v *vigil, h hang) task {
		marks, err := federation.OpenMarks(filepath.Join(t.TempDir(), "marks.json"))
		if err != nil {
			t.Fatal(err)
		}
		ready := make(chan struct{})
		close(ready)
		return &federation.Collection{
			Supplier: supplier(func() error { return answer(h) }), Every: time.Hour, Repair: 24 * time.Hour, Marks: marks,
			Ready: ready, Now: time.Now, Log: quiet, Step: v.pulse("collection").within,
		}
	}
}

func store(put func(h hang) error) loop {
	return func(_ *testing.T, v *vigil, h hang) task {
		g := &gatherer{period: time.Minute, log: quiet, pulse: v.pulse("gatherer"), put: func(senml.Pack) error { return put(h) }}
		g.add(counted(0, 1))
		return g
	}
}

func inTurn(run func(ctx context.Context, v *vigil, h hang)) loop {
	return func(_ *testing.T, v *vigil, h hang) task {
		return named{"process", func(ctx context.Context) error { run(ctx, v, h); return nil }}
	}
}

// piecemeal sends some over a link on which each takes half an hour.
func piecemeal(ctx context.Context, granted func() error, n int) error {
	for ; n > 0 && ctx.Err() == nil; n-- {
		select {
		case <-ctx.Done():
		case <-time.After(30 * time.Minute):
		}
		if err := granted(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// A day without anything to do, with a network that is away or over the slowest link is no reason to begin anew. What does
// not return is, after its bound.
func TestWatchdogIsFedByProgress(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	const always = 24 * time.Hour
	for _, tt := range []struct {
		name string
		loop loop
		fed  time.Duration // for how long, of a day
	}{
		{"nothing runs", inTurn(func(context.Context, *vigil, hang) {}), always},
		{"the recipient takes all", deliver(func(context.Context, func() error, hang) error { return nil }), always},
		{"the network is away", deliver(func(context.Context, func() error, hang) error { return away }), always},
		{"somebody has to mend something", deliver(func(context.Context, func() error, hang) error { return federation.ErrStopped }), always},
		{"the link is slow", deliver(func(ctx context.Context, granted func() error, _ hang) error { return piecemeal(ctx, granted, 1000) }), always},
		{"a delivery hangs", deliver(func(_ context.Context, _ func() error, h hang) error { return h() }), time.Hour},
		{"a delivery hangs after two pieces", deliver(func(ctx context.Context, granted func() error, h hang) error {
			return errors.Join(piecemeal(ctx, granted, 2), h())
		}), 2 * time.Hour},
		{"a source answers", collectFrom(func(hang) error { return nil }), always},
		{"a source is away", collectFrom(func(hang) error { return away }), always},
		{"a question hangs", collectFrom(func(h hang) error { return h() }), time.Hour},
		{"the disk takes all", store(func(hang) error { return nil }), always},
		{"the disk is full", store(func(hang) error { return away }), always},
		{"the disk hangs", store(func(h hang) error { return h() }), storeMost + time.Minute},
		{"the agent does not open", inTurn(func(_ context.Context, v *vigil, h hang) {
			v.pulse("opening").within(openMost)
			_ = h()
		}), openMost},
		{"the agent does not close", inTurn(func(ctx context.Context, v *vigil, h hang) {
			ctx, cancel := context.WithCancel(ctx)
			defer v.after(ctx, "closing", closeMost)()
			cancel()
			_ = h()
		}), closeMost},
		{"the agent closes", inTurn(func(ctx context.Context, v *vigil, _ hang) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			v.after(ctx, "closing", closeMost)()
		}), always},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { watchADay(t, tt.loop, tt.fed) })
		})
	}
}

func watchADay(t *testing.T, l loop, fed time.Duration) {
	const watchdog = 3 * time.Minute
	began, over := time.Now(), make(chan struct{})
	var last time.Duration
	v := newVigil(quiet)
	v.tell = func(time.Duration) error { last = time.Since(began); return nil }
	ctx, cancel := context.WithCancel(t.Context())
	running := l(t, v, func() error { <-over; return nil })
	go running.Run(ctx) // what it returns is its own tests' concern
	go v.keep(ctx, watchdog)
	time.Sleep(24 * time.Hour)
	synctest.Wait()
	if last < fed-watchdog/3 || last > fed {
		t.Errorf("fed for %v, want %v", last, fed)
	}
	cancel()
	close(over)
	synctest.Wait()
}

// A meter that says nothing is no reason either; a frame that is never done is, with all that an agent has running.
func TestWatchdogAndDecoder(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	var now atomic.Int64
	var told int
	v := newVigil(quiet)
	v.now = func() time.Duration { return time.Duration(now.Load()) }
	v.tell = func(time.Duration) error { told++; return nil }
	h.guard(v)
	m := h.meters[0]
	inside, over := make(chan struct{}), make(chan struct{})
	m.take = func(senml.Pack) {
		close(inside)
		<-over
	}
	now.Add(int64(48 * time.Hour))
	v.look(time.Minute)
	line := &countedLine{meter: m}
	line.decoder = tic.NewDecoder(tic.Auto, m.frame)
	emulated, err := linky.New(linky.Scenario{})
	if err != nil {
		t.Fatal(err)
	}
	bytes, done := emulated.Frame(nil), make(chan error)
	go func() {
		_, err := line.Write(bytes)
		done <- err
	}()
	<-inside
	now.Add(int64(decodeMost))
	v.look(time.Minute)
	now.Add(1)
	v.look(time.Minute)
	hung := told
	close(over)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	v.look(time.Minute)
	if diff := cmp.Diff([]int{2, 3}, []int{hung, told}); diff != "" {
		t.Errorf("fed while it hung and after (-want +got):\n%s", diff)
	}
}

// The log says once what hangs, and systemd is told nothing meanwhile.
func TestVigilSaysWhatHangs(t *testing.T) {
	t.Parallel()
	var now time.Duration
	var said strings.Builder
	v := newVigil(slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})))
	v.now = func() time.Duration { return now }
	v.tell = func(time.Duration) error { return errors.New("no socket") }
	one, two := v.pulse("meter linky"), v.pulse("gatherer")
	v.look(time.Minute)
	v.look(time.Minute)
	one.within(time.Minute)
	two.within(time.Hour)
	now = 2 * time.Minute
	v.look(time.Minute)
	v.look(time.Minute)
	now = 2 * time.Hour
	v.look(time.Minute)
	one.within(0)
	two.within(0)
	v.look(0)
	want := `level=WARN msg="systemd is not told that all goes on" error="no socket"
level=ERROR msg="something hangs: the watchdog is not fed" what="meter linky" late_by=1m0s
level=ERROR msg="something hangs: the watchdog is not fed" what="gatherer, meter linky" late_by=1h59m0s
level=WARN msg="nothing hangs any more"
`
	if diff := cmp.Diff(want, said.String()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}
