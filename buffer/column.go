package buffer

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"releve/senml"
)

// column is what one series has said within one hour: numbers as numbers, and the rest as the records they are.
//
// A series is plain while all it says are numbers of one unit at whole milliseconds, with no sum and no update
// time: that is all a meter says but its texts, and takes 16 bytes a reading instead of 160.
type column struct {
	unit    string
	samples []sample
	records senml.Pack // of a series that is not plain; samples is empty then
}

// sample is one reading of a plain column.
type sample struct {
	at int32 // ms since the hour began
	v  float64
}

// isPlain tells whether a record can be a sample, in a column of that unit.
func isPlain(r *senml.Record, h hour, unit string) bool {
	_, isNumber := r.Value.Number()
	return isNumber && r.Unit == unit && r.Sum == nil && r.UpdateTime == 0 && r.BaseVersion == 0 &&
		secondsAt(h, nearestMilli(h, r.Time)) == r.Time
}

// nearestMilli is the time within the hour, to the nearest millisecond of it.
func nearestMilli(h hour, seconds float64) int32 {
	return int32(min(max(math.Round((seconds-h.start())*1000), 0), msPerHour-1))
}

// secondsAt turns a time within an hour back into Unix seconds, as a record written with milliseconds has it.
func secondsAt(h hour, ms int32) float64 { return float64(int64(h)*msPerHour+int64(ms)) / 1000 }

// add takes a record of the hour, in any order.
func (c *column) add(h hour, r *senml.Record) {
	if c.size() == 0 {
		c.unit = r.Unit
	}
	if c.records == nil && isPlain(r, h, c.unit) {
		v, _ := r.Value.Number()
		c.samples = append(c.samples, sample{nearestMilli(h, r.Time), v})
		return
	}
	c.records = append(c.all(h, ""), *r)
	c.records[len(c.records)-1].Name = ""
	c.unit, c.samples = "", nil
}

func (c *column) size() int { return len(c.samples) + len(c.records) }

// settle puts the column in order of time, and of the same time in the order it came; what was said twice, as
// after a crash or in an import of what is there, stays once.
func (c *column) settle() {
	byTime := func(x, y sample) int { return cmp.Compare(x.at, y.at) }
	if !slices.IsSortedFunc(c.samples, byTime) {
		slices.SortStableFunc(c.samples, byTime)
	}
	c.samples = once(c.samples,
		func(x, y sample) bool { return x.at == y.at },
		func(x, y sample) bool { return math.Float64bits(x.v) == math.Float64bits(y.v) })
	c.records = settled(c.records)
}

// settled is settle for records.
func settled(p senml.Pack) senml.Pack {
	slices.SortStableFunc(p, func(x, y senml.Record) int { return cmp.Compare(x.Time, y.Time) })
	return once(p,
		func(x, y senml.Record) bool { return x.Time == y.Time },
		sameRecord)
}

// once drops from an ordered list what is the same as something before it within the run of the same time.
func once[T any](list []T, sameTime, same func(x, y T) bool) []T {
	kept := list[:0]
	start := 0 // of the run in kept
	for _, x := range list {
		if len(kept) == 0 || !sameTime(kept[start], x) {
			start = len(kept)
		}
		if !slices.ContainsFunc(kept[start:], func(y T) bool { return same(x, y) }) {
			kept = append(kept, x)
		}
	}
	return kept
}

func sameRecord(x, y senml.Record) bool {
	sameSum := x.Sum == y.Sum || x.Sum != nil && y.Sum != nil && *x.Sum == *y.Sum
	x.Sum, y.Sum = nil, nil
	return sameSum && x == y
}

// clip drops what is not within from ≤ time < to, in Unix seconds, from an ordered column.
func (c *column) clip(h hour, from, to float64) {
	if from > h.start() || to < (h+1).start() {
		c.samples = slices.DeleteFunc(c.samples, func(s sample) bool { t := secondsAt(h, s.at); return t < from || t >= to })
		c.records = slices.DeleteFunc(c.records, func(r senml.Record) bool { return r.Time < from || r.Time >= to })
	}
}

// all returns the column as records of that name.
func (c *column) all(h hour, name string) senml.Pack {
	return c.appendTo(make(senml.Pack, 0, c.size()+1), h, name)
}

// appendTo appends it to a pack.
func (c *column) appendTo(p senml.Pack, h hour, name string) senml.Pack {
	for _, s := range c.samples {
		p = append(p, senml.Record{Name: name, Unit: c.unit, Value: senml.NumberValue(s.v), Time: secondsAt(h, s.at)})
	}
	for _, r := range c.records {
		r.Name = name
		p = append(p, r)
	}
	return p
}

// unitOf is the unit of a column's latest reading.
func (c *column) unitOf() string {
	if n := len(c.records); n > 0 {
		return c.records[n-1].Unit
	}
	return c.unit
}

// isOpaque tells whether a column holds what is no value to look at, such as a picture: it stays in its packs.
func (c *column) isOpaque() bool {
	return slices.ContainsFunc(c.records, func(r senml.Record) bool { return r.Value.Kind() == senml.Data })
}

// codings of a column, its first byte.
const (
	columnNumbers = 0
	columnRecords = 1
)

// encode appends a settled column to dst. The times of a plain one are places on the axis of its block.
//
// Format:  byte 0, text unit (uvarint length, bytes), uvarint readings, places on the axis (uvarint: each less the one
// before), scale, numbers (see scale); or byte 1 and the pack in CBOR, without names
// Example: 00 0157 02 00 01 00 d006 14 is 424 W and 434 W at the first two times of the axis
func (c *column) encode(dst []byte, axis []int32) ([]byte, error) {
	if c.records != nil {
		cbor, err := senml.EncodeCBOR(c.records)
		return append(append(dst, columnRecords), cbor...), err
	}
	dst = appendText(append(dst, columnNumbers), c.unit)
	dst = binary.AppendUvarint(dst, uint64(len(c.samples)))
	place, before := 0, 0
	numbers := make([]float64, len(c.samples))
	for i, s := range c.samples {
		for axis[place] != s.at {
			place++
		}
		dst = binary.AppendUvarint(dst, uint64(place-before))
		before = place
		numbers[i] = s.v
	}
	kind := scaleOf(numbers)
	dst = append(dst, byte(kind))
	last := 0.0
	for _, v := range numbers {
		dst = kind.append(dst, v, last)
		last = v
	}
	return dst, nil
}

// decodeColumn reads what encode wrote.
func decodeColumn(data []byte, axis []int32) (*column, error) {
	b := &scanner{data: data}
	switch coding := b.byte(); {
	case b.err != nil:
		return nil, b.err
	case coding == columnRecords:
		p, err := senml.DecodeCBOR(b.data)
		if err == nil && len(p) == 0 {
			err = errMalformed
		}
		return &column{records: p}, err
	case coding != columnNumbers:
		return nil, fmt.Errorf("coding %d of a column is unknown", coding)
	}
	c := &column{unit: b.text()}
	c.samples = make([]sample, b.uvarint(uint64(len(b.data))))
	place := uint64(0)
	for i := range c.samples {
		if place += b.uvarint(math.MaxInt32); place >= uint64(len(axis)) {
			return nil, errMalformed
		}
		c.samples[i].at = axis[place]
	}
	kind := scale(b.byte())
	if !kind.isKnown() {
		return nil, fmt.Errorf("scale %d of a column is unknown", kind)
	}
	last := 0.0
	for i := range c.samples {
		last = kind.read(b, last)
		c.samples[i].v = last
	}
	return c, b.end()
}
