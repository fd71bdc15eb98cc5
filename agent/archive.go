package main

import (
	"context"
	"time"

	"releve/buffer"
	"releve/federation"
	"releve/federation/quoalise"
	"releve/senml"
)

// archive shows the buffer to a Quoalise provider.
type archive struct{ buffer *buffer.Buffer }

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
