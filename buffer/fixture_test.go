package buffer_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"releve/buffer"
	"releve/senml"
)

// noon is a time in the invented past of the fixtures, on a full hour.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// record is one reading of an invented series.
func record(name string, at time.Time, value float64) senml.Record {
	return senml.Record{
		Name: "urn:dev:org:60060-demo_" + name, Unit: "W", Value: senml.NumberValue(value),
		Time: float64(at.UnixMilli()) / 1000,
	}
}

// minute is a pack of what a meter says in n seconds: two series each second, four once.
func minute(at time.Time, n int) senml.Pack {
	var p senml.Pack
	for i := range n {
		t := at.Add(time.Duration(i) * time.Second)
		p = append(p, record("power", t, float64(400+(i*i*7)%300)), record("voltage", t, float64(230+i%5)))
	}
	for i := range 4 {
		p = append(p, record(fmt.Sprintf("energy/%d", i), at, float64(1_000_000*i)))
	}
	return p
}

func open(t testing.TB, o buffer.Options) *buffer.Buffer {
	t.Helper()
	b, err := buffer.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

func put(t testing.TB, b *buffer.Buffer, p senml.Pack) buffer.Seq {
	t.Helper()
	seq, err := b.Put(p)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func cursor(t testing.TB, b *buffer.Buffer, name string, from buffer.Start) *buffer.Cursor {
	t.Helper()
	c, err := b.Cursor(name, from)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func next(t testing.TB, c *buffer.Cursor, most int) []buffer.Item {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	items, err := c.Next(ctx, most)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

func ack(t testing.TB, c *buffer.Cursor, seq buffer.Seq) {
	t.Helper()
	if err := c.Ack(seq); err != nil {
		t.Fatal(err)
	}
}

func seqs(items []buffer.Item) []buffer.Seq {
	all := []buffer.Seq{}
	for _, item := range items {
		all = append(all, item.Seq)
	}
	return all
}

func itoa(seq buffer.Seq) string { return strconv.FormatUint(uint64(seq), 10) }

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
