package quoalise

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Interval is a length of time that travels as an ISO 8601 duration of days, hours, minutes and seconds: those that are
// as long in every month. It is kept to the millisecond.
//
//	Example: PT30S, PT10M, PT1H30M, P1D, PT0.5S
type Interval time.Duration

// longest is the longest interval there is.
const longest = Interval(9999 * 24 * time.Hour)

// ParseInterval reads an interval. Its error repeats nothing of s: it may be long.
func ParseInterval(s string) (Interval, error) {
	found := regexp.MustCompile(`^P(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9}(?:\.\d{1,3})?)S)?)?$`).FindStringSubmatch(s)
	if found == nil || strings.HasSuffix(s, "T") || s == "P" {
		return 0, fmt.Errorf("not an ISO 8601 duration of days, hours, minutes and seconds, such as PT10M")
	}
	var sum float64
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if found[i+1] == "" {
			continue
		}
		n, err := strconv.ParseFloat(found[i+1], 64)
		if err != nil {
			return 0, err
		}
		sum += n * float64(unit)
	}
	if sum > float64(longest) {
		return 0, fmt.Errorf("longer than %s", longest)
	}
	return Interval(time.Duration(sum).Round(time.Millisecond)), nil
}

// String writes the interval with the largest units that fit: a minute is PT1M.
func (i Interval) String() string {
	left := time.Duration(i).Round(time.Millisecond)
	day, clock := "", ""
	if n := left / (24 * time.Hour); n > 0 {
		day, left = fmt.Sprintf("%dD", n), left%(24*time.Hour)
	}
	if n := left / time.Hour; n > 0 {
		clock, left = fmt.Sprintf("%dH", n), left%time.Hour
	}
	if n := left / time.Minute; n > 0 {
		clock, left = clock+fmt.Sprintf("%dM", n), left%time.Minute
	}
	if left > 0 || day+clock == "" {
		clock += strconv.FormatFloat(left.Seconds(), 'f', -1, 64) + "S"
	}
	if clock != "" {
		clock = "T" + clock
	}
	return "P" + day + clock
}

// MarshalText is String.
func (i Interval) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText is ParseInterval.
func (i *Interval) UnmarshalText(text []byte) (err error) {
	*i, err = ParseInterval(string(text))
	return err
}
