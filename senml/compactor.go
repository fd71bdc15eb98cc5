package senml

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// groupFrom is the mean number of records a name needs before records are put together by name: below,
// repeating whole names costs more than the ends of names it saves.
const groupFrom = 3

// Compact says the same with base fields, so that it takes less room in every format. It is the opposite of
// Resolve: for a resolved pack, Resolve returns exactly p again, to the last bit of every time. To that end
// a base time is stated anew wherever an addition would round. Packs that have base fields already, and
// packs of one record, come back as a copy. The order may change to bring the records of one name
// together, but only so that Resolve restores it.
func (p Pack) Compact() Pack {
	if len(p) < 2 || !p.isPlain() {
		return slices.Clone(p)
	}
	if order, ok := p.byName(); ok {
		return p.compactGroups(order)
	}
	return p.compactInOrder()
}

// isPlain says whether p has no base field but one version for all.
func (p Pack) isPlain() bool {
	for i := range p {
		r := &p[i]
		base := r.BaseName != "" || r.BaseTime != 0 || r.BaseUnit != "" || r.Cleared != 0 ||
			r.BaseValue != nil || r.BaseSum != nil
		if base || r.BaseVersion != p[0].BaseVersion {
			return false
		}
	}
	return true
}

// byName orders the records by name, names as they first appear. It is false when that gains nothing, or
// when Resolve would not restore the order of records of the same time.
func (p Pack) byName() ([]int, bool) {
	rank := make(map[string]int)
	order := make([]int, len(p))
	for i := range p {
		order[i] = i
		if _, known := rank[p[i].Name]; !known {
			rank[p[i].Name] = len(rank)
		}
	}
	if len(rank) < 2 || len(p) < groupFrom*len(rank) {
		return nil, false
	}
	restored := p.chronological(slices.Clone(order))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rank[p[a].Name], rank[p[b].Name]) })
	return order, slices.Equal(restored, p.chronological(slices.Clone(order)))
}

// chronological sorts indexes as Resolve sorts records.
func (p Pack) chronological(order []int) []int {
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a].Time, p[b].Time) })
	return order
}

// compactGroups states name and unit once for each name.
func (p Pack) compactGroups(order []int) Pack {
	w := compactor{records: make(Pack, 0, len(p))}
	for len(order) > 0 {
		name := p[order[0]].Name
		size := 1
		for size < len(order) && p[order[size]].Name == name {
			size++
		}
		unit := p.sharedUnit(order[:size])
		for _, i := range order[:size] {
			w.add(p[i], name, unit)
		}
		order = order[size:]
	}
	return w.records
}

// sharedUnit is the unit of all the records meant, empty when they differ.
func (p Pack) sharedUnit(order []int) string {
	unit := p[order[0]].Unit
	for _, i := range order {
		if p[i].Unit != unit {
			return ""
		}
	}
	return unit
}

// compactInOrder states once what the names begin with and the commonest unit.
func (p Pack) compactInOrder() Pack {
	name, unit := p.commonName(), p.commonestUnit()
	w := compactor{records: make(Pack, 0, len(p))}
	for _, r := range p {
		w.add(r, name, unit)
	}
	return w.records
}

// separators end the parts of a name. A base name ends after one, so that n stays legible.
const separators = ":/._-"

// minPrefixGain is the number of characters a base name must save, because its label costs some.
const minPrefixGain = 5

// commonName is what all names begin with, up to a separator, or the one name of all.
func (p Pack) commonName() string {
	prefix := p[0].Name
	same := true
	for i := range p {
		same = same && p[i].Name == p[0].Name
		prefix = commonPrefix(prefix, p[i].Name)
	}
	if !same {
		prefix = prefix[:strings.LastIndexAny(prefix, separators)+1]
	}
	if len(prefix)*(len(p)-1) < minPrefixGain {
		return ""
	}
	return prefix
}

func commonPrefix(a, b string) string {
	size := 0
	for size < len(a) && size < len(b) && a[size] == b[size] {
		size++
	}
	return a[:size]
}

// commonestUnit is the unit most records have, the first of equals. It is empty when a record has no unit,
// which a base unit would give it, and when no unit is there twice.
func (p Pack) commonestUnit() string {
	count := make(map[string]int)
	for i := range p {
		count[p[i].Unit]++
	}
	best := ""
	for i := range p {
		if unit := p[i].Unit; count[unit] > max(count[best], 1) {
			best = unit
		}
	}
	if count[""] > 0 {
		return ""
	}
	return best
}

// compactor writes records against the base fields in force.
type compactor struct {
	records    Pack
	name, unit string
	time       float64
}

// add writes one record after making name and unit the ones in force.
func (w *compactor) add(r Record, name, unit string) {
	if len(w.records) > 0 {
		r.BaseVersion = 0 // the first record's holds for all
	}
	w.setName(&r, name)
	w.setUnit(&r, unit)
	w.setTime(&r)
	w.records = append(w.records, r)
}

func (w *compactor) setName(r *Record, name string) {
	if name != w.name {
		r.BaseName, w.name = name, name
		r.Cleared |= clearedIf(name == "", ClearedName)
	}
	r.Name = strings.TrimPrefix(r.Name, name)
}

func (w *compactor) setUnit(r *Record, unit string) {
	if unit != w.unit {
		r.BaseUnit, w.unit = unit, unit
		r.Cleared |= clearedIf(unit == "", ClearedUnit)
	}
	if r.Unit == unit {
		r.Unit = ""
	}
}

func clearedIf(empty bool, field Cleared) Cleared {
	if empty {
		return field
	}
	return 0
}

// setTime makes the time an offset when that is exact, otherwise a base time of its own. Relative times
// are short as they are.
func (w *compactor) setTime(r *Record) {
	if w.time == 0 && r.Time < FirstAbsolute {
		return
	}
	offset, exact := offsetTo(w.time, r.Time)
	if w.time == 0 || !exact {
		r.BaseTime, w.time = r.Time, r.Time
		offset = 0
	}
	r.Time = offset
}

// offsetTo finds what added to base is time to the last bit, as short a decimal as may be: the difference
// of 1700000000.25 and 1700000000.001 prints as 0.24900007247924805, yet 0.249 leads to the same sum.
func offsetTo(base, time float64) (offset float64, exact bool) {
	difference := time - base
	for _, scale := range [...]float64{1, 1e3, 1e6} {
		offset = math.Round(difference*scale) / scale
		if base+offset == time {
			return offset, true
		}
	}
	return difference, base+difference == time
}
