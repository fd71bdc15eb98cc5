package quoalise

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"releve/senml"
)

// How much is gathered of what a provider pushes. It waits for the receipts of all it has sent at once.
const (
	gatherMost    = 5 * time.Second // that a message waits for others: under a stock shaper those of a household take that long
	gatherRecords = 10_000
	gatherPushes  = 256
)

// gathering makes few large packs of what comes in many messages: each series has one of its own, and each pack that is
// taken may be a write to a card. It takes them in the order in which they came, one after the other.
type gathering struct {
	take  func(ctx context.Context, p senml.Pack) error
	quiet time.Duration // without another message, until what came is taken; 0 for at once

	turn chan struct{} // holds one token: records are taken in their order

	mu      sync.Mutex // guards everything below
	waiting []push
	records int
	began   time.Time // when the first of them came
	timer   *time.Timer
}

// push is what a message carried. It is settled with nil once that is safe.
type push struct {
	ctx     context.Context // of the link it came over
	records senml.Pack
	settle  func(error)
}

func newGathering(quiet time.Duration, take func(ctx context.Context, p senml.Pack) error) *gathering {
	g := &gathering{take: take, quiet: quiet, turn: make(chan struct{}, 1)}
	g.turn <- struct{}{}
	return g
}

// add gathers a push. When enough has come it is taken before add returns, so that what waits is bounded.
func (g *gathering) add(p push) {
	if g.hold(p) {
		g.flush()
	}
}

// hold puts a push to the others and tells whether that is enough of them.
func (g *gathering) hold(p push) (enough bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.began = time.Now()
	}
	g.waiting = append(g.waiting, p)
	g.records += len(p.records)
	if g.quiet == 0 || len(g.waiting) >= gatherPushes || g.records >= gatherRecords {
		return true
	}
	wait := max(0, min(g.quiet, gatherMost-time.Since(g.began)))
	if g.timer == nil {
		g.timer = time.AfterFunc(wait, g.flush)
	} else {
		g.timer.Reset(wait)
	}
	return false
}

// flush takes what waits. What cannot be taken together is taken one by one, so that none spoils the others.
func (g *gathering) flush() {
	<-g.turn
	defer func() { g.turn <- struct{}{} }()
	waiting := g.waitingNow()
	if len(waiting) == 0 {
		return
	}
	var all senml.Pack
	for _, p := range waiting {
		all = append(all, p.records...)
	}
	err := g.taken(waiting[len(waiting)-1].ctx, all)
	for _, p := range waiting {
		if err != nil && len(waiting) > 1 {
			p.settle(g.taken(p.ctx, p.records))
			continue
		}
		p.settle(err)
	}
}

// taken takes records. Whatever they do to who takes them, the process goes on.
func (g *gathering) taken(ctx context.Context, p senml.Pack) (err error) {
	defer func() {
		if broke := recover(); broke != nil {
			err = fmt.Errorf("take what was pushed: panic: %v\n%s", broke, debug.Stack())
		}
	}()
	return g.take(ctx, p)
}

// waitingNow hands over what waits, without that whose link is gone: nobody can be told of it any more, and its sender
// sends it again.
func (g *gathering) waitingNow() (waiting []push) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.waiting {
		if err := p.ctx.Err(); err != nil {
			p.settle(err)
			continue
		}
		waiting = append(waiting, p)
	}
	g.waiting, g.records = nil, 0
	return waiting
}
