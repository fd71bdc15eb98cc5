package senml

import (
	"fmt"
	"strings"
)

// fields is a record as it travels: nil is an absent field. Numbers are float64 (CBOR also gives and
// takes integers, big integers and decimal fractions), texts string, vb bool, vd []byte.
// The tags are the integer labels of RFC 8428 §6, Table 4; the order is that of the RFC's own examples.
//
//	{"bn": "urn:dev:ow:10e2073a01080063:", "bt": 1320067464, "n": "temp", "u": "Cel", "v": 23.5}
//	{-2: "urn:dev:ow:10e2073a01080063:", -3: 1320067464, 0: "temp", 1: "Cel", 2: 23.5}
type fields struct {
	BaseName    any `cbor:"-2,keyasint,omitempty"`
	BaseTime    any `cbor:"-3,keyasint,omitempty"`
	BaseUnit    any `cbor:"-4,keyasint,omitempty"`
	BaseValue   any `cbor:"-5,keyasint,omitempty"`
	BaseSum     any `cbor:"-6,keyasint,omitempty"`
	BaseVersion any `cbor:"-1,keyasint,omitempty"`
	Name        any `cbor:"0,keyasint,omitempty"`
	Unit        any `cbor:"1,keyasint,omitempty"`
	Time        any `cbor:"6,keyasint,omitempty"`
	UpdateTime  any `cbor:"7,keyasint,omitempty"`
	Number      any `cbor:"2,keyasint,omitempty"`
	Text        any `cbor:"3,keyasint,omitempty"`
	Bool        any `cbor:"4,keyasint,omitempty"`
	Data        any `cbor:"8,keyasint,omitempty"`
	Sum         any `cbor:"5,keyasint,omitempty"`
}

// maxCBORLabel and minCBORLabel enclose Table 4, which the RFC calls conclusive.
const (
	minCBORLabel = -6
	maxCBORLabel = 8
)

// field is one place of fields: its label in JSON and XML, what it holds, and where.
type field struct {
	label string
	kind  Kind
	at    *any
}

// table lists the places in the order they are written.
func (f *fields) table() [15]field {
	return [15]field{
		{"bn", Text, &f.BaseName}, {"bt", Number, &f.BaseTime}, {"bu", Text, &f.BaseUnit},
		{"bv", Number, &f.BaseValue}, {"bs", Number, &f.BaseSum}, {"bver", Number, &f.BaseVersion},
		{"n", Text, &f.Name}, {"u", Text, &f.Unit}, {"t", Number, &f.Time}, {"ut", Number, &f.UpdateTime},
		{"v", Number, &f.Number}, {"vs", Text, &f.Text}, {"vb", Bool, &f.Bool}, {"vd", Data, &f.Data},
		{"s", Number, &f.Sum},
	}
}

// find returns the place of a label, and whether RFC 8428 has such a label.
func (f *fields) find(label string) (field, bool) {
	for _, place := range f.table() {
		if place.label == label {
			return place, true
		}
	}
	return field{}, false
}

// checkUnknown says whether a field we do not know may be skipped. A label that ends in an underscore
// must be understood (RFC 8428 §4.4).
func checkUnknown(label string) error {
	if strings.HasSuffix(label, "_") {
		return fmt.Errorf("field %q must be understood to read this record, and is not known here", label)
	}
	return nil
}

// toFields checks that what r holds can travel, whatever the format, and spreads it out.
func toFields(r *Record) (fields, error) {
	if err := r.check(); err != nil {
		return fields{}, err
	}
	var f fields
	f.BaseName = textField(r.BaseName, r.Cleared&ClearedName != 0)
	f.BaseTime = numberField(r.BaseTime, r.Cleared&ClearedTime != 0)
	f.BaseUnit = textField(r.BaseUnit, r.Cleared&ClearedUnit != 0)
	f.BaseValue, f.BaseSum, f.Sum = optionalField(r.BaseValue), optionalField(r.BaseSum), optionalField(r.Sum)
	f.BaseVersion = numberField(float64(r.BaseVersion), false)
	f.Name, f.Unit = textField(r.Name, false), textField(r.Unit, false)
	f.Time, f.UpdateTime = numberField(r.Time, false), numberField(r.UpdateTime, false)
	f.setValue(r.Value)
	return f, nil
}

func textField(s string, present bool) any {
	if s == "" && !present {
		return nil
	}
	return s
}

func numberField(n float64, present bool) any {
	if n == 0 && !present {
		return nil
	}
	return n
}

func optionalField(n *float64) any {
	if n == nil {
		return nil
	}
	return *n
}

func (f *fields) setValue(v Value) {
	switch v.kind {
	case Number:
		f.Number = v.number
	case Text:
		f.Text = v.text
	case Bool:
		f.Bool = v.number != 0
	case Data:
		f.Data = []byte(v.text)
	}
}

// spread checks every record of a pack and spreads it out, naming the record that cannot travel.
func spread(p Pack) ([]fields, error) {
	if len(p) > MaxRecords {
		return nil, errTooMany(len(p))
	}
	records := make([]fields, len(p))
	for i := range p {
		f, err := toFields(&p[i])
		if err != nil {
			return nil, recordError(i, err)
		}
		records[i] = f
	}
	return records, nil
}

func errTooMany(n int) error {
	return fmt.Errorf("%d records are more than the %d a pack may hold; send several packs", n, MaxRecords)
}

// recordError says which record is meant, counting from 1 as people do.
func recordError(index int, err error) error { return fmt.Errorf("record %d: %w", index+1, err) }
