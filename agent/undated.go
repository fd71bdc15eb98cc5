package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"releve/agent/clock"
	"releve/senml"
)

// undatedHead is the first line of readings that have no date as CSV (RFC 4180): which boot of the machine heard them and
// how many seconds after its beginning. What the meter dated itself has that date under time, and no uptime.
//
// Example: 5c0d3cc2-6a0e-4b0c-8f7e-0d6f7a3c1e55,12.345,,linky/voltage/1,V,231,
var undatedHead = []string{"boot", "uptime_s", "time", "series", "unit", "value", "text"}

// undated writes readings that wait for their date, or will never have one, boot after boot.
func (e *export) undated(out io.Writer) error {
	w := csv.NewWriter(out)
	if err := w.Write(undatedHead); err != nil {
		return err
	}
	for _, u := range e.buffer.Undated() {
		err := e.buffer.ReadUndated(e.ctx, u.Boot, func(p senml.Pack) error {
			for i := range p {
				if err := e.undatedLine(w, u.Boot, &p[i]); err != nil {
					return err
				}
			}
			w.Flush()
			return w.Error()
		})
		if err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func (e *export) undatedLine(w *csv.Writer, boot string, r *senml.Record) error {
	if !e.chosen.MatchString(r.Name) {
		return nil
	}
	line, err := (&readingLines{location: e.location}).line(r)
	if err != nil {
		return err
	}
	uptime := ""
	if at, isStamp := clock.FromStamp(r.Time); isStamp {
		uptime, line[0] = strconv.FormatFloat(time.Duration(at).Seconds(), 'f', -1, 64), ""
	}
	return w.Write(append([]string{boot, uptime}, line...))
}

// undatedReader reads what undated writes.
type undatedReader struct {
	csv  *csv.Reader
	line []string // read ahead
}

func newUndatedReader(in io.Reader) (*undatedReader, error) {
	r := &undatedReader{csv: csv.NewReader(in)}
	r.csv.FieldsPerRecord = len(undatedHead)
	head, err := r.csv.Read()
	if err == nil && !slices.Equal(head, undatedHead) {
		err = fmt.Errorf("line 1: columns are %v, want %v", head, undatedHead)
	}
	return r, err
}

// Next returns the next readings of one boot, and io.EOF after the last.
func (r *undatedReader) Next() (boot string, p senml.Pack, err error) {
	for len(p) < linesAtOnce {
		line := r.line
		if r.line = nil; line == nil {
			line, err = r.csv.Read()
		}
		if errors.Is(err, io.EOF) && len(p) > 0 {
			return boot, p, nil
		}
		if err != nil {
			return "", nil, err
		}
		if len(p) > 0 && line[0] != boot {
			r.line = line
			return boot, p, nil
		}
		record, err := undatedReading(line)
		if err != nil {
			row, _ := r.csv.FieldPos(0)
			return "", nil, fmt.Errorf("line %d: %w", row, err)
		}
		boot, p = line[0], append(p, record)
	}
	return boot, p, nil
}

func undatedReading(line []string) (senml.Record, error) {
	if line[1] == "" {
		return readingOf(line[2:])
	}
	uptime, err := strconv.ParseFloat(line[1], 64)
	stamp := float64(clock.Stamp(0).Unix()) + uptime
	if _, isStamp := clock.FromStamp(stamp); err != nil || !isStamp {
		return senml.Record{}, fmt.Errorf("uptime %.32q is not in seconds", line[1])
	}
	line[2] = time.UnixMilli(int64(math.Round(stamp * 1000))).UTC().Format(csvTime)
	return readingOf(line[2:])
}
