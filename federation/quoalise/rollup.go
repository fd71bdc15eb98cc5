package quoalise

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"releve/federation/xmpp"
	"releve/senml"
)

// Resolution is the length of the periods of a roll-up in ISO 8601. Days and longer are those of the household's zone.
type Resolution string

// The resolutions, from fine to coarse.
const (
	TenSeconds Resolution = "PT10S"
	TenMinutes Resolution = "PT10M"
	HalfHour   Resolution = "PT30M"
	Hour       Resolution = "PT1H"
	Day        Resolution = "P1D"
	Month      Resolution = "P1M"
	Year       Resolution = "P1Y"
)

// The aggregations of a roll-up. First is the value in force when the period begins, which is what an index or a text has.
const (
	mean    = "mean"
	minimum = "minimum"
	maximum = "maximum"
	first   = "first"
	count   = "count" // of readings
)

// Words that a form may hold in place of a resolution.
const (
	raw  = "raw"  // records as they are kept: also when nothing is said
	auto = "auto" // the finest that one answer can hold
)

// resolutions are those that auto tries: ten seconds are for who asks for them.
func resolutions() []Resolution { return []Resolution{TenMinutes, HalfHour, Hour, Day, Month, Year} }

// reach is how far back a roll-up goes when no start is given.
func (r Resolution) reach() time.Duration {
	switch r {
	case "", TenSeconds:
		return defaultRange
	case TenMinutes, HalfHour, Hour:
		return 24 * time.Hour
	case Day:
		return 31 * 24 * time.Hour
	}
	return 10 * 366 * 24 * time.Hour
}

// Period is what a series said in a period that is over.
type Period struct {
	Begin          time.Time
	Mean, Min, Max float64     // NaN when the series has none, as an index or a text
	First          senml.Value // in force at Since
	Since          time.Time   // Begin, or later when nothing was in force then
	Count          int         // readings
	Whole          bool        // something was in force all the time
}

// rollUp is how a series is wanted. The zero value wants its records.
type rollUp struct {
	aggregation string // "": mean where there is one, first otherwise
	resolution  Resolution
}

// splitRollUp splits what is wanted off an identifier of a roll-up. Any other identifier is returned as it is.
//
//	Format:  <series>/(mean|minimum|maximum|first|count)/(PT10S|PT10M|PT30M|PT1H|P1D|P1M|P1Y)
//	Example: urn:dev:prm:01234567890123_consumption/power/apparent/raw/mean/P1D
func splitRollUp(id string) (series string, wanted rollUp) {
	words := strings.Split(id, "/")
	last := len(words) - 1
	if last < 2 || !isResolution(words[last]) || !slices.Contains([]string{mean, minimum, maximum, first, count}, words[last-1]) {
		return id, rollUp{}
	}
	return strings.Join(words[:last-1], "/"), rollUp{words[last-1], Resolution(words[last])}
}

// seriesOf is the series that a name is of, or asks for a roll-up of.
func seriesOf(id string) string {
	series, _ := splitRollUp(id)
	return series
}

// suffix is what splitRollUp splits off.
func (r rollUp) suffix() string { return "/" + r.aggregation + "/" + string(r.resolution) }

// parseResolution reads the field resolution: what to try, from fine to coarse. "" stands for records.
func parseResolution(s string) ([]Resolution, error) {
	switch {
	case s == "", s == raw:
		return []Resolution{""}, nil
	case s == auto:
		return append([]Resolution{""}, resolutions()...), nil
	case isResolution(s):
		return []Resolution{Resolution(s)}, nil
	}
	if len(s) > maxTime {
		return nil, xmpp.BadRequest(fmt.Sprintf("resolution has more than %d bytes", maxTime))
	}
	return nil, xmpp.BadRequest(fmt.Sprintf("resolution %q is unknown; it may be raw, auto, PT10S, PT10M, PT30M, PT1H, P1D, P1M or P1Y", s))
}

func isResolution(s string) bool {
	return s == string(TenSeconds) || slices.Contains(resolutions(), Resolution(s))
}

// isFinerThan compares two resolutions; "" is finer than all.
func (r Resolution) isFinerThan(other Resolution) bool {
	order := append([]Resolution{"", TenSeconds}, resolutions()...)
	return slices.Index(order, r) < slices.Index(order, other)
}

// rolledUp reads periods as records, stamped at their beginning, or with first at the instant the value held from.
func (p *Provider) rolledUp(ctx context.Context, local string, q question, r Resolution) (Data, error) {
	periods, more, err := p.Archive.Periods(ctx, local, r, q.from, q.to, MaxRecords)
	if err != nil {
		return Data{}, p.fault(ctx, err)
	}
	wanted := rollUp{q.rollUp.aggregation, r}
	if wanted.aggregation == "" {
		wanted.aggregation = natural(periods)
	}
	if q.whole && wanted.aggregation == first && natural(periods) == mean {
		return Data{}, xmpp.NotAuthorized("the consent does not cover single readings, such as the first of a period")
	}
	data := Data{Name: q.series + wanted.suffix(), Measurement: p.measurement(q.series)}
	if wanted.aggregation != first {
		data.Measurement.Aggregation = wanted.aggregation
	}
	data.Measurement.SamplingInterval = string(r)
	if wanted.aggregation == count {
		data.Measurement.Unit = "count" // RFC 8428 §12.1
	}
	for _, period := range periods {
		if record, ok := period.record(wanted.aggregation); ok && (!q.whole || period.isKnown()) {
			record.Unit = data.Measurement.Unit
			data.Records = append(data.Records, record)
		}
	}
	switch {
	case len(data.Records) == 0 && len(periods) > 0 && !q.whole:
		return data, xmpp.BadRequest("this series has no " + wanted.aggregation + "; ask for first")
	case more && len(data.Records) > 1:
		return data, tooMany(data.Records, len(data.Records)-1)
	case more: // what is missing is not told apart from what is not known
		return data, xmpp.BadRequest("too long a time; ask for a shorter one")
	}
	return data, nil
}

// natural is the aggregation of a series of which only a resolution was asked.
func natural(periods []Period) string {
	if len(periods) > 0 && math.IsNaN(periods[0].Mean) {
		return first
	}
	return mean
}

// isKnown says whether the period tells all of its time: the mean of a part would not be that of the period.
func (p Period) isKnown() bool {
	if math.IsNaN(p.Mean) {
		return p.Since.Equal(p.Begin)
	}
	return p.Whole
}

// record is the period as a record without name and unit. Means are given to the thousandth: what is behind it is noise
// of the division, and bytes.
func (p Period) record(aggregation string) (r senml.Record, ok bool) {
	switch aggregation {
	case first:
		return senml.Record{Time: seconds(p.Since), Value: p.First}, true
	case count:
		return senml.Record{Time: seconds(p.Begin), Value: senml.NumberValue(float64(p.Count))}, true
	}
	v := map[string]float64{mean: math.Round(p.Mean*1000) / 1000, minimum: p.Min, maximum: p.Max}[aggregation]
	return senml.Record{Time: seconds(p.Begin), Value: senml.NumberValue(v)}, !math.IsNaN(v)
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
