package main

import (
	"encoding/csv"
	"io"
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
