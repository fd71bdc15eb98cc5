package bmhs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"releve/federation"
)

// batch is messages of one device and one local day that go as rows.
type batch struct {
	mac, day string
	device   *device
	before   *device // the device before the first of them
	messages int
	order    []string
	rows     map[string][]row // by metavalue, "" for the value of the device
	units    map[string]string
}

// gather adds a message to the batch, as if the server had it: abandon goes back.
func (r *Recipient) gather(ctx context.Context, mac string, d *device, at float64, m message) error {
	today := day(instant(at), r.Zone)
	if r.batch.device != d || r.batch.day != today {
		if err := r.flush(ctx); err != nil {
			return err
		}
		r.batch = batch{mac: mac, day: today, device: d, before: d.clone(), rows: map[string][]row{}, units: map[string]string{}}
	}
	b := &r.batch
	b.messages++
	for _, v := range m.Metavalues {
		switch {
		case v.Main:
			b.add("", v, at)
		case v.Trace:
			b.add(v.name, v, at)
		}
	}
	d.progress = d.after(at, m)
	return nil
}

func (b *batch) add(metavalue string, v metavalue, at float64) {
	n, ok := index(v.Value)
	if !ok {
		return
	}
	if b.rows[metavalue] == nil {
		b.order = append(b.order, metavalue)
	}
	b.units[metavalue] = v.Unit
	b.rows[metavalue] = append(b.rows[metavalue], row{fmt.Sprint(n), instant(at).UnixMilli()})
}

// flush sends the batch, a call a metavalue. What was acknowledged of a batch that is cut short is not sent again.
func (r *Recipient) flush(ctx context.Context) error {
	b := r.batch
	if b.device == nil {
		return nil
	}
	if err := r.memory.keep(b.mac, b.before); err != nil { // what is made anew after a kill are the same rows
		return err
	}
	for _, metavalue := range b.order {
		rows := after(b.before.Pushed[metavalue], b.rows[metavalue])
		if len(rows) == 0 {
			continue
		}
		if err := r.call(ctx, series{b.mac, metavalue}, b.units[metavalue], rows); err != nil {
			return err
		}
		if b.before.Pushed == nil {
			b.before.Pushed = map[string]float64{}
		}
		b.before.Pushed[metavalue] = float64(rows[len(rows)-1].Timestamp) / 1000
		if err := r.memory.keep(b.mac, b.before); err != nil {
			return err
		}
	}
	b.device.Pushed = nil
	r.batch = batch{}
	r.count(b.messages, 0)
	return r.memory.keep(b.mac, b.device)
}

// abandon goes back to before a batch that could not be sent.
func (r *Recipient) abandon() {
	if r.batch.device != nil {
		r.memory.devices[r.batch.mac] = r.batch.before
	}
	r.batch = batch{}
}

func after(seconds float64, rows []row) []row {
	i := slices.IndexFunc(rows, func(one row) bool { return float64(one.Timestamp)/1000 > seconds })
	if i < 0 {
		return nil
	}
	return rows[i:]
}

// call pushes rows; those that will never be taken are let go.
func (r *Recipient) call(ctx context.Context, of series, unit string, rows []row) error {
	if err := r.granted(); err != nil {
		return err
	}
	err := r.Data.push(ctx, r.Client, of, unit, rows)
	if errors.Is(err, errUnknown) {
		err = r.stuck.again(of.device+"/"+of.metavalue, float64(rows[0].Timestamp), err)
	}
	switch {
	case errors.Is(err, federation.ErrRefused):
		r.letGo("rows", err)
		return nil
	case err != nil:
		return err
	}
	r.count(0, len(rows))
	return nil
}
