package federation_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"releve/federation"
	"releve/senml"
)

// tape is a cursor over packs in memory: what is read comes again until it is acknowledged.
type tape struct {
	mu    sync.Mutex // guards everything below
	items []federation.Item
	acked []uint64
	more  chan struct{}
	read  error // of every Next, when set
	ack   error // of every Ack, when set
}

// newTape returns a cursor before one pack for each list of values; the record of value n has time 1700000000+n.
func newTape(packs ...[]float64) *tape {
	t := &tape{more: make(chan struct{}, 1)}
	for _, values := range packs {
		t.put(values...)
	}
	return t
}

func (t *tape) put(values ...float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	seq := uint64(1)
	if len(t.items) > 0 {
		seq = t.items[len(t.items)-1].Seq + 1
	} else if len(t.acked) > 0 {
		seq = t.acked[len(t.acked)-1] + 1
	}
	t.items = append(t.items, federation.Item{Seq: seq, Pack: pack(values...)})
	select {
	case t.more <- struct{}{}:
	default:
	}
}

func pack(values ...float64) senml.Pack {
	var p senml.Pack
	for _, v := range values {
		p = append(p, senml.Record{Name: "linky/current/1", Unit: "A", Value: senml.NumberValue(v), Time: 1_700_000_000 + v})
	}
	return p
}

func (t *tape) Next(ctx context.Context, limit int) ([]federation.Item, error) {
	for {
		if items, err := t.waiting(limit); len(items) > 0 || err != nil {
			return items, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-t.more:
		}
	}
}

func (t *tape) waiting(limit int) ([]federation.Item, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.items[:min(limit, len(t.items))]), t.read
}

func (t *tape) Ack(seq uint64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ack != nil {
		return t.ack
	}
	t.acked = append(t.acked, seq)
	t.items = slices.DeleteFunc(t.items, func(item federation.Item) bool { return item.Seq <= seq })
	return nil
}

// acks returns the places acknowledged so far.
func (t *tape) acks() []uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.acked)
}

// peer is a recipient that notes what arrives and does with the n-th attempt what it is told to.
type peer struct {
	answer func(ctx context.Context, attempt int) error // nil takes everything

	mu   sync.Mutex // guards everything below
	came []senml.Pack
}

func (*peer) String() string { return "somebody" }

func (p *peer) Send(ctx context.Context, arrived senml.Pack) error {
	p.mu.Lock()
	p.came = append(p.came, slices.Clone(arrived))
	attempt := len(p.came)
	p.mu.Unlock()
	if p.answer == nil {
		return nil
	}
	return p.answer(ctx, attempt)
}

// attempts returns the values of each attempt.
func (p *peer) attempts() [][]float64 {
	var all [][]float64
	for _, arrived := range p.packs() {
		var values []float64
		for _, r := range arrived {
			v, _ := r.Value.Number()
			values = append(values, v)
		}
		all = append(all, values)
	}
	return all
}

func (p *peer) packs() []senml.Pack {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.came)
}

// failing returns an answer that gives one error after the other, then takes everything.
func failing(errs ...error) func(context.Context, int) error {
	return func(_ context.Context, attempt int) error {
		if attempt <= len(errs) {
			return errs[attempt-1]
		}
		return nil
	}
}

// stall never answers.
func stall(ctx context.Context, _ int) error {
	<-ctx.Done()
	return ctx.Err()
}

// gate lets through what it is told to.
type gate func(senml.Pack) senml.Pack

func (g gate) Pass(p senml.Pack) senml.Pack                  { return g(p) }
func (g gate) Settled(bool)                                  {}
func (g gate) Leaving(senml.Pack, func(string) string) error { return nil }
func (g gate) Scope() string                                 { return "" }

// scoped is a gate whose scope changes.
type scoped struct {
	gate
	scope func() string
}

func (g scoped) Scope() string { return g.scope() }

var open = gate(func(p senml.Pack) senml.Pack { return p })

func delivery(r federation.Recipient, c federation.Cursor, g federation.Gate) *federation.Delivery {
	return &federation.Delivery{Recipient: r, Cursor: c, Gate: g, Log: slog.New(slog.DiscardHandler)}
}
