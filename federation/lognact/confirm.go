package lognact

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"releve/federation"
)

// pulse is how often it is looked whether something is to be confirmed or tried again.
const pulse = 2 * time.Second

// Run confirms what was sent, and tries again what is parked, until ctx ends.
func (r *Recipient) Run(ctx context.Context) error {
	tick := time.NewTicker(pulse)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := errors.Join(r.confirm(ctx), r.tryParked(ctx))
		if ctx.Err() != nil {
			return nil
		}
		r.tell(err)
	}
}

// tell keeps how the last attempt went, and logs another error than the one before.
func (r *Recipient) tell(err error) {
	r.mu.Lock()
	before := r.standing.Err
	r.standing.Err = err
	r.mu.Unlock()
	if err != nil && (before == nil || before.Error() != err.Error()) {
		r.Log.LogAttrs(context.Background(), slog.LevelInfo, "not confirmed", slog.String("recipient", r.Name), slog.Any("error", err))
	}
}

// confirm moves the cursor over what is stored, and sends again what is not: in order, and before anything that is newer.
func (r *Recipient) confirm(ctx context.Context) error {
	upto := r.trail.due()
	switch {
	case upto <= r.Cursor.Acked() || r.Now().Before(r.resting()):
		return nil
	case r.API == nil:
		return r.trail.confirm(upto)
	}
	all, err := r.advance(ctx, upto)
	if all || err != nil {
		return err
	}
	r.line.Lock()
	defer r.line.Unlock()
	r.note(func() { r.tries, r.rest = r.tries+1, r.Now().Add(r.trail.wait) })
	return r.walk(ctx, r.Cursor.Acked(), upto, func(from, _ uint64, values []Value) error {
		missing, _, err := r.lacking(ctx, values)
		if err != nil {
			return err
		}
		return r.again(ctx, from, missing)
	})
}

// errMissing ends a walk at a value that is not stored.
var errMissing = errors.New("a value is not stored")

// advance moves the cursor up to the first pack with a value that is not stored, and says whether there was none.
func (r *Recipient) advance(ctx context.Context, upto uint64) (all bool, err error) {
	err = r.walk(ctx, r.Cursor.Acked(), upto, func(_, last uint64, values []Value) error {
		missing, unseen, err := r.lacking(ctx, values)
		switch {
		case err != nil:
			return err
		case len(missing) > 0:
			return errMissing
		}
		r.note(func() { r.tries, r.standing.Unseen = 0, r.standing.Unseen+uint64(unseen) })
		r.behind.gate.Settled(true)
		return r.trail.confirm(last)
	})
	if errors.Is(err, errMissing) {
		return false, nil
	}
	return true, err
}

func (r *Recipient) resting() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rest
}

// again sends values another time, or parks their items when that has been of no use. The caller holds the line.
func (r *Recipient) again(ctx context.Context, from uint64, values []Value) error {
	r.mu.Lock()
	useless := r.tries > mostTries
	if !useless {
		r.standing.Resent += uint64(len(values))
	}
	r.mu.Unlock()
	if !useless {
		return r.hand(ctx, from, values, always)
	}
	refused := map[item]string{}
	for _, v := range values {
		refused[v.item()] = "the server processes values and does not store them: look at the item's state and the host's maintenance"
	}
	return r.park(from, refused)
}

// behind is the gate that what was sent is read again through. Whoever reads holds it; who needs the line too takes the line
// first.
type behind struct {
	sync.Mutex // guards everything below

	gate federation.Gate
}

// walk goes through the packs after one number and up to another, a few at a time: from is the number of the first of them.
func (r *Recipient) walk(ctx context.Context, after, upto uint64, visit func(from, last uint64, values []Value) error) error {
	for after < upto {
		last, err := r.step(ctx, after, upto, visit)
		if err != nil {
			return err
		}
		after = last
	}
	return nil
}

func (r *Recipient) step(ctx context.Context, after, upto uint64, visit func(from, last uint64, values []Value) error) (last uint64, err error) {
	items, err := r.trail.span(ctx, after, upto)
	if err != nil {
		return 0, err
	}
	r.behind.Lock()
	defer r.behind.Unlock()
	if len(items) == 0 { // trimmed meanwhile
		return upto, visit(upto, upto, nil)
	}
	from, last := items[0].Seq, items[len(items)-1].Seq
	values, err := r.values(ctx, from, r.behind.gate.Pass(joined(items)))
	if err != nil {
		return 0, err
	}
	return last, visit(from, last, values)
}

// mend sends again, after an interruption, what may have been lost by it: what lies between the cursor and the front and is
// not stored, or all of it when that cannot be known. The caller holds the line.
func (r *Recipient) mend(ctx context.Context) error {
	r.mu.Lock()
	broken := r.broken
	r.mu.Unlock()
	if !broken {
		return nil
	}
	front := r.trail.sent()
	err := r.walk(ctx, r.Cursor.Acked(), front, func(from, _ uint64, values []Value) error {
		if r.items != nil {
			if missing, unseen, err := r.lacking(ctx, values); err == nil && unseen == 0 {
				values = missing
			}
		}
		r.note(func() { r.standing.Resent += uint64(len(values)) })
		return r.hand(ctx, from, values, always)
	})
	if err != nil {
		return err
	}
	r.trail.renew()
	r.note(func() { r.broken = false })
	return nil
}
