package senml_test

import (
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"releve/senml"
)

// edges are the values at which formats tend to differ.
func edges() []senml.Value {
	return []senml.Value{
		senml.NumberValue(0),
		senml.NumberValue(-1),
		senml.NumberValue(23),
		senml.NumberValue(24),
		senml.NumberValue(math.MaxInt32),
		senml.NumberValue(math.MinInt32),
		senml.NumberValue(math.MaxUint32 + 1),
		senml.NumberValue(1<<53 - 1),
		senml.NumberValue(1 << 53),
		senml.NumberValue(1<<53 + 2),
		senml.NumberValue(-(1 << 62)),
		senml.NumberValue(1 << 63),
		senml.NumberValue(0.1),
		senml.NumberValue(1.0 / 3),
		senml.NumberValue(65504),
		senml.NumberValue(65504.5),
		senml.NumberValue(5.960464477539063e-08), // the smallest half float
		senml.NumberValue(math.MaxFloat32),
		senml.NumberValue(math.SmallestNonzeroFloat32),
		senml.NumberValue(math.MaxFloat64),
		senml.NumberValue(-math.MaxFloat64),
		senml.NumberValue(math.SmallestNonzeroFloat64),
		senml.TextValue(""),
		senml.TextValue("HEURE  PLEINE"),
		senml.TextValue(" spaces "),
		senml.TextValue("tab\tline\nreturn\r\n"),
		senml.TextValue(`"quotes" 'and' <tags> & \slashes\ /`),
		senml.TextValue("é œ € 😀 \u2028 \ufffd"),
		senml.TextValue("true"),
		senml.TextValue("1e5"),
		senml.BoolValue(true),
		senml.BoolValue(false),
		senml.DataValue(nil),
		senml.DataValue([]byte{0}),
		senml.DataValue([]byte{0xfb, 0xef, 0xff}),
		senml.DataValue([]byte(strings.Repeat("\x00\xff", 500))),
	}
}

func TestValuesSurviveEveryFormat(t *testing.T) {
	t.Parallel()
	for _, value := range edges() {
		p := senml.Pack{{Name: "a", Value: value}}
		for _, format := range formats() {
			checkFormat(t, format, p)
		}
	}
}

// Every field by itself, present and, where that differs from absent, empty.
func TestFieldsSurviveEveryFormat(t *testing.T) {
	t.Parallel()
	zero, number := 0.0, -2.5
	for _, record := range []senml.Record{
		{},
		{BaseName: "urn:dev:ow:1:"},
		{BaseTime: 1700000000.25},
		{BaseTime: -1},
		{BaseUnit: "W"},
		{BaseValue: &zero},
		{BaseValue: &number},
		{BaseSum: &zero},
		{BaseSum: &number},
		{BaseVersion: 1},
		{BaseVersion: 10},
		{Cleared: senml.ClearedName},
		{Cleared: senml.ClearedTime},
		{Cleared: senml.ClearedUnit},
		{Cleared: senml.ClearedName | senml.ClearedTime | senml.ClearedUnit},
		{Name: "n"},
		{Name: "un nom <&> qui n'est pas permis"},
		{Unit: "%RH"},
		{Sum: &zero},
		{Sum: &number},
		{Time: -3600},
		{Time: 1700000000.123456},
		{UpdateTime: 600},
	} {
		for _, format := range formats() {
			checkFormat(t, format, senml.Pack{record, {Name: "b"}})
		}
	}
}

// A field that is not empty needs no mark, and a mark beside it means nothing.
func TestClearedBesideAValueIsNotKept(t *testing.T) {
	t.Parallel()
	marked := senml.Pack{{BaseName: "a", BaseTime: 5, BaseUnit: "W", Cleared: senml.ClearedName | senml.ClearedTime | senml.ClearedUnit}}
	data, err := senml.EncodeCBOR(marked)
	if err != nil {
		t.Fatal(err)
	}
	got, err := senml.DecodeCBOR(data)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, senml.Pack{{BaseName: "a", BaseTime: 5, BaseUnit: "W"}}, got)
}

// The three formats of one pack resolve to the same records.
func TestFormatsAgree(t *testing.T) {
	t.Parallel()
	var records senml.Pack
	for i, value := range edges() {
		records = append(records, senml.Record{Name: "urn:dev:ow:1:" + string(rune('a'+i%26)), Time: 1.7e9 + float64(i), Value: value})
	}
	for _, format := range formats() {
		data, err := senml.Encode(format, records.Compact())
		if err != nil {
			t.Fatal(err)
		}
		p, err := senml.Decode(format, data)
		if err != nil {
			t.Fatal(err)
		}
		resolved, err := p.Resolve(now())
		if err != nil {
			t.Fatal(err)
		}
		diff(t, records, resolved)
	}
}

// Codecs share what they set up once; several goroutines may use them at once.
func TestCodecsAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	p := instants(3)
	var all sync.WaitGroup
	for range 8 {
		for _, format := range formats() {
			all.Go(func() { checkFormat(t, format, p) })
		}
	}
	all.Wait()
}

// Every cut of a good pack is refused, and none is taken for a shorter one.
func TestDecodeRefusesEveryCut(t *testing.T) {
	t.Parallel()
	p := mustDecodeJSON(t, dataTypes)
	for _, format := range formats() {
		data, err := senml.Encode(format, p)
		if err != nil {
			t.Fatal(err)
		}
		for size := range data {
			if got, err := senml.Decode(format, slices.Clip(data[:size])); err == nil {
				t.Errorf("%v: %d of %d bytes are taken for %+v", format, size, len(data), got)
			}
		}
	}
}

// What a decoder returns does not change when its input does.
func TestDecodeKeepsNothingOfItsInput(t *testing.T) {
	t.Parallel()
	want := mustDecodeJSON(t, dataTypes)
	for _, format := range formats() {
		data, err := senml.Encode(format, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := senml.Decode(format, data)
		if err != nil {
			t.Fatal(err)
		}
		clear(data)
		diff(t, want, got)
	}
}

// The pack of an instant goes to the buffer once a second for years: reading and resolving it stay cheap.
func TestAllocations(t *testing.T) {
	p := instants(5).Compact()
	data, err := senml.EncodeCBOR(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		most float64 // for 30 records
		run  func() error
	}{
		{"encode CBOR", 180, func() error { _, err := senml.EncodeCBOR(p); return err }},
		{"decode CBOR", 120, func() error { _, err := senml.DecodeCBOR(data); return err }},
		{"resolve", 31, func() error { _, err := p.Resolve(now()); return err }},
		{"validate", 30, p.Validate},
	} {
		var failed error
		got := testing.AllocsPerRun(100, func() { failed = test.run() })
		if failed != nil {
			t.Fatal(failed)
		}
		if got > test.most {
			t.Errorf("%s allocates %v times, want at most %v", test.name, got, test.most)
		}
	}
}
