package main

import (
	"context"
	"math"
	"time"

	"releve/buffer"
	"releve/federation"
	"releve/federation/quoalise"
	"releve/senml"
)

// archive shows the buffer to a Quoalise provider.
type archive struct {
	buffer *buffer.Buffer
	now    func() time.Time
}

var _ quoalise.Archive = archive{}

// Series returns the names of all series.
func (a archive) Series() []string {
	var names []string
	for _, s := range a.buffer.Series() {
		names = append(names, s.Name)
	}
	return names
}

// History returns records of one series.
func (a archive) History(ctx context.Context, local string, from, to time.Time, limit int) (senml.Pack, bool, error) {
	return a.buffer.History(ctx, local, from, to, limit)
}

// everything returns all records of one series.
func (a archive) everything(ctx context.Context, local string, from, to time.Time) (senml.Pack, error) {
	p, _, err := a.History(ctx, local, from, to, math.MaxInt)
	return p, err
}

// Periods returns periods of one series. One that is not over would come again with another value, and is left out.
func (a archive) Periods(ctx context.Context, local string, r quoalise.Resolution, from, to time.Time, limit int) ([]quoalise.Period, bool, error) {
	known := map[quoalise.Resolution]buffer.Resolution{
		quoalise.TenMinutes: buffer.TenMinutes, quoalise.HalfHour: buffer.HalfHour, quoalise.Hour: buffer.Hour,
		quoalise.Day: buffer.Day, quoalise.Month: buffer.Month, quoalise.Year: buffer.Year,
	}
	found, more, err := a.buffer.Periods(ctx, local, known[r], from, to, limit)
	var periods []quoalise.Period
	for _, p := range found {
		if !p.End.After(a.now()) {
			periods = append(periods, quoalise.Period{Begin: p.Begin, Mean: p.Mean, Min: p.Min, Max: p.Max, First: p.First, Since: p.Since})
		}
	}
	return periods, more, err
}

// cursor shows a cursor of the buffer to a delivery.
type cursor struct {
	cursor *buffer.Cursor
	known  <-chan struct{} // closed once the time is known
}

var _ federation.Cursor = cursor{}

// Next returns the packs after the last acknowledged one. It waits until the time is known: before, nobody can say which
// grants have ended, and what a gate withholds is passed over for good.
func (c cursor) Next(ctx context.Context, limit int) ([]federation.Item, error) {
	select {
	case <-c.known:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	items, err := c.cursor.Next(ctx, limit)
	var out []federation.Item
	for _, item := range items {
		out = append(out, federation.Item{Seq: uint64(item.Seq), Pack: item.Pack})
	}
	return out, err
}

// Ack moves the cursor.
func (c cursor) Ack(seq uint64) error { return c.cursor.Ack(buffer.Seq(seq)) }
