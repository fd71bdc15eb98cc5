package federation_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"releve/buffer/statefile"
	"releve/federation"
	"releve/senml"
)

// shelf is a supplier in memory: series of values whose time is their place, of which an answer holds so many.
type shelf struct {
	most int
	fail func(ask int) error

	mu    sync.Mutex // guards everything below
	has   map[string][]int
	asked []string // "series from", in seconds after the beginning
}

func (*shelf) String() string { return "a shelf" }

func (s *shelf) Series(context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for name := range s.has {
		all = append(all, name)
	}
	slices.Sort(all)
	return all, nil
}

func (s *shelf) Fetch(_ context.Context, series string, from time.Time) (federation.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, fmt.Sprint(series, " ", from.Sub(dawn).Seconds()))
	if s.fail != nil {
		if err := s.fail(len(s.asked)); err != nil {
			return federation.Page{}, err
		}
	}
	page := federation.Page{Next: from}
	for _, v := range s.has[series] {
		at := dawn.Add(time.Duration(v) * time.Second)
		switch {
		case at.Before(from):
		case len(page.Records) == s.most:
			page.More = true
			return page, nil
		default:
			page.Records = append(page.Records, senml.Record{Name: series, Value: senml.NumberValue(float64(v)), Time: float64(at.Unix())})
			page.Next = at
		}
	}
	return page, nil
}

func (s *shelf) put(series string, values ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.has[series] = append(s.has[series], values...)
	slices.Sort(s.has[series])
}

func (s *shelf) asks() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// dawn is when every bubble begins.
var dawn = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// basket is what was taken, each record once.
type basket struct {
	mu    sync.Mutex // guards everything below
	taken map[string]bool
	full  error
}

func (b *basket) take(_ context.Context, p senml.Pack) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.full != nil {
		return b.full
	}
	for _, r := range p {
		b.taken[fmt.Sprint(r.Name, r.Value)] = true
	}
	return nil
}

func (b *basket) has() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for one := range b.taken {
		all = append(all, one)
	}
	slices.Sort(all)
	return all
}

func collection(t *testing.T, s federation.Supplier, b *basket, file string) *federation.Collection {
	t.Helper()
	marks, err := federation.OpenMarks(file)
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	close(ready)
	return &federation.Collection{
		Supplier: s, Every: time.Minute, Since: time.Hour, Repair: 10 * time.Minute, Marks: marks, Take: b.take, Ready: ready,
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
}

// collect lets a collection run for a time.
func collect(c *federation.Collection, d time.Duration) {
	ctx, stop := context.WithTimeout(context.Background(), d)
	defer stop()
	_ = c.Run(ctx)
}

// A collection takes every page of every series, goes on where it ended, also after a restart, and looks back for what came late.
func TestCollection(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "marks.json")
	synctest.Test(t, func(t *testing.T) {
		s, b := &shelf{most: 2, has: map[string][]int{"a": {-3700, -5, -4, -3}, "b": {-1}}}, &basket{taken: map[string]bool{}}
		c := collection(t, s, b, file)
		collect(c, 59*time.Second)
		same(t, "asked first", []string{"a -3600", "a -4", "b -3600"}, s.asks())
		same(t, "came first", []string{"a-3", "a-4", "a-5", "b-1"}, b.has())
		same(t, "standing", federation.Standing{Asked: true, Series: 2, Newest: dawn.Add(-time.Second).Local()}, c.Standing())
		s.put("a", 10)
		c = collection(t, s, b, file) // a restart looks back
		collect(c, 59*time.Second)
		same(t, "asked after a restart", []string{"a -603", "a -4", "a -3", "b -601"}, s.asks())
		s.put("a", 60, -500) // one in time and one late
		c.Supplier = s
		collect(c, 119*time.Second) // two rounds
		same(t, "asked later", []string{"a 10", "b -1", "a 60", "b -1"}, s.asks())
		collect(c, 10*time.Minute)
		same(t, "came in the end", []string{"a-3", "a-4", "a-5", "a-500", "a10", "a60", "b-1"}, b.has())
	})
}

// What a series cannot give keeps none of the others; what cannot be stored moves no mark.
func TestCollectionFails(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "marks.json")
	synctest.Test(t, func(t *testing.T) {
		gone := fmt.Errorf("%w: no such item 01234567890123", federation.ErrRefused)
		s, b := &shelf{most: 9, has: map[string][]int{"a": {-5}, "b": {-1}}}, &basket{taken: map[string]bool{}}
		s.fail = func(ask int) error {
			if ask%2 == 1 {
				return gone
			}
			return nil
		}
		c := collection(t, s, b, file)
		collect(c, time.Second)
		same(t, "came", []string{"b-1"}, b.has())
		if err := c.Standing().Err; !errors.Is(err, federation.ErrRefused) || err.Error() != "a: refused for good: no such item …" {
			t.Errorf("error is %v", err)
		}
		s.fail, b.full = nil, errors.New("disk full")
		c = collection(t, s, b, file)
		collect(c, time.Second)
		if err := c.Standing().Err; fmt.Sprint(err) != "a: disk full" {
			t.Errorf("error is %v", err)
		}
		b.full = nil
		collect(c, time.Minute)
		same(t, "came in the end", []string{"a-5", "b-1"}, b.has())
		if err := c.Standing().Err; err != nil {
			t.Error(err)
		}
		s.asks()
		s.fail = func(int) error { return fmt.Errorf("%w: no such token", federation.ErrStopped) }
		collect(c, 2*time.Hour)
		if n := len(s.asks()); n != 2 && n != 3 {
			t.Errorf("asked %d times in two hours what somebody has to mend", n)
		}
		s.fail, s.most = nil, 0
		collect(c, time.Second)
		if err := c.Standing().Err; !strings.Contains(fmt.Sprint(err), "more records at one instant than one answer holds") {
			t.Errorf("error is %v", err)
		}
	})
}

func TestMarksDamaged(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "marks.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	marks, err := federation.OpenMarks(file)
	var damaged *statefile.Damaged
	if !errors.As(err, &damaged) || marks == nil || !marks.At("a", dawn).Equal(dawn) {
		t.Errorf("%v, %v", marks, err)
	}
	if err := marks.Advance("a", dawn.Add(1)); err != nil {
		t.Fatal(err)
	}
	if err := marks.Advance("a", dawn); err != nil || !marks.At("a", dawn).Equal(dawn.Add(1)) {
		t.Errorf("went back, %v", err)
	}
}
