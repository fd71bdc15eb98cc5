package pride

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"releve/senml"
)

// listed is a series of an answer.
//
//	Example: {"c":"pride.enedis.cdc","l":{"PRM":"01234567890123",".app":"pride"},"a":{},"v":[[1795421573490000,1190.0]]}
type listed struct {
	Class  string              `json:"c"`
	Labels map[string]string   `json:"l"`
	Points [][]json.RawMessage `json:"v"` // [tick, value], with a position and an elevation between them where there is one
}

// gts is the identity of a series, without what the platform adds to it.
func (l listed) gts() GTS {
	g := GTS{Class: l.Class, Labels: maps.Clone(l.Labels)}
	maps.DeleteFunc(g.Labels, func(name, _ string) bool { return strings.HasPrefix(name, ".") })
	return g
}

// answered reads the stack that a script leaves, its top first, into as many places.
func answered(body []byte, places ...any) error {
	var stack []json.RawMessage
	if err := json.Unmarshal(withNulls(body), &stack); err != nil {
		return errors.New("what PRIDE answers is no stack of WarpScript")
	}
	if len(stack) != len(places) {
		return fmt.Errorf("PRIDE answers %d values instead of %d", len(stack), len(places))
	}
	for i, place := range places {
		if err := json.Unmarshal(stack[i], place); err != nil {
			return fmt.Errorf("value %d of what PRIDE answers is not what was asked for", i+1)
		}
	}
	return nil
}

// withNulls puts null in place of the NaN and Infinity that a platform writes outside of texts, which are not JSON.
func withNulls(body []byte) []byte {
	if !bytes.Contains(body, []byte("NaN")) && !bytes.Contains(body, []byte("Infinity")) {
		return body
	}
	return notNumbers.ReplaceAllFunc(body, func(found []byte) []byte {
		if found[0] == '"' {
			return found
		}
		return []byte("null")
	})
}

// notNumbers finds them, and texts, so that those are passed over whole.
var notNumbers = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?Infinity|NaN`)

// records are the datapoints of a series that can be readings; skipped counts the others. A second has so many ticks.
func (l listed) records(name, unit string, ticks int64) (p senml.Pack, skipped int) {
	for _, point := range l.Points {
		if len(point) < 2 {
			skipped++
			continue
		}
		tick, err := strconv.ParseInt(string(point[0]), 10, 64)
		value, ok := valueOf(point[len(point)-1])
		if err != nil || !ok {
			skipped++
			continue
		}
		p = append(p, senml.Record{Name: name, Unit: unit, Value: value, Time: float64(tick) / float64(ticks)})
	}
	return p, skipped
}

// valueOf reads a value; a text of Warp 10 is a text here.
func valueOf(raw json.RawMessage) (senml.Value, bool) {
	switch raw := bytes.TrimSpace(raw); {
	case len(raw) == 0 || string(raw) == "null":
		return senml.Value{}, false
	case raw[0] == '"':
		var text string
		err := json.Unmarshal(raw, &text)
		return senml.TextValue(text), err == nil
	case string(raw) == "true", string(raw) == "false":
		return senml.BoolValue(string(raw) == "true"), true
	default:
		var n float64
		err := json.Unmarshal(raw, &n) // refuses what no float holds
		return senml.NumberValue(n), err == nil
	}
}
