package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"releve/buffer"
	"releve/senml"
)

type bufferExportVerb struct {
	configFile
	From       string   `help:"First instant: a day, a time, or how long ago, such as 2026-11-01, 2026-11-01T12:30 or -7d, in the household's zone." placeholder:"TIME"`
	To         string   `help:"Instant before which it ends." placeholder:"TIME"`
	Series     []string `help:"Which series; * stands for any characters. For example voltage/*." default:"*"`
	Resolution string   `help:"${enum}: readings as they were, or roll-ups." enum:"raw,10m,30m,1h,1d,1M,1y" default:"raw"`
	Format     string   `help:"${enum}. SenML: one pack a line, CBOR: a sequence of packs. auto is senml-json, and csv for roll-ups, which are nothing else." enum:"auto,senml-json,senml-cbor,csv" default:"auto"`
	Undated    bool     `help:"Readings that have no date yet, or never will, as CSV: which boot heard them, and when since it began."`
}

var resolutions = map[string]buffer.Resolution{
	"10m": buffer.TenMinutes, "30m": buffer.HalfHour, "1h": buffer.Hour,
	"1d": buffer.Day, "1M": buffer.Month, "1y": buffer.Year,
}

// Run writes what the store of a stopped agent has.
func (v bufferExportVerb) Run(ctx context.Context, t terminal) error {
	if v.Resolution != "raw" && v.Format != "auto" && v.Format != "csv" {
		return misuse{fmt.Errorf("buffer export: roll-ups cannot be written as %s; leave --format out", v.Format)}
	}
	if v.Undated && (v.From+v.To != "" || v.Resolution != "raw" || v.Format != "auto" && v.Format != "csv") {
		return misuse{errors.New("buffer export: readings without a date have no day, no roll-ups and no format but csv; leave the other flags but --series out")}
	}
	c, err := v.load()
	if err != nil {
		return err
	}
	e := &export{ctx: ctx, chosen: pattern(v.Series), location: c.Agent.Location}
	if e.from, e.to, err = v.span(c.Agent.Location); err != nil {
		return misuse{fmt.Errorf("buffer export: %w", err)}
	}
	out := bufio.NewWriter(t.out)
	err = storeFlags{configFile: v.configFile}.with(t, func(b *buffer.Buffer) error {
		e.buffer = b
		if v.Undated {
			return e.undated(out)
		}
		if r, ok := resolutions[v.Resolution]; ok {
			return e.periods(r, newTable(out))
		}
		return e.records(recordsTo(v.Format, out, c.Agent.Location))
	})
	return errors.Join(err, out.Flush())
}

// span reads the two ends; what is left out is all there is.
func (v bufferExportVerb) span(location *time.Location) (from, to time.Time, err error) {
	from, to = time.Unix(0, 0), time.Unix(1<<35, 0)
	for _, end := range []struct {
		flag, text string
		at         *time.Time
	}{{"from", v.From, &from}, {"to", v.To, &to}} {
		if end.text == "" {
			continue
		}
		if *end.at, err = parseMoment(end.text, time.Now(), location); err != nil {
			return from, to, fmt.Errorf("--%s: %w", end.flag, err)
		}
	}
	return from.In(location), to.In(location), nil
}

// pattern makes one expression of what a name, or its path without the meter, must be like.
func pattern(words []string) *regexp.Regexp {
	var all []string
	for _, word := range words {
		all = append(all, strings.ReplaceAll(regexp.QuoteMeta(word), `\*`, ".*"))
	}
	return regexp.MustCompile("^([^/]*/)?(" + strings.Join(all, "|") + ")$")
}

// export reads what was chosen, a day at a time, so that an import meets all series of an hour together.
type export struct {
	ctx      context.Context
	buffer   *buffer.Buffer
	chosen   *regexp.Regexp
	from, to time.Time
	location *time.Location
}

// series lists those that were chosen.
func (e *export) series() (all []buffer.Known) {
	for _, s := range e.buffer.Known() {
		if e.chosen.MatchString(s.Name) {
			all = append(all, s)
		}
	}
	return all
}

// records writes readings.
func (e *export) records(write func(p senml.Pack) error) error {
	first, end, err := e.buffer.Span()
	if err != nil {
		return err
	}
	from, to := later(e.from, first), earlier(e.to, end)
	for from.Before(to) {
		next := earlier(midnight(from, e.location).AddDate(0, 0, 1), to)
		for _, s := range e.series() {
			p, _, err := e.buffer.History(e.ctx, s.Name, from, next, 1<<30)
			if err == nil && len(p) > 0 {
				err = write(p)
			}
			if err != nil {
				return err
			}
		}
		from = next
	}
	return nil
}

func later(x, y time.Time) time.Time {
	if x.Before(y) {
		return y
	}
	return x
}

func earlier(x, y time.Time) time.Time {
	if y.Before(x) {
		return y
	}
	return x
}

// periodsAtOnce bounds what is held of roll-ups: two months of ten minutes.
const periodsAtOnce = 10_000

// periods writes roll-ups, one series after the other.
func (e *export) periods(r buffer.Resolution, w table) error {
	if err := w.head(); err != nil {
		return err
	}
	for _, s := range e.series() {
		for from, more := e.from, true; more; {
			all, rest, err := e.buffer.Periods(e.ctx, s.Name, r, from, e.to, periodsAtOnce)
			for i := 0; i < len(all) && err == nil; i++ {
				err = w.period(s, all[i])
			}
			if err != nil {
				return err
			}
			if more = rest; more {
				from = all[len(all)-1].End
			}
		}
	}
	return nil
}

// recordsTo returns how records are written in a format.
func recordsTo(format string, out io.Writer, location *time.Location) func(p senml.Pack) error {
	if format == "csv" {
		lines := &readingLines{csv: csv.NewWriter(out), location: location}
		return lines.write
	}
	f, end := senml.JSON, "\n"
	if format == "senml-cbor" {
		f, end = senml.CBOR, ""
	}
	return func(p senml.Pack) error {
		for len(p) > 0 {
			n := min(len(p), maxPack)
			data, err := senml.Encode(f, p[:n].Compact())
			if err == nil {
				_, err = out.Write(append(data, end...))
			}
			if err != nil {
				return fmt.Errorf("export: %w", err)
			}
			p = p[n:]
		}
		return nil
	}
}
