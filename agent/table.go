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

	"releve/buffer"
	"releve/senml"
)

// readingHead is the first line of readings as CSV (RFC 4180): a number is under value, a text under text.
//
// Example: 2026-03-01T13:00:00.25+01:00,linky/voltage/1,V,231,
var readingHead = []string{"time", "series", "unit", "value", "text"}

// readingLines writes readings as CSV.
type readingLines struct {
	csv      *csv.Writer
	location *time.Location
	begun    bool
}

// csvTime is a time to the microsecond, and no longer than it must be.
const csvTime = "2006-01-02T15:04:05.999999Z07:00"

// write writes the records of a pack.
func (l *readingLines) write(p senml.Pack) error {
	if !l.begun {
		l.begun = true
		if err := l.csv.Write(readingHead); err != nil {
			return err
		}
	}
	for i := range p {
		line, err := l.line(&p[i])
		if err == nil {
			err = l.csv.Write(line)
		}
		if err != nil {
			return err
		}
	}
	l.csv.Flush()
	return l.csv.Error()
}

func (l *readingLines) line(r *senml.Record) ([]string, error) {
	at := time.UnixMicro(int64(math.Round(r.Time * 1e6))).In(l.location).Format(csvTime)
	_, isNumber := r.Value.Number()
	_, isBool := r.Value.Bool()
	switch {
	case !isPlain(r):
		return nil, fmt.Errorf("a reading of %s at %s is no number, text, true or false: export it as senml-json", r.Name, at)
	case isNumber, isBool:
		return []string{at, r.Name, r.Unit, r.Value.String(), ""}, nil
	}
	return []string{at, r.Name, r.Unit, "", r.Value.String()}, nil
}

// isPlain tells whether a reading is a number, true or false, or a text, which CSV can say.
func isPlain(r *senml.Record) bool {
	kind := r.Value.Kind()
	return r.Sum == nil && r.UpdateTime == 0 && (kind == senml.Number || kind == senml.Bool || kind == senml.Text)
}

// lineReader reads what readingLines writes.
type lineReader struct{ csv *csv.Reader }

func newLineReader(in io.Reader) (*lineReader, error) {
	r := csv.NewReader(in)
	r.FieldsPerRecord = len(readingHead)
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return &lineReader{r}, nil
	}
	if err == nil && !slices.Equal(head, readingHead) {
		err = fmt.Errorf("line 1: columns are %v, want %v", head, readingHead)
	}
	return &lineReader{r}, err
}

// linesAtOnce is how many lines become one pack.
const linesAtOnce = 1000

// Next returns the next records, and io.EOF after the last.
func (l *lineReader) Next() (p senml.Pack, err error) {
	for len(p) < linesAtOnce {
		line, err := l.csv.Read()
		if errors.Is(err, io.EOF) && len(p) > 0 {
			return p, nil
		}
		if err != nil {
			return nil, err
		}
		r, err := readingOf(line)
		if err != nil {
			row, _ := l.csv.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", row, err)
		}
		p = append(p, r)
	}
	return p, nil
}

func readingOf(line []string) (senml.Record, error) {
	at, err := time.Parse(time.RFC3339, line[0])
	if err != nil {
		return senml.Record{}, fmt.Errorf("time %q is not like 2026-03-01T12:00:00.25+01:00", line[0])
	}
	r := senml.Record{Name: line[1], Unit: line[2], Time: float64(at.UnixMicro()) / 1e6, Value: senml.TextValue(line[4])}
	switch line[3] {
	case "":
		return r, nil
	case "true", "false":
		r.Value = senml.BoolValue(line[3] == "true")
		return r, nil
	}
	v, err := strconv.ParseFloat(line[3], 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return senml.Record{}, fmt.Errorf("value %q is not a number", line[3])
	}
	r.Value = senml.NumberValue(v)
	return r, nil
}

// table writes roll-ups as CSV. What a series does not have, such as the mean of an index, is empty.
//
// Example: 2026-03-01T00:00:00+01:00,2026-03-02T00:00:00+01:00,linky/voltage/1,V,5120,86400,231.5,228,236,231,232,
type table struct{ csv *csv.Writer }

func newTable(out io.Writer) table { return table{csv.NewWriter(out)} }

func (t table) head() error {
	return t.csv.Write([]string{
		"begin", "end", "series", "unit", "readings", "covered_s", "mean", "min", "max", "first", "last", "changes",
	})
}

// period writes one period.
func (t table) period(s buffer.Known, p buffer.Period) error {
	changes := ""
	if _, isText := p.Last.Text(); isText {
		changes = strconv.Itoa(p.Changes)
	}
	err := t.csv.Write([]string{
		p.Begin.Format(time.RFC3339), p.End.Format(time.RFC3339), s.Name, s.Unit, strconv.Itoa(p.Count),
		decimal(p.Covered.Seconds()), decimal(p.Mean), decimal(p.Min), decimal(p.Max), p.First.String(), p.Last.String(), changes,
	})
	t.csv.Flush()
	return errors.Join(err, t.csv.Error())
}

// decimal writes a number to the thousandth, or nothing when there is none.
func decimal(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}
