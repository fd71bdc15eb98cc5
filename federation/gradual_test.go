package federation_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"releve/federation"
	"releve/senml"
)

// gradual takes a pack record by record, each after a while.
type gradual struct {
	peer
	each time.Duration
	then func(sent int) // after so many records
	sent int
}

var _ federation.Gradual = (*gradual)(nil)

func (g *gradual) SendWhile(ctx context.Context, p senml.Pack, granted func() error) error {
	for i := range p {
		if err := granted(); err != nil {
			return err
		}
		if err := g.Send(ctx, p[i:i+1]); err != nil {
			return err
		}
		g.sent++
		g.then(g.sent)
		time.Sleep(g.each)
	}
	return nil
}

// A consent that ends in the middle of an attempt stops the rest of it; what is still granted goes, and the place moves on.
func TestWithdrawnInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name              string
		left              int // records that stay granted
		attempts          [][]float64
		records, withheld uint64
	}{
		{"all", 0, [][]float64{{1}, {2}}, 0, 5},
		{"a part", 1, [][]float64{{1}, {2}, {1}}, 1, 4},
		{"nothing", 5, [][]float64{{1}, {2}, {3}, {4}, {5}}, 5, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var left atomic.Int64
				left.Store(5)
				granting := scoped{
					func(p senml.Pack) senml.Pack { return p[:min(int64(len(p)), left.Load())] },
					func() string { return fmt.Sprint(left.Load()) },
				}
				recipient := &gradual{each: 10 * time.Second, then: func(sent int) {
					if sent == 2 {
						left.Store(int64(tt.left))
					}
				}}
				cursor := newTape([]float64{1, 2}, []float64{3, 4, 5})
				d := delivery(recipient, cursor, granting)
				stop := start(d)
				time.Sleep(time.Hour)
				synctest.Wait()
				same(t, "attempts", tt.attempts, recipient.attempts())
				same(t, "acknowledged", []uint64{2}, cursor.acks())
				if s := d.Stats(); s.Records != tt.records || s.Withheld != tt.withheld || s.Err != nil || s.Refused != 0 {
					t.Errorf("stats %+v", s)
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// What passes is worked out once for all pieces: only its scope is asked for before each.
func TestGateIsAskedOnceForAllPieces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked, scopes := 0, 0
		granting := scoped{func(p senml.Pack) senml.Pack { asked++; return p }, func() string { scopes++; return "" }}
		many := make([]float64, 50)
		for i := range many {
			many[i] = float64(i)
		}
		recipient := &gradual{each: 100 * time.Millisecond, then: func(int) {}}
		stop := start(delivery(recipient, newTape(many), granting))
		time.Sleep(time.Minute)
		synctest.Wait()
		if asked != 1 || scopes != 51 || recipient.sent != 50 {
			t.Errorf("asked %d times, and %d times for the scope, for %d pieces", asked, scopes, recipient.sent)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// thinned is a tape from which packs are erased.
type thinned struct {
	*tape
	erasures atomic.Uint64
}

var _ federation.Erasing = (*thinned)(nil)

func (c *thinned) Erasures() uint64 { return c.erasures.Load() }

// erase takes the first pack away.
func (c *thinned) erase() {
	c.mu.Lock()
	c.items = c.items[1:]
	c.mu.Unlock()
	c.erasures.Add(1)
}

// What was read and waits for the recipient is not sent once it was erased: neither when it is tried again, nor the pieces
// that have not gone.
func TestErasedIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cursor := &thinned{tape: newTape([]float64{1, 2}, []float64{3, 4})}
		recipient := &peer{answer: failing(federation.ErrSilent, federation.ErrSilent)}
		stop := start(delivery(recipient, cursor, open))
		time.Sleep(time.Second)
		cursor.erase()
		time.Sleep(time.Hour)
		synctest.Wait()
		same(t, "tried again", [][]float64{{1, 2, 3, 4}, {3, 4}, {3, 4}}, recipient.attempts())
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		cursor := &thinned{tape: newTape([]float64{1, 2}, []float64{3})}
		recipient := &gradual{each: 10 * time.Second}
		recipient.then = func(sent int) {
			if sent == 1 {
				cursor.erase()
			}
		}
		stop := start(delivery(recipient, cursor, open))
		time.Sleep(time.Hour)
		synctest.Wait()
		same(t, "piece by piece", [][]float64{{1}, {3}}, recipient.attempts())
		same(t, "acknowledged", []uint64{2}, cursor.acks())
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
