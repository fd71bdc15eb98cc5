package senml

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// FirstAbsolute is the smallest absolute time, 2**28 s after the Unix epoch: 1978-07-04 21:24:16 UTC.
// Times below are relative to now (RFC 8428 §4.5.3).
const FirstAbsolute = 1 << 28

// Resolve returns the records of p as RFC 8428 §4.6 defines resolved ones: names and units complete,
// values and sums whole, times absolute against now, no base field left but a version other than 10, in
// chronological order (records of the same time keep theirs). A record that only states base fields
// disappears. What Validate refuses, Resolve refuses, except that the empty pack resolves to itself.
func (p Pack) Resolve(now time.Time) (Pack, error) {
	var base bases
	resolved := make(Pack, 0, len(p))
	for i := range p {
		r, holds, err := base.resolve(&p[i])
		if err != nil {
			return nil, recordError(i, err)
		}
		if !holds {
			continue
		}
		if err := r.settleTime(now); err != nil {
			return nil, recordError(i, err)
		}
		resolved = append(resolved, r)
	}
	slices.SortStableFunc(resolved, func(a, b Record) int { return cmp.Compare(a.Time, b.Time) })
	return resolved, nil
}

// settleTime makes a relative time absolute.
func (r *Record) settleTime(now time.Time) error {
	if r.Time < FirstAbsolute {
		r.Time += seconds(now)
	}
	if r.Time < FirstAbsolute {
		return errors.New("time is before 1978-07-04, the earliest RFC 8428 §4.5.3 can say; check the clock")
	}
	return nil
}

func seconds(t time.Time) float64 {
	return float64(t.Unix()) + float64(t.Nanosecond())/1e9
}

// bases are the base fields in force while a pack is read from its first record to its last.
type bases struct {
	name, unit string
	time       float64
	value, sum *float64
	version    int // 0 before the first record
}

// resolve applies the base fields to one record. It is false for a record that only states base fields.
func (b *bases) resolve(r *Record) (resolved Record, holds bool, err error) {
	if err := r.check(); err != nil {
		return Record{}, false, err
	}
	if err := b.take(r); err != nil {
		return Record{}, false, err
	}
	if r.isHeader() && b.value == nil && b.sum == nil {
		return Record{}, false, nil
	}
	resolved = Record{
		Name: b.name + r.Name, Unit: cmp.Or(r.Unit, b.unit), Time: b.time + r.Time,
		Value: b.addValue(r.Value), Sum: b.addSum(r.Sum), UpdateTime: r.UpdateTime,
	}
	if b.version != Version {
		resolved.BaseVersion = b.version
	}
	return resolved, true, resolved.checkResolved()
}

// take notes the base fields a record states.
func (b *bases) take(r *Record) error {
	if r.BaseName != "" || r.Cleared&ClearedName != 0 {
		b.name = r.BaseName
	}
	if r.BaseUnit != "" || r.Cleared&ClearedUnit != 0 {
		b.unit = r.BaseUnit
	}
	if r.BaseTime != 0 || r.Cleared&ClearedTime != 0 {
		b.time = r.BaseTime
	}
	b.value, b.sum = cmp.Or(r.BaseValue, b.value), cmp.Or(r.BaseSum, b.sum)
	return b.takeVersion(r.BaseVersion)
}

// takeVersion holds all records of a pack to one version (RFC 8428 §4.4).
func (b *bases) takeVersion(version int) error {
	if b.version == 0 {
		b.version = cmp.Or(version, Version)
	}
	if version != 0 && version != b.version {
		return fmt.Errorf("bver %d differs from version %d of the records before", version, b.version)
	}
	return nil
}

// isHeader says whether r has base fields at most, like the first record of RFC 8428 §5.1.7.
func (r *Record) isHeader() bool {
	return r.Name == "" && r.Unit == "" && r.Time == 0 && r.UpdateTime == 0 && r.Value.kind == None && r.Sum == nil
}

// addValue adds the base value to a number; one that is absent counts as zero (RFC 8428 §4.5.4).
func (b *bases) addValue(v Value) Value {
	if b.value == nil || v.kind != None && v.kind != Number {
		return v
	}
	return NumberValue(*b.value + v.number)
}

func (b *bases) addSum(sum *float64) *float64 {
	if b.sum == nil && sum == nil {
		return nil
	}
	total := orZero(b.sum) + orZero(sum)
	return &total
}

// checkResolved refuses a record that says nothing, or whose additions overflow.
func (r *Record) checkResolved() error {
	if err := checkName(r.Name); err != nil {
		return err
	}
	if r.Value.kind == None && r.Sum == nil {
		return errors.New("has neither value nor sum")
	}
	return r.checkNumbers()
}
