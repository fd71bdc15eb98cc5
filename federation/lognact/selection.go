package lognact

import (
	"context"
	"errors"
	"time"

	"releve/federation"
	"releve/senml"
)

// values is the records of packs that begin with number from, as values, in order, without those of parked items. An item
// whose next value cannot be taken as it is, or not yet, is parked.
func (r *Recipient) values(ctx context.Context, from uint64, p senml.Pack) ([]Value, error) {
	all := without(r.translate(p), func(v Value) bool { return r.parking.skips(v.item()) })
	r.learn(ctx, all)
	ready, unready := r.sort(all)
	var list []Parked
	for i, o := range unready {
		list = append(list, Parked{Host: i.host, Key: i.key, Reason: o.why, Since: from, Again: o.again})
	}
	return ready, r.parking.park(list...)
}

// translate writes records as values; those that no item can hold are counted.
func (r *Recipient) translate(p senml.Pack) []Value {
	values := make([]Value, 0, len(p))
	for _, record := range p {
		i, err := r.Names.item(record.Name)
		if err != nil {
			r.misfit(err)
			continue
		}
		v, err := newValue(i, record)
		if err != nil {
			r.misfit(err)
			continue
		}
		values = append(values, v)
	}
	return values
}

func (r *Recipient) misfit(err error) {
	r.note(func() { r.standing.Misfits, r.standing.Misfit = r.standing.Misfits+1, err })
}

// obstacle is why an item cannot take its next value, and when it is tried again.
type obstacle struct {
	why   string
	again time.Time
}

// sort separates the values that can go from the items with an obstacle, and counts those that are too old for theirs.
func (r *Recipient) sort(values []Value) (ready []Value, unready map[item]obstacle) {
	unready = map[item]obstacle{}
	for _, v := range values {
		i, now := v.item(), r.Now()
		at := time.Unix(v.Clock, 0)
		err := r.fit(v)
		_, out := unready[i]
		switch {
		case out:
		case at.Sub(now) > ahead:
			unready[i] = obstacle{"a value is in the future", at.Add(-ahead)}
		case errors.Is(err, errOld):
			r.misfit(err)
		case err != nil:
			unready[i] = obstacle{err.Error(), now.Add(r.retry)}
		default:
			ready = append(ready, v)
		}
	}
	return ready, unready
}

// errOld is why a value is let go: the server would process it and keep nothing.
var errOld = errors.New("it is older than its item keeps values")

// fit says why a value would be processed and not stored, as far as is known of its item.
func (r *Recipient) fit(v Value) error {
	k, found := r.find(v.item())
	if !found {
		return nil // the server says what it thinks of it
	}
	if period, _ := k.keeps(); period > 0 && r.Now().Sub(time.Unix(v.Clock, 0)) > period {
		return errOld
	}
	return k.Type.fits(v.Value)
}

func (r *Recipient) find(i item) (known, bool) {
	if r.items == nil {
		return known{}, false
	}
	return r.items.find(i)
}

// learn asks what items these are. Without an answer values go out all the same.
func (r *Recipient) learn(ctx context.Context, values []Value) {
	if r.items == nil {
		return
	}
	items := map[item]bool{}
	for _, v := range values {
		items[v.item()] = true
	}
	err := r.items.learn(ctx, items)
	r.note(func() { r.standing.Err = err })
}

// notStored leaves out of values from before we began those that are stored already: after a restart much is sent again, and
// a database that was not made by Zabbix 6.0 or later would hold it twice.
func (r *Recipient) notStored(ctx context.Context, values []Value) []Value {
	if r.items == nil {
		return values
	}
	old := 0
	for old < len(values) && time.Unix(values[old].Clock, 0).Before(r.began) {
		old++
	}
	if old == 0 {
		return values
	}
	missing, unseen, err := r.lacking(ctx, values[:old])
	if err != nil || unseen > 0 {
		return values
	}
	return append(missing, values[old:]...)
}

// stamp is what a value is known by in the history.
type stamp struct {
	item
	clock int64
	ns    int
}

func (v Value) stamp() stamp { return stamp{v.item(), v.Clock, v.NS} }

// lacking is those of the values that are not in the history, in order, and how many cannot be looked for.
func (r *Recipient) lacking(ctx context.Context, values []Value) (missing []Value, unseen int, err error) {
	type part struct { // of one question
		of   valueType
		hour int64
	}
	parts, sought := map[part][]Value{}, []Value(nil)
	for _, v := range values {
		k, found := r.find(v.item())
		if _, stores := k.keeps(); !found || !stores {
			unseen++
			continue
		}
		p := part{k.Type, v.Clock / 3600}
		parts[p], sought = append(parts[p], v), append(sought, v)
	}
	stored := map[stamp]bool{}
	for p, list := range parts {
		if err := r.look(ctx, p.of, list, stored); err != nil {
			return nil, unseen, err
		}
	}
	return without(sought, func(v Value) bool { return stored[v.stamp()] }), unseen, nil
}

// look notes which of the values, all of one type and near each other, are stored.
func (r *Recipient) look(ctx context.Context, of valueType, values []Value, stored map[stamp]bool) error {
	items, from, till := map[string]item{}, values[0].Clock, values[0].Clock
	for _, v := range values {
		k, _ := r.find(v.item())
		items[k.ID] = v.item()
		from, till = min(from, v.Clock), max(till, v.Clock)
	}
	var ids []string
	for id := range items {
		ids = append(ids, id)
	}
	return readHistory(ctx, r.API, ids, of, from, till, func(rows []kept) error {
		for _, row := range rows {
			stored[stamp{items[row.Item], int64(row.Clock), int(row.NS)}] = true
		}
		return nil
	})
}

// joined is the records of packs.
func joined(items []federation.Item) senml.Pack {
	var p senml.Pack
	for _, item := range items {
		p = append(p, item.Pack...)
	}
	return p
}
