package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/senml"
)

var quiet = slog.New(slog.DiscardHandler)

// shelf is a buffer that can be full.
type shelf struct {
	mu    sync.Mutex // guards everything below
	full  error
	packs []senml.Pack
}

func (s *shelf) put(p senml.Pack) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full != nil {
		return s.full
	}
	s.packs = append(s.packs, p)
	return nil
}

// fill makes it refuse with an error, or with nil take again.
func (s *shelf) fill(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = err
}

// count is how many packs were put.
func (s *shelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.packs)
}

// numbers are the values that were put, in order.
func (s *shelf) numbers() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []int
	for _, p := range s.packs {
		for _, r := range p {
			n, _ := r.Value.Number()
			all = append(all, int(n))
		}
	}
	return all
}

// counted is a pack of the numbers from ≤ n < to.
func counted(from, to int) senml.Pack {
	var p senml.Pack
	for n := from; n < to; n++ {
		p = append(p, senml.Record{Name: "linky/n", Value: senml.NumberValue(float64(n)), Time: 1_750_000_000})
	}
	return p
}

func ascending(from, to int) []int {
	var all []int
	for n := from; n < to; n++ {
		all = append(all, n)
	}
	return all
}

func TestGathererPeriod(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		g := &gatherer{put: s.put, period: 10 * time.Second, log: quiet}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- g.Run(ctx) }()
		g.add(counted(0, 2))
		g.add(counted(2, 3))
		time.Sleep(10*time.Second - time.Millisecond)
		if s.count() != 0 {
			t.Errorf("put before the period was over: %v", s.numbers())
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if diff := cmp.Diff([]int{0, 1, 2}, s.numbers()); diff != "" || s.count() != 1 {
			t.Errorf("%d packs (-want +got):\n%s", s.count(), diff)
		}
		time.Sleep(time.Minute) // nothing was said: nothing is put
		g.add(counted(3, 4))
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]int{0, 1, 2, 3}, s.numbers()); diff != "" || s.count() != 2 {
			t.Errorf("at the end %d packs (-want +got):\n%s", s.count(), diff)
		}
	})
}

func TestGathererKeepsWhatIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("disk is full")
		s := &shelf{full: full}
		g := &gatherer{put: s.put, period: time.Second, log: quiet}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- g.Run(ctx) }()
		for n := range 5 {
			g.add(counted(n, n+1))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if lost, err := g.trouble(); !errors.Is(err, full) || lost != 0 {
			t.Errorf("trouble is %v, %d lost", err, lost)
		}
		s.fill(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if diff := cmp.Diff(ascending(0, 5), s.numbers()); diff != "" {
			t.Errorf("after there was room (-want +got):\n%s", diff)
		}
		if lost, err := g.trouble(); err != nil || lost != 0 {
			t.Errorf("trouble is %v, %d lost", err, lost)
		}
		s.fill(full)
		g.add(counted(5, 6))
		cancel()
		if err := <-ended; !errors.Is(err, full) {
			t.Errorf("the end is %v, want %v", err, full)
		}
	})
}

// What an outage gathered is more than the buffer takes at once. It goes in pieces, in order, and one that is refused
// keeps the rest back.
func TestGathererSplits(t *testing.T) {
	t.Parallel()
	const all = 2*maxPack + 5
	s := &shelf{}
	refuse := errors.New("refused")
	g := &gatherer{log: quiet, put: func(p senml.Pack) error {
		if len(p) > maxPack {
			t.Errorf("%d records at once, want at most %d", len(p), maxPack)
		}
		if s.count() == 1 && refuse != nil {
			return refuse
		}
		return s.put(p)
	}}
	g.add(counted(0, all))
	if err := g.flush(); !errors.Is(err, refuse) {
		t.Errorf("error is %v, want %v", err, refuse)
	}
	g.add(counted(all, all+1))
	refuse = nil
	if err := g.flush(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(ascending(0, all+1), s.numbers()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestGathererIsBounded(t *testing.T) {
	t.Parallel()
	s := &shelf{full: errors.New("full")}
	g := &gatherer{put: s.put, log: quiet}
	g.add(counted(0, maxGathered))
	if err := g.flush(); err == nil {
		t.Error("nothing was refused")
	}
	g.add(counted(maxGathered, maxGathered+7))
	if lost, err := g.trouble(); lost != 7 || err == nil {
		t.Errorf("%d lost, %v; want 7", lost, err)
	}
	s.fill(nil)
	if err := g.flush(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(ascending(7, maxGathered+7), s.numbers()); diff != "" {
		t.Errorf("the oldest were not what went (-want +got):\n%s", diff)
	}
	if lost, err := g.trouble(); lost != 7 || err != nil {
		t.Errorf("later: %d lost, %v; want 7 and no trouble", lost, err)
	}
}
