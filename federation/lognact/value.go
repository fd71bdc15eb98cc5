package lognact

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"releve/senml"
)

// Value is one value of an item, as the trapper and history.push take it.
type Value struct {
	Host  string `json:"host"`
	Key   string `json:"key"`
	Value string `json:"value"`
	Clock int64  `json:"clock"` // Unix seconds
	NS    int    `json:"ns"`    // never 0: the server would put another in its place
}

// item is what a value is of.
type item struct{ host, key string }

func (v Value) item() item { return item{v.Host, v.Key} }

// Bounds of what Zabbix keeps as it came.
const (
	maxText  = 65_535 // characters of an item of type text
	maxChar  = 255    // of type character
	maxClock = math.MaxInt32
	ahead    = time.Minute // how far a value may be in the future: lastvalue stays on it until then
)

// Errors of records that no item can ever hold.
var (
	errNoValue = errors.New("it has no value")
	errTime    = errors.New("its time is not one that Zabbix can keep (1970 to 2038)")
	errLong    = fmt.Errorf("its text has more than %d characters", maxText)
)

// newValue is a record as a value of an item. The nanosecond is made of the time alone, to the millisecond.
func newValue(i item, r senml.Record) (Value, error) {
	text, err := textOf(r.Value)
	if err != nil {
		return Value{}, err
	}
	if !(r.Time >= 1 && r.Time < maxClock) {
		return Value{}, errTime
	}
	ms := int64(math.Round(r.Time * 1000))
	return Value{Host: i.host, Key: i.key, Value: text, Clock: ms / 1000, NS: int(ms%1000)*1_000_000 + 1}, nil
}

// textOf writes a value so that no item of its type refuses it: without exponent, with a point only when there is something
// behind it.
func textOf(v senml.Value) (string, error) {
	switch v.Kind() {
	case senml.None:
		return "", errNoValue
	case senml.Number:
		n, _ := v.Number()
		return strconv.FormatFloat(n+0, 'f', -1, 64), nil
	case senml.Bool:
		if on, _ := v.Bool(); on {
			return "1", nil
		}
		return "0", nil
	}
	text := strings.ToValidUTF8(strings.ReplaceAll(v.String(), "\x00", ""), "\uFFFD")
	if utf8.RuneCountInString(text) > maxText {
		return "", errLong
	}
	return text, nil
}

// valueType is what an item holds, as the API numbers it.
type valueType int

const (
	typeFloat valueType = iota
	typeChar
	typeLog
	typeUnsigned
	typeText
)

// fits says why an item of this type would process a value and never store it as it is.
func (t valueType) fits(value string) error {
	switch t {
	case typeFloat:
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			return errors.New("the item takes numbers, and a text came: its type must be text")
		}
	case typeUnsigned:
		if _, err := strconv.ParseUint(value, 10, 64); err != nil {
			return errors.New("the item takes whole numbers from 0 on, and something else came: its type must be numeric (float), or text")
		}
	case typeChar:
		if utf8.RuneCountInString(value) > maxChar {
			return fmt.Errorf("the item takes %d characters, and more came: its type must be text", maxChar)
		}
	}
	return nil
}
