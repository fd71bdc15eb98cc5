package lognact

import (
	"context"
	"errors"
	"maps"
	"slices"
)

// tryParked gives parked items whose time has come all that they have missed, as far as they take it.
func (r *Recipient) tryParked(ctx context.Context) error {
	missing, given := map[item]Parked{}, map[item]Parked{}
	for _, one := range r.parking.list() {
		switch {
		case one.Again.After(r.Now()):
		case one.Sent == 0:
			missing[one.item()] = one
		default:
			given[one.item()] = one
		}
	}
	if err := r.checkGiven(ctx, given); err != nil {
		return err
	}
	return r.catchUp(ctx, missing)
}

// since is the pack before the first that any of the items lacks.
func since(items map[item]Parked) uint64 {
	first := ^uint64(0)
	for _, one := range items {
		first = min(first, one.Since)
	}
	return first - 1
}

// catchUp sends items what they lack, oldest first. The line is let go after each span, so that others are not held up; an
// item takes part again once it has all up to the front, which is seen while the line is held.
func (r *Recipient) catchUp(ctx context.Context, items map[item]Parked) error {
	if len(items) == 0 {
		return nil
	}
	for i := range items {
		if r.items != nil {
			r.items.forget(i.host) // somebody may have changed it
		}
	}
	after := since(items)
	for len(items) > 0 {
		last, done, err := r.catchUpSpan(ctx, after, items)
		if err != nil || done {
			return err
		}
		after = last
	}
	return nil
}

// catchUpSpan goes on by a few packs. Items that refuse are taken out, and tried another time from there.
func (r *Recipient) catchUpSpan(ctx context.Context, after uint64, items map[item]Parked) (last uint64, done bool, err error) {
	r.line.Lock()
	defer r.line.Unlock()
	front := r.trail.sent()
	packs, err := r.trail.span(ctx, after, front)
	if err != nil {
		return 0, false, err
	}
	switch {
	case len(packs) == 0 && r.line.handed > front: // what was handed over without them is not behind the front yet
		return 0, true, nil
	case len(packs) == 0:
		return 0, true, r.rejoin(items, front)
	}
	from, last := packs[0].Seq, packs[len(packs)-1].Seq
	r.behind.Lock()
	passed := r.behind.gate.Pass(joined(packs))
	r.behind.Unlock()
	values := without(r.translate(passed), func(v Value) bool {
		one, among := items[v.item()]
		return !among || one.Since > last
	})
	r.learn(ctx, values)
	ready, unready := r.sort(values)
	refused, err := r.line.deliver(ctx, ready, always)
	for i, why := range refused {
		unready[i] = obstacle{why, r.Now().Add(r.retry)}
	}
	return last, false, errors.Join(err, r.setAside(items, unready, from))
}

// setAside takes items with an obstacle out of those that are given what they lack.
func (r *Recipient) setAside(items map[item]Parked, unready map[item]obstacle, from uint64) error {
	var list []Parked
	for i, o := range unready {
		one := items[i]
		one.Reason, one.Again, one.Since = o.why, o.again, max(one.Since, from)
		list = append(list, one)
		delete(items, i)
	}
	return r.parking.set(list...)
}

// rejoin lets items take part again. With an API they stay on the list until what they were given is stored.
func (r *Recipient) rejoin(items map[item]Parked, front uint64) error {
	if r.items == nil {
		return r.parking.free(slices.Collect(maps.Keys(items))...)
	}
	var list []Parked
	for _, one := range items {
		one.Sent, one.Again = front, r.Now().Add(r.trail.wait)
		list = append(list, one)
	}
	return r.parking.set(list...)
}

// checkGiven looks whether items have what they were given.
func (r *Recipient) checkGiven(ctx context.Context, items map[item]Parked) error {
	if len(items) == 0 {
		return nil
	}
	upto := uint64(0)
	for _, one := range items {
		upto = max(upto, one.Sent)
	}
	still := map[item]bool{}
	err := r.walk(ctx, since(items), upto, func(_, _ uint64, values []Value) error {
		missing, _, err := r.lacking(ctx, without(values, func(v Value) bool { _, among := items[v.item()]; return !among }))
		for _, v := range missing {
			still[v.item()] = true
		}
		return err
	})
	if err != nil {
		return err
	}
	for i, one := range items {
		if !still[i] {
			continue
		}
		delete(items, i)
		one.Sent, one.Again, one.Reason = 0, r.Now().Add(r.retry), notStoredYet
		if err := r.parking.set(one); err != nil {
			return err
		}
	}
	return r.parking.free(slices.Collect(maps.Keys(items))...)
}

// notStoredYet is why an item is parked again after it has taken all.
const notStoredYet = "the server processes values and does not store them"
