package quoalise

import (
	"math"
	"strconv"

	"releve/senml"
)

// based returns the records of one series with what they share stated once (RFC 8428 §4.1): the name and the unit, a
// whole second that times are counted from, which is stated again when that takes fewer bytes, and a whole number that
// values are counted from when that does, as it does for the nine digits of an index.
//
//	Example: {"bn":"urn:dev:prm:01234567890123_voltage/1","bt":1583016600,"bu":"V","v":231},{"t":1.2,"v":230}
//
// Whatever the bases, the sums are the same doubles: times are whole milliseconds before a base is taken off, and values
// have a base only where all are integers of which a double holds the differences too.
func based(name string, records senml.Pack) senml.Pack {
	p := make(senml.Pack, len(records))
	times := milliseconds(records)
	value := baseValue(records)
	var base int64
	unit := ""
	for i, r := range records {
		if i == 0 {
			p[i].BaseName, p[i].BaseValue = name, value
		}
		if i == 0 || pays(times[i:], base) {
			base = second(times[i])
			p[i].BaseTime = float64(base / 1000)
		}
		if r.Unit != unit {
			p[i].BaseUnit, unit = r.Unit, r.Unit
			if unit == "" {
				p[i].Cleared = senml.ClearedUnit
			}
		}
		p[i].Time = float64(times[i]-base) / 1000
		p[i].Value, p[i].Sum = r.Value, r.Sum
		if n, isNumber := r.Value.Number(); value != nil && isNumber {
			p[i].Value = senml.NumberValue(n - *value)
		}
	}
	return p
}

func milliseconds(records senml.Pack) []int64 {
	times := make([]int64, len(records))
	for i, r := range records {
		times[i] = int64(math.Round(r.Time * 1000))
	}
	return times
}

// second is the whole second an instant is in, both in milliseconds.
func second(ms int64) int64 { return int64(math.Floor(float64(ms)/1000)) * 1000 }

// pays says whether stating the base time anew, for the first of these times, makes the text shorter.
func pays(times []int64, base int64) bool {
	again := second(times[0])
	const stated = len(` bt="1700000000"`)
	for reach := int64(100_000); reach <= 10_000_000 && reach <= times[0]-base; reach *= 10 { // 2, 3, 4 digits of seconds
		saved := 0
		for _, at := range times {
			if at < again || at >= again+reach {
				break
			}
			if saved += timeLength(at-base) - timeLength(at-again); saved > stated {
				return true
			}
		}
	}
	return false
}

// timeLength is how many bytes the attribute t of so many milliseconds takes.
func timeLength(ms int64) int {
	if ms == 0 {
		return 0
	}
	return len(` t=""`) + len(strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64))
}

// baseValue is the least of values that are all integers, if values counted from it take fewer bytes, and nil otherwise.
func baseValue(records senml.Pack) *float64 {
	const exact = 1 << 52
	least, length := math.Inf(1), 0
	for _, r := range records {
		n, isNumber := r.Value.Number()
		if !isNumber || n != math.Trunc(n) || math.Abs(n) > exact {
			return nil
		}
		least = min(least, n)
		length += digits(n)
	}
	after := len(` bv=""`) + digits(least)
	for _, r := range records {
		n, _ := r.Value.Number()
		after += digits(n - least)
	}
	if after >= length || math.IsInf(least, 0) {
		return nil
	}
	return &least
}

// digits is how many bytes an integer takes.
func digits(n float64) int { return len(strconv.FormatFloat(n, 'f', -1, 64)) }
