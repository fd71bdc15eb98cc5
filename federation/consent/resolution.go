package consent

import (
	"slices"
	"strings"
)

// Resolution is how finely a recipient may see: Live, or the length of periods in ISO 8601. Days are those of the
// household's zone, all others are as they are in UTC.
type Resolution string

// The resolutions that can be granted.
const (
	Live       Resolution = "live" // records as they are read
	TenSeconds Resolution = "PT10S"
	TenMinutes Resolution = "PT10M"
	HalfHour   Resolution = "PT30M"
	Hour       Resolution = "PT1H"
	Day        Resolution = "P1D"
)

// Resolutions returns all of them, from fine to coarse.
func Resolutions() []Resolution {
	return []Resolution{Live, TenSeconds, TenMinutes, HalfHour, Hour, Day}
}

// rank is the place from fine to coarse, -1 of none.
func (r Resolution) rank() int { return slices.Index(Resolutions(), r) }

// Words lists them for a sentence.
func Words() string {
	var list []string
	for _, r := range Resolutions() {
		list = append(list, string(r))
	}
	return strings.Join(list, ", ")
}
