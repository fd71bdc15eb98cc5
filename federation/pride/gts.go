package pride

import (
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"releve/senml"
)

// GTS is the identity of a geo time series.
//
//	Example: pride.enedis.cdc{PRM=01234567890123,unit=W}
type GTS struct {
	Class  string
	Labels map[string]string
}

// String writes it as the input format does: class, names and values percent-encoded, labels in order. What differs is
// written differently.
func (g GTS) String() string {
	var labels []string
	for _, name := range slices.Sorted(maps.Keys(g.Labels)) {
		labels = append(labels, encode(name)+"="+encode(g.Labels[name]))
	}
	return encode(g.Class) + "{" + strings.Join(labels, ",") + "}"
}

// encode percent-encodes all but letters, digits, "-", "_" and "." of the UTF-8 text: nothing that is special to the
// input format or to a string of WarpScript stays.
func encode(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(strings.ToValidUTF8(s, "\uFFFD")) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
	return b.String()
}

// line writes a datapoint in the GTS input format.
//
//	Format:  TS/LAT:LON/ELEV CLASS{LABELS} VALUE
//	Example: 1795421573490000// pride.enedis.cdc{PRM=01234567890123,unit=W} 1190.0
func line(g GTS, r senml.Record) (string, error) {
	value, err := literal(r.Value)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d// %s %s\n", micros(r.Time), g, value), nil
}

// micros is a time in microseconds since 1970: what was written twice has the same one.
func micros(seconds float64) int64 { return int64(math.Round(seconds*1000) * 1000) }

// literal writes a value. All numbers are DOUBLEs: a platform reads a series by the type of the first value it finds, and
// would cut the decimals of all others after an integer.
func literal(v senml.Value) (string, error) {
	switch v.Kind() {
	case senml.Number:
		n, _ := v.Number()
		text := strconv.FormatFloat(n, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text, nil
	case senml.Text:
		text, _ := v.Text()
		return "'" + encode(text) + "'", nil
	case senml.Bool:
		if truth, _ := v.Bool(); truth {
			return "T", nil
		}
		return "F", nil
	case senml.Data:
		data, _ := v.Data()
		return "b64:" + base64.StdEncoding.EncodeToString(data), nil
	}
	return "", fmt.Errorf("a record without value has no place in a series")
}
