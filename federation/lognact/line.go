package lognact

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/time/rate"
)

// Way is how values get to a Zabbix: a Trapper or a Pusher.
type Way interface {
	fmt.Stringer
	most() int // values of one batch
	take(ctx context.Context, values []Value) (refused int, why string, err error)
}

// line is the one order in which values are handed over: whoever has something to hand over holds it.
type line struct {
	sync.Mutex // guards everything below

	way    Way
	pace   rate.Limit // values a second of one host: the database stores one value of an item at a time
	limits map[string]*rate.Limiter
	handed uint64 // number of the first pack of those that were handed over last; until they are acknowledged, beyond the front
}

// deliver hands values over in order. Items that refuse one are left out from there on, and returned with the reason. After
// an error nobody knows what was taken. The caller holds the line.
func (l *line) deliver(ctx context.Context, values []Value, granted func() error) (refused map[item]string, err error) {
	refused = map[item]string{}
	for len(values) > 0 {
		batch := values[:min(len(values), l.way.most())]
		if err := l.wait(ctx, batch); err != nil {
			return refused, err
		}
		if err := granted(); err != nil {
			return refused, err
		}
		at, why, err := l.way.take(ctx, batch)
		switch {
		case err != nil:
			return refused, err
		case at == none:
			values = values[len(batch):]
			continue
		}
		bad := batch[at].item()
		refused[bad] = why
		values = without(values[at+1:], func(v Value) bool { return v.item() == bad })
	}
	return refused, nil
}

// always is for what has just come through a gate.
func always() error { return nil }

// without is the values that drop is not true of, in a list of its own.
func without(values []Value, drop func(Value) bool) []Value {
	return slices.DeleteFunc(slices.Clone(values), drop)
}

// wait keeps to the pace of each host of a batch.
func (l *line) wait(ctx context.Context, batch []Value) error {
	if l.pace <= 0 {
		return nil
	}
	counts := map[string]int{}
	for _, v := range batch {
		counts[v.Host]++
	}
	for host, n := range counts {
		limit := l.limits[host]
		if limit == nil {
			limit = rate.NewLimiter(l.pace, max(l.way.most(), int(l.pace)))
			l.limits[host] = limit
		}
		if err := limit.WaitN(ctx, n); err != nil {
			return err
		}
	}
	return nil
}
