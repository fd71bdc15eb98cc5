package xmpp

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// maxQueued bounds the bytes of bulk stanzas that wait to be written. What is urgent is small, and as much as peers may
// ask at once.
const maxQueued = 1 << 20

// ErrBusy means that too much waits to be sent. Later there may be room.
var ErrBusy = errors.New("too much waits to be sent to the server")

// lane says what goes first.
type lane int

const (
	urgent lane = iota // answers, pings, receipts, acknowledgements: small
	bulk               // data, and whatever is large
)

// item is a stanza, encoded, on its way.
type item struct {
	text    []byte
	to      string          // whose turn it takes among bulk
	bare    bool            // not a stanza: it is neither counted nor kept (XEP-0198 §4)
	done    chan error      // gets nil once written, or once it is ours to send again
	unsent  func(err error) // told that it was written, and lost; may be nil
	granted func() error    // whether it may still leave; nil for ever
}

// may says whether a stanza may still leave.
func (it *item) may() error {
	if it.granted == nil {
		return nil
	}
	return it.granted()
}

// queue is what waits to be written to our server: what is urgent in its order, then bulk, a stanza of each recipient
// in turn. It is bounded in bytes and outlives a connection.
type queue struct {
	wake chan struct{} // gets a value when there may be something to do

	mu     sync.Mutex // guards everything below
	urgent []*item
	bulk   map[string][]*item // by recipient; never empty
	turns  []string           // recipients in the order of their turns
	bytes  int
	closed error
}

func newQueue() *queue {
	return &queue{wake: make(chan struct{}, 1), bulk: map[string][]*item{}}
}

// put adds an item, or says why not.
func (q *queue) put(it *item, l lane) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed != nil:
		return q.closed
	case l == urgent:
		q.urgent = append(q.urgent, it)
	case q.bytes+len(it.text) > maxQueued:
		return ErrBusy
	default:
		if len(q.bulk[it.to]) == 0 {
			q.turns = append(q.turns, it.to)
		}
		q.bulk[it.to] = append(q.bulk[it.to], it)
	}
	q.bytes += len(it.text)
	q.rouse()
	return nil
}

// withdraw takes an item back and says whether it was still there.
func (q *queue) withdraw(it *item) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.urgent, it); i >= 0 {
		q.urgent = slices.Delete(q.urgent, i, i+1)
		q.bytes -= len(it.text)
		return true
	}
	i := slices.Index(q.bulk[it.to], it)
	if i < 0 {
		return false
	}
	q.remove(it.to, i)
	return true
}

// remove takes the i-th bulk item of a recipient out, and the recipient when it was the last.
func (q *queue) remove(to string, i int) {
	q.bytes -= len(q.bulk[to][i].text)
	if q.bulk[to] = slices.Delete(q.bulk[to], i, i+1); len(q.bulk[to]) > 0 {
		return
	}
	delete(q.bulk, to)
	q.turns = slices.DeleteFunc(q.turns, func(s string) bool { return s == to })
}

// takeUrgent returns the next urgent item, or nil.
func (q *queue) takeUrgent() *item {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.urgent) == 0 {
		return nil
	}
	it := q.urgent[0]
	q.urgent = q.urgent[1:]
	q.bytes -= len(it.text)
	return it
}

// next returns the size of the bulk item whose turn it is, 0 when there is none.
func (q *queue) next() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.turns) == 0 {
		return 0
	}
	return len(q.bulk[q.turns[0]][0].text)
}

// takeBulk returns the bulk item whose turn it is, or nil; its recipient's next turn comes after everybody else's.
func (q *queue) takeBulk() *item {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.turns) == 0 {
		return nil
	}
	to := q.turns[0]
	it := q.bulk[to][0]
	more := len(q.bulk[to]) > 1
	if q.remove(to, 0); more {
		q.turns = append(q.turns[1:], to)
	}
	return it
}

// await waits until something may have changed, ctx ends, or d is over; 0 is for ever. It says whether ctx lasts.
func (q *queue) await(ctx context.Context, d time.Duration) bool {
	var over <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-q.wake:
	case <-over:
	}
	return ctx.Err() == nil
}

// rouse wakes who writes.
func (q *queue) rouse() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// purge forgets what has no meaning on another connection.
func (q *queue) purge() {
	q.mu.Lock()
	defer q.mu.Unlock()
	kept := q.urgent[:0]
	for _, it := range q.urgent {
		if it.bare {
			q.bytes -= len(it.text)
			it.done <- nil
			continue
		}
		kept = append(kept, it)
	}
	q.urgent = kept
}

// fail tells everybody who waits that the item will not be sent, and takes nothing any more.
func (q *queue) fail(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, it := range q.urgent {
		it.done <- err
	}
	for _, list := range q.bulk {
		for _, it := range list {
			it.done <- err
		}
	}
	q.urgent, q.bulk, q.turns, q.bytes, q.closed = nil, map[string][]*item{}, nil, 0, err
}

// waiting is how many bytes wait.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}
