package main

import (
	"context"
	"math"
	"time"

	"releve/buffer"
	"releve/federation"
	"releve/federation/consent"
	"releve/federation/quoalise"
	"releve/senml"
)

// archive shows the buffer to a Quoalise provider.
type archive struct {
	buffer *buffer.Buffer
	now    func() time.Time
	hold   time.Duration // how long a value is in force; 0 for the buffer's own default
}

var (
	_ quoalise.Archive = archive{}
	_ consent.Archive  = archive{}
)

func (a *agent) archive() archive { return archive{a.buffer, a.now, holdOf(a.cfg.Buffer.FullSet)} }

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
	if r == quoalise.TenSeconds {
		return a.tenSeconds(ctx, local, from, to, limit)
	}
	found, more, err := a.buffer.Periods(ctx, local, resolutionOf(r), from, to, limit)
	var periods []quoalise.Period
	for _, p := range found {
		if !p.End.After(a.now()) {
			periods = append(periods, periodOf(p))
		}
	}
	return periods, more, err
}

// resolutionOf is the buffer's word for a resolution.
func resolutionOf(r quoalise.Resolution) buffer.Resolution {
	return map[quoalise.Resolution]buffer.Resolution{
		quoalise.TenMinutes: buffer.TenMinutes, quoalise.HalfHour: buffer.HalfHour, quoalise.Hour: buffer.Hour,
		quoalise.Day: buffer.Day, quoalise.Month: buffer.Month, quoalise.Year: buffer.Year,
	}[r]
}

func periodOf(p buffer.Period) quoalise.Period {
	return quoalise.Period{
		Begin: p.Begin, Mean: p.Mean, Min: p.Min, Max: p.Max, First: p.First, Since: p.Since, Count: p.Count,
		Whole: p.Covered >= p.End.Sub(p.Begin),
	}
}

// cutText is how long a text of a roll-up may be; one as long may have been longer.
const cutText = 32 // bytes

// Coarse returns what leaves of a series that is granted coarser than it is read. A period that is not over is not whole.
func (a archive) Coarse(ctx context.Context, local string, r consent.Resolution, from, to time.Time) ([]consent.Period, error) {
	if r == consent.TenSeconds {
		found, _, err := a.tenSeconds(ctx, local, from, to, math.MaxInt32)
		return coarse(found), err
	}
	kept, _, err := a.buffer.Periods(ctx, local, resolutionOf(quoalise.Resolution(r)), from, to, math.MaxInt32)
	var found []quoalise.Period
	for _, p := range kept {
		found = append(found, periodOf(p))
	}
	return coarse(found), err
}

// coarse leaves out of periods what is not known for sure, and what tells one reading.
func coarse(found []quoalise.Period) []consent.Period {
	var periods []consent.Period
	for _, p := range found {
		one := consent.Period{Begin: p.Begin, Mean: !math.IsNaN(p.Mean)}
		text, _ := p.First.Text()
		switch {
		case one.Mean && p.Whole:
			one.Value = senml.NumberValue(math.Round(p.Mean*1000) / 1000) // what is behind it is noise of the division
		case !one.Mean && p.Since.Equal(p.Begin) && len(text) < cutText:
			one.Value = p.First
		}
		periods = append(periods, one)
	}
	return periods
}

// cursor shows a cursor of the buffer to a delivery.
type cursor struct {
	cursor *buffer.Cursor
	known  <-chan struct{} // closed once the time is known
}

var _ federation.Erasing = cursor{}

// Next returns the packs after the last acknowledged one. It waits until the time is known: before, nobody can say which
// grants have ended, and what a gate withholds is passed over for good.
func (c cursor) Next(ctx context.Context, limit int) ([]federation.Item, error) {
	select {
	case <-c.known:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	items, err := c.cursor.Next(ctx, limit)
	return toItems(items), err
}

// Erasures is how often readings were erased.
func (c cursor) Erasures() uint64 { return c.cursor.Erasures() }

// toItems shows packs of the buffer to a delivery.
func toItems(items []buffer.Item) []federation.Item {
	var out []federation.Item
	for _, item := range items {
		out = append(out, federation.Item{Seq: uint64(item.Seq), Pack: item.Pack})
	}
	return out
}

// Ack moves the cursor.
func (c cursor) Ack(seq uint64) error { return c.cursor.Ack(buffer.Seq(seq)) }
