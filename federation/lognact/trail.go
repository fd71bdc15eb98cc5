package lognact

import (
	"context"
	"sync"
	"time"

	"releve/federation"
)

// Cursor is a place in the buffer that can also be read ahead of where it is, and behind.
type Cursor interface {
	// After waits until there is a pack after a number and returns up to limit packs from there on.
	After(ctx context.Context, seq uint64, limit int) ([]federation.Item, error)
	// Peek is After without waiting.
	Peek(ctx context.Context, seq uint64, limit int) ([]federation.Item, error)
	Acked() uint64
	Ack(seq uint64) error
	// Erasures is how often readings were erased from the buffer.
	Erasures() uint64
}

// trail is what lies between the front, up to which packs were sent, and the cursor behind it, up to which they are stored.
// To a delivery it is a cursor, which acknowledgements move the front of. After a restart the front is where the cursor is.
type trail struct {
	behind Cursor
	now    func() time.Time
	wait   time.Duration // between sending and confirming

	mu      sync.Mutex // guards everything below
	front   uint64
	reading uint64 // the first pack of those that were read last
	marks   []mark // oldest first
}

// mark says that all up to a pack had been sent at some time.
type mark struct {
	seq uint64
	at  time.Time
}

var _ federation.Erasing = (*trail)(nil)

func newTrail(behind Cursor, now func() time.Time, wait time.Duration) *trail {
	return &trail{behind: behind, now: now, wait: wait, front: behind.Acked()}
}

// Next returns the packs after the front.
func (t *trail) Next(ctx context.Context, limit int) ([]federation.Item, error) {
	items, err := t.behind.After(ctx, t.sent(), limit)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(items) > 0 {
		t.reading = items[0].Seq
	}
	return items, err
}

// Ack moves the front.
func (t *trail) Ack(seq uint64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.front = max(t.front, seq)
	now := t.now()
	grain := max(t.wait/500, time.Millisecond)
	if n := len(t.marks); n > 0 && now.Sub(t.marks[n-1].at) < grain && n > 1 && now.Sub(t.marks[n-2].at) < 2*grain {
		t.marks[n-1] = mark{seq, now}
		return nil
	}
	t.marks = append(t.marks, mark{seq, now})
	return nil
}

// Erasures is that of the buffer.
func (t *trail) Erasures() uint64 { return t.behind.Erasures() }

// sent is the front.
func (t *trail) sent() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(t.front, t.behind.Acked())
}

// read is the first pack of those that are being sent.
func (t *trail) read() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.reading
}

// due is up to where packs were sent long enough ago to be confirmed.
func (t *trail) due() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	var seq uint64
	for _, m := range t.marks {
		if t.now().Sub(m.at) < t.wait {
			break
		}
		seq = m.seq
	}
	return seq
}

// confirm moves the cursor.
func (t *trail) confirm(seq uint64) error {
	t.mu.Lock()
	for len(t.marks) > 0 && t.marks[0].seq <= seq {
		t.marks = t.marks[1:]
	}
	t.mu.Unlock()
	return t.behind.Ack(seq)
}

// renew says that all up to the front was sent just now: the wait begins again.
func (t *trail) renew() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.marks) > 0 {
		t.marks = []mark{{t.front, t.now()}}
	}
}

// packsPerSpan is how much of the trail is looked at at once.
const packsPerSpan = 60

// span returns packs after one number and up to another.
func (t *trail) span(ctx context.Context, after, upto uint64) ([]federation.Item, error) {
	items, err := t.behind.Peek(ctx, after, packsPerSpan)
	for i, item := range items {
		if item.Seq > upto {
			return items[:i], err
		}
	}
	return items, err
}
