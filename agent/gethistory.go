package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"releve/federation/quoalise"
	"releve/senml"
)

type getHistoryVerb struct {
	From   string `help:"First instant: a day, a time, or how long ago, such as 2026-11-01, 2026-11-01T12:30 or -7d, in the household's zone; -1d unless given." default:"-1d" placeholder:"TIME"`
	To     string `help:"Instant before which it ends; now unless given." default:"now" placeholder:"TIME"`
	Format string `help:"${enum}. text: name, unit, value and time a line; SenML: one pack a line, CBOR: a sequence of packs." enum:"text,csv,senml-json,senml-cbor" default:"text"`
	callFlags
}

// Run asks the provider for what it keeps, and prints it.
func (v getHistoryVerb) Run(ctx context.Context, t terminal) error {
	c, err := v.prepare("get-history", t, -1, "warn") // -1: what others send us goes elsewhere
	if err != nil {
		return err
	}
	from, to, err := v.span(time.Now(), c.cfg.Agent.Location)
	if err != nil {
		return misuse{fmt.Errorf("get-history: %w", err)}
	}
	return c.during(ctx, func(ctx context.Context) error {
		if v.List {
			return v.list(ctx, t, c)
		}
		out := bufio.NewWriter(t.out)
		p := &printout{write: v.writer(out, c.cfg.Agent.Location), talk: t.err}
		err := v.fetch(ctx, c, p, from, to)
		return errors.Join(err, out.Flush())
	})
}

func (v getHistoryVerb) span(now time.Time, location *time.Location) (from, to time.Time, err error) {
	if from, err = parseMoment(v.From, now, location); err != nil {
		return from, to, fmt.Errorf("--from: %w", err)
	}
	if to, err = parseMoment(v.To, now, location); err != nil {
		return from, to, fmt.Errorf("--to: %w", err)
	}
	if !from.Before(to) {
		return from, to, fmt.Errorf("--from %s is not before --to %s", v.From, v.To)
	}
	return from, to, nil
}

// writer prints packs in the format that was asked for.
func (v getHistoryVerb) writer(out io.Writer, location *time.Location) func(p senml.Pack) error {
	format := v.Format
	if v.JSON {
		format = "senml-json"
	}
	if format == "text" {
		return (&recordLines{out: out, format: format, location: location}).write
	}
	return recordsTo(format, out, location)
}

// fetch prints one series after the other. What is refused of one holds up no other, and is the error in the end.
func (v getHistoryVerb) fetch(ctx context.Context, c *call, p *printout, from, to time.Time) error {
	series, err := c.remote.Expand(ctx, v.Identifiers)
	if err != nil {
		return err
	}
	var errs []error
	for _, one := range series {
		p.series++
		done, err := c.remote.Fetch(ctx, one, from, to, p.take)
		switch {
		case err == nil:
			continue
		case done.After(from):
			err = fmt.Errorf("%s, complete until %s: %w", one, done.In(c.cfg.Agent.Location).Format(time.RFC3339), err)
		default:
			err = fmt.Errorf("%s: %w", one, err)
		}
		errs = append(errs, err)
		var refused *quoalise.Refusal
		if !errors.As(err, &refused) || ctx.Err() != nil {
			break
		}
	}
	p.done()
	return errors.Join(errs...)
}

// printout writes what comes, and tells who watches how far it is.
type printout struct {
	write  func(p senml.Pack) error
	talk   io.Writer
	series int
	count  int
}

func (p *printout) take(_ context.Context, pack senml.Pack) error {
	if err := p.write(pack); err != nil {
		return err
	}
	p.count += len(pack)
	if isTerminal(p.talk) {
		last := time.UnixMilli(int64(pack[len(pack)-1].Time * 1000))
		fmt.Fprintf(p.talk, "%d records, series %d at %s\r", p.count, p.series, last.Format(time.DateTime))
	}
	return nil
}

func (p *printout) done() {
	if isTerminal(p.talk) {
		fmt.Fprintf(p.talk, "%d records of %d series%40s\n", p.count, p.series, "")
	}
}
