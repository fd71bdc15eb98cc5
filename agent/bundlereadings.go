package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"releve/buffer"
	"releve/senml"
)

// Names in a bundle.
const (
	readingsFolder = "readings/"
	undatedName    = "readings/undated.csv"
)

// partRecords is how many records stand in one file: few enough for a spreadsheet, for who reads a pack whole, and for
// the memory of who writes it.
const partRecords = 10_000

// readings writes all readings that are kept, by the days of the household, in the order of their time.
func (p portability) readings(ctx context.Context, b *bundle) error {
	from, end, err := p.buffer.Span()
	if err != nil {
		return err
	}
	for from.Before(end) {
		next := earlier(midnight(from, p.cfg.Agent.Location).AddDate(0, 0, 1), end)
		if err := p.day(ctx, b, from, next); err != nil {
			return err
		}
		from = next
	}
	return nil
}

// day writes a day in parts. It is read an hour at a time, as it is stored.
func (p portability) day(ctx context.Context, b *bundle, from, to time.Time) error {
	part, number := make(senml.Pack, 0, partRecords), 0
	flush := func(p senml.Pack) error {
		number++
		return writeReadings(b, fmt.Sprintf("%s%s-%02d", readingsFolder, from.Format(time.DateOnly), number), p)
	}
	from = from.In(p.cfg.Agent.Location)
	for begin := from; begin.Before(to); begin = begin.Add(time.Hour) {
		hour, err := p.hour(ctx, begin, earlier(begin.Add(time.Hour), to))
		if err != nil {
			return err
		}
		for len(hour) > 0 {
			n := min(len(hour), partRecords-len(part))
			part, hour = append(part, hour[:n]...), hour[n:]
			if len(part) < partRecords {
				continue
			}
			if err := flush(part); err != nil {
				return err
			}
			part = part[:0]
		}
	}
	if len(part) == 0 {
		return nil
	}
	return flush(part)
}

// hour is what all series have of an hour, in the order of time (a resolved pack, RFC 8428 §4.6).
func (p portability) hour(ctx context.Context, from, to time.Time) (senml.Pack, error) {
	var all senml.Pack
	for _, s := range p.buffer.Known() {
		one, _, err := p.buffer.History(ctx, s.Name, from, to, math.MaxInt32)
		if err != nil {
			return nil, err
		}
		all = append(all, one...)
	}
	slices.SortStableFunc(all, func(x, y senml.Record) int { return cmp.Compare(x.Time, y.Time) })
	return all, nil
}

// writeReadings writes one pack in three ways. What CSV cannot say stands in the others.
func writeReadings(b *bundle, name string, p senml.Pack) error {
	plain := slices.DeleteFunc(slices.Clone(p), func(r senml.Record) bool { return !isPlain(&r) })
	lines := func(w io.Writer) error {
		return (&readingLines{csv: csv.NewWriter(w), location: b.location}).write(plain)
	}
	return errors.Join(writePack(b, name, p), b.file(name+".csv", "text/csv", len(plain), lines))
}

// writePack writes a pack as SenML, in JSON and in CBOR.
func writePack(b *bundle, name string, p senml.Pack) error {
	for _, f := range []struct {
		format senml.Format
		ending string
	}{{senml.JSON, ".json"}, {senml.CBOR, ".cbor"}} {
		text, err := senml.Encode(f.format, p)
		if err == nil {
			err = b.file(name+f.ending, f.format.MediaType(), len(p), verbatim(string(text)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rolled is a period of a series.
type rolled struct {
	series buffer.Known
	period buffer.Period
}

// record is a period as one: its mean, or the value in force first where it has none, at its beginning.
func (r rolled) record() senml.Record {
	one := senml.Record{Name: r.series.Name, Unit: r.series.Unit, Value: r.period.First, Time: float64(r.period.Begin.UnixMilli()) / 1000}
	if !math.IsNaN(r.period.Mean) {
		one.Value = senml.NumberValue(r.period.Mean)
	}
	return one
}

// rollUps writes what is kept of readings by periods, also where the readings are no more, series after series.
func (p portability) rollUps(ctx context.Context, b *bundle) error {
	for _, r := range []struct {
		name       string
		resolution buffer.Resolution
	}{
		{"PT10M", buffer.TenMinutes}, {"PT30M", buffer.HalfHour}, {"PT1H", buffer.Hour},
		{"P1D", buffer.Day}, {"P1M", buffer.Month}, {"P1Y", buffer.Year},
	} {
		if err := p.rollUp(ctx, b, "rollups/"+r.name, r.resolution); err != nil {
			return err
		}
	}
	return nil
}

func (p portability) rollUp(ctx context.Context, b *bundle, name string, r buffer.Resolution) error {
	number, part := 0, []rolled(nil)
	flush := func() error {
		number++
		err := writeRollUps(b, fmt.Sprintf("%s-%03d", name, number), part)
		part = part[:0]
		return err
	}
	for _, s := range p.buffer.Known() {
		for from, more := time.Unix(0, 0), true; more; {
			all, rest, err := p.buffer.Periods(ctx, s.Name, r, from, time.Unix(1<<35, 0), partRecords-len(part))
			if err != nil {
				return err
			}
			for _, one := range all {
				part = append(part, rolled{s, one})
			}
			if more = rest; more {
				from = all[len(all)-1].End
			}
			if len(part) < partRecords {
				continue
			}
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(part) == 0 {
		return nil
	}
	return flush()
}

func writeRollUps(b *bundle, name string, part []rolled) error {
	var pack senml.Pack
	for _, one := range part {
		pack = append(pack, one.record())
	}
	lines := func(w io.Writer) error {
		t := newTable(w)
		err := t.head()
		for i := 0; i < len(part) && err == nil; i++ {
			err = t.period(part[i].series, part[i].period)
		}
		return err
	}
	return errors.Join(writePack(b, name, pack), b.file(name+".csv", "text/csv", len(part), lines))
}
