package senml

import (
	"encoding/base64"
	"strconv"
)

// NumberValue returns the numeric value n (label v), in the unit of its record. NaN and the infinities
// have no place in RFC 8428: Encode and Validate refuse them.
func NumberValue(n float64) Value { return Value{kind: Number, number: n} }

// TextValue returns the string value s (label vs).
func TextValue(s string) Value { return Value{kind: Text, text: s} }

// BoolValue returns the boolean value b (label vb).
func BoolValue(b bool) Value {
	if b {
		return Value{kind: Bool, number: 1}
	}
	return Value{kind: Bool}
}

// DataValue returns the opaque value d (label vd). It keeps a copy.
func DataValue(d []byte) Value { return Value{kind: Data, text: string(d)} }

// Kind says which field the value belongs to; None for the zero Value.
func (v Value) Kind() Kind { return v.kind }

// Number returns the numeric value, and whether v is one.
func (v Value) Number() (float64, bool) {
	if v.kind != Number {
		return 0, false
	}
	return v.number, true
}

// Text returns the string value, and whether v is one.
func (v Value) Text() (string, bool) {
	if v.kind != Text {
		return "", false
	}
	return v.text, true
}

// Bool returns the boolean value, and whether v is one.
func (v Value) Bool() (value, ok bool) {
	return v.kind == Bool && v.number != 0, v.kind == Bool
}

// Data returns a copy of the opaque value, and whether v is one.
func (v Value) Data() ([]byte, bool) {
	if v.kind != Data {
		return nil, false
	}
	return []byte(v.text), true
}

// Equal is ==, for packages that compare by method.
func (v Value) Equal(other Value) bool { return v == other }

// String writes the value for people: the shortest number, the text itself, true or false, and data in
// base64url without padding. The zero Value is the empty string.
func (v Value) String() string {
	switch v.kind {
	case Number:
		return formatNumber(v.number)
	case Text:
		return v.text
	case Bool:
		return strconv.FormatBool(v.number != 0)
	case Data:
		return base64.RawURLEncoding.EncodeToString([]byte(v.text))
	default:
		return ""
	}
}

// String returns the label of the field: v, vs, vb or vd; "none" for None.
func (k Kind) String() string {
	switch k {
	case Number:
		return "v"
	case Text:
		return "vs"
	case Bool:
		return "vb"
	case Data:
		return "vd"
	default:
		return "none"
	}
}
