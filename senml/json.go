package senml

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// EncodeJSON writes p as application/senml+json (RFC 8428 §5), on one line, without white space. Numbers
// are the shortest that read back the same, without exponent at ordinary sizes. It refuses numbers that
// are not finite and text that is not UTF-8, naming the record.
func EncodeJSON(p Pack) ([]byte, error) {
	records, err := spread(p)
	if err != nil {
		return nil, fmt.Errorf("encode JSON: %w", err)
	}
	w := newJSONWriter()
	w.buf.WriteByte('[')
	for i := range records {
		if i > 0 {
			w.buf.WriteByte(',')
		}
		if err := w.record(&records[i]); err != nil {
			return nil, fmt.Errorf("encode JSON: %w", recordError(i, err))
		}
	}
	w.buf.WriteByte(']')
	return w.buf.Bytes(), nil
}

// jsonWriter writes records one field after the other.
type jsonWriter struct {
	buf     bytes.Buffer
	strings *json.Encoder // writes to buf
}

func newJSONWriter() *jsonWriter {
	w := new(jsonWriter)
	w.strings = json.NewEncoder(&w.buf)
	w.strings.SetEscapeHTML(false)
	return w
}

func (w *jsonWriter) record(f *fields) error {
	separator := byte('{')
	for _, place := range f.table() {
		if *place.at == nil {
			continue
		}
		w.buf.WriteByte(separator)
		separator = ','
		w.buf.WriteString(`"` + place.label + `":`)
		if err := w.value(*place.at); err != nil {
			return fmt.Errorf("%s: %w", place.label, err)
		}
	}
	if separator == '{' {
		w.buf.WriteByte('{') // a record without fields
	}
	w.buf.WriteByte('}')
	return nil
}

func (w *jsonWriter) value(v any) error {
	text, ok := v.(string)
	if !ok {
		w.buf.WriteString(quoteData(v))
		return nil
	}
	if err := w.strings.Encode(text); err != nil {
		return err
	}
	w.buf.Truncate(w.buf.Len() - 1) // the line feed the encoder adds
	return nil
}

// quoteData writes what needs no escaping.
func quoteData(v any) string {
	if _, ok := v.([]byte); ok {
		return `"` + plain(v) + `"`
	}
	return plain(v)
}

// plain writes a field as the characters JSON and XML share.
func plain(v any) string {
	switch v := v.(type) {
	case float64:
		return formatNumber(v)
	case bool:
		return strconv.FormatBool(v)
	case []byte:
		return base64.RawURLEncoding.EncodeToString(v)
	case string:
		return v
	default:
		return ""
	}
}

// DecodeJSON reads application/senml+json. Unknown fields are skipped unless their label ends in an
// underscore. Labels are matched as written, and a label twice in a record, null, numbers too large for a
// float64, more than MaxRecords records and a record with two values are errors.
// The pack is as it was sent: see Pack.Validate and Pack.Resolve.
func DecodeJSON(data []byte) (Pack, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("decode JSON: text is not UTF-8, the only encoding RFC 8428 §5 allows")
	}
	r := jsonReader{json.NewDecoder(bytes.NewReader(data))}
	r.UseNumber()
	p, err := r.pack()
	if err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	return p, nil
}

// jsonReader walks the tokens itself, because encoding/json would take N for n and the last of two equal labels.
type jsonReader struct{ *json.Decoder }

func (r jsonReader) pack() (Pack, error) {
	if err := r.expect('[', "an array of records"); err != nil {
		return nil, err
	}
	p := Pack{}
	for r.More() {
		if len(p) == MaxRecords {
			return nil, errTooMany(MaxRecords + 1)
		}
		record, err := r.record()
		if err != nil {
			return nil, recordError(len(p), err)
		}
		p = append(p, record)
	}
	if err := r.expect(']', "the end of the array"); err != nil {
		return nil, err
	}
	if _, err := r.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the array of records")
	}
	return p, nil
}

func (r jsonReader) expect(delimiter json.Delim, what string) error {
	token, err := r.next()
	if err != nil {
		return err
	}
	if token != delimiter {
		return fmt.Errorf("expected %s, found %s", what, describeToken(token))
	}
	return nil
}

// next is Token for places where the input must not end.
func (r jsonReader) next() (json.Token, error) {
	token, err := r.Token()
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	return token, err
}

func (r jsonReader) record() (Record, error) {
	if err := r.expect('{', "a record"); err != nil {
		return Record{}, err
	}
	var f fields
	for r.More() {
		if err := r.field(&f); err != nil {
			return Record{}, err
		}
	}
	if err := r.expect('}', "the end of the record"); err != nil {
		return Record{}, err
	}
	return f.record()
}

func (r jsonReader) field(f *fields) error {
	token, err := r.next()
	if err != nil {
		return err
	}
	label, _ := token.(string) // the decoder sees to it that keys are strings
	place, known := f.find(label)
	if !known {
		return r.skip(label)
	}
	if *place.at != nil {
		return fmt.Errorf("%s appears twice", label)
	}
	if token, err = r.next(); err != nil {
		return err
	}
	*place.at, err = place.fromJSON(token)
	return err
}

func (r jsonReader) skip(label string) error {
	if err := checkUnknown(label); err != nil {
		return err
	}
	var ignored json.RawMessage
	return r.Decode(&ignored)
}

// fromJSON reads one value. Kinds are compared later, except where JSON spells two kinds alike.
func (p field) fromJSON(token json.Token) (any, error) {
	switch v := token.(type) {
	case json.Number:
		return p.parseNumber(string(v))
	case string:
		if p.kind == Data {
			return p.parseData(v)
		}
		return v, nil
	case bool:
		return v, nil
	default:
		return nil, fmt.Errorf("%s must be %s, found %s", p.label, p.wanted(), describeToken(token))
	}
}

func (p field) wanted() string {
	switch p.kind {
	case Number:
		return "a finite number"
	case Bool:
		return "true or false"
	default:
		return "text"
	}
}

func (p field) parseNumber(s string) (any, error) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, fmt.Errorf("%s must be a finite number that a double can hold", p.label)
	}
	return n, nil
}

// parseData reads base64url. RFC 8428 omits padding; it is accepted, because many encoders add it.
func (p field) parseData(s string) (any, error) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return nil, fmt.Errorf("%s must be base64url: %w", p.label, err)
	}
	return data, nil
}

func describeToken(token json.Token) string {
	switch v := token.(type) {
	case json.Delim:
		return map[json.Delim]string{'{': "an object", '[': "an array", '}': "}", ']': "]"}[v]
	case json.Number:
		return "a number"
	default:
		return describe(token)
	}
}
