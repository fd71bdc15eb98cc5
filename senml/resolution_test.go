package senml_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"releve/senml"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, sent, resolved string }{
		{"nothing", `[]`, `[]`},
		{
			"a base field holds until restated", `[
				{"bn":"a","n":"1","v":1},
				{"n":"2","v":2},
				{"bn":"b","n":"3","v":3},
				{"n":"4","v":4}]`,
			`[
				{"n":"a1","t":1700000000.25,"v":1},
				{"n":"a2","t":1700000000.25,"v":2},
				{"n":"b3","t":1700000000.25,"v":3},
				{"n":"b4","t":1700000000.25,"v":4}]`,
		},
		{
			"an empty base field ends it", `[
				{"bn":"a","bu":"W","bt":1700000000,"n":"1","v":1},
				{"bn":"","bu":"","bt":0,"n":"2","t":1700000001,"v":2}]`,
			`[{"n":"a1","u":"W","t":1700000000,"v":1},{"n":"2","t":1700000001,"v":2}]`,
		},
		{
			"a base name alone is a name", `[{"bn":"a","v":1},{"v":2}]`,
			`[{"n":"a","t":1700000000.25,"v":1},{"n":"a","t":1700000000.25,"v":2}]`,
		},
		{
			"base values are added to numbers, absent ones count as zero", `[{"bn":"a","bv":20,"v":1},{"v":-2.5},{"t":-1,"u":"Cel"},{"vs":"x"},{"vb":true}]`,
			`[
				{"n":"a","u":"Cel","t":1699999999.25,"v":20},
				{"n":"a","t":1700000000.25,"v":21},
				{"n":"a","t":1700000000.25,"v":17.5},
				{"n":"a","t":1700000000.25,"vs":"x"},
				{"n":"a","t":1700000000.25,"vb":true}]`,
		},
		{
			"base sums are added, absent ones count as zero", `[{"bn":"a","s":1},{"bs":100,"s":1},{"v":3},{"bs":0,"s":2}]`,
			`[
				{"n":"a","t":1700000000.25,"s":1},
				{"n":"a","t":1700000000.25,"s":101},
				{"n":"a","t":1700000000.25,"v":3,"s":100},
				{"n":"a","t":1700000000.25,"s":2}]`,
		},
		{
			"relative and absolute times", `[
				{"n":"a","v":1},
				{"n":"b","t":-60,"v":2},
				{"n":"c","t":60,"v":3},
				{"n":"d","t":268435456,"v":4},
				{"n":"e","t":268435455,"v":5},
				{"n":"f","ut":60,"v":6}]`,
			`[
				{"n":"d","t":268435456,"v":4},
				{"n":"b","t":1699999940.25,"v":2},
				{"n":"a","t":1700000000.25,"v":1},
				{"n":"f","t":1700000000.25,"ut":60,"v":6},
				{"n":"c","t":1700000060.25,"v":3},
				{"n":"e","t":1968435455.25,"v":5}]`,
		},
		{
			"the sum of both times decides", `[{"bt":268435450,"n":"a","t":5,"v":1},{"n":"b","t":6,"v":2}]`,
			`[{"n":"b","t":268435456,"v":2},{"n":"a","t":1968435455.25,"v":1}]`,
		},
		{
			"records of one time keep their order", `[
				{"n":"b","t":1700000001,"v":1},
				{"n":"c","t":1700000000,"v":2},
				{"n":"a","t":1700000001,"v":3},
				{"n":"a","t":1700000000,"v":4}]`,
			`[
				{"n":"c","t":1700000000,"v":2},
				{"n":"a","t":1700000000,"v":4},
				{"n":"b","t":1700000001,"v":1},
				{"n":"a","t":1700000001,"v":3}]`,
		},
		{
			"version 10 goes, others stay", `[{"bver":10,"n":"a","v":1},{"bver":10,"n":"b","v":1}]`,
			`[{"n":"a","t":1700000000.25,"v":1},{"n":"b","t":1700000000.25,"v":1}]`,
		},
		{"only base fields", `[{"bn":"_","bt":1},{"bn":"a","bu":"W"}]`, `[]`},
		{"base fields and a base value", `[{"bn":"a","bv":3}]`, `[{"n":"a","t":1700000000.25,"v":3}]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := mustDecodeJSON(t, test.sent).Resolve(now())
			if err != nil {
				t.Fatal(err)
			}
			want := mustDecodeJSON(t, test.resolved)
			diff(t, want, got)

			again, err := got.Resolve(now().Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			diff(t, got, again)
		})
	}
}

func TestResolveLeavesThePackAlone(t *testing.T) {
	t.Parallel()
	const text = `[{"bn":"a","bv":1,"bs":2,"n":"z","t":5,"v":1,"s":1},{"n":"b","s":3}]`
	sent := mustDecodeJSON(t, text)
	resolved, err := sent.Resolve(now())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range resolved {
		*r.Sum = -1
	}
	diff(t, mustDecodeJSON(t, text), sent)
}

func TestValidateRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, err string }{
		{"nothing", `[]`, "pack is empty; RFC 8428 wants one record or more"},
		{"no name", `[{"v":1}]`, "record 1: has no name; give it n, or bn before it"},
		{
			"no name left",
			`[{"bn":"a","v":1},{"bn":"","v":1}]`,
			"record 2: has no name; give it n, or bn before it",
		},
		{
			"nothing said",
			`[{"n":"a","v":1},{"n":"b","v":2},{"n":"a"}]`,
			"record 3: has neither value nor sum",
		},
		{
			"an underscore first",
			`[{"n":"_a","v":1}]`,
			"record 1: name starts with '_'; it must start with a letter or a digit (RFC 8428 §4.5.1)",
		},
		{
			"an accent first",
			`[{"n":"é","v":1}]`,
			"record 1: name starts with 'é'; it must start with a letter or a digit (RFC 8428 §4.5.1)",
		},
		{
			"a space",
			`[{"n":"a b","v":1}]`,
			"record 1: name holds ' '; only letters, digits and - : . / _ may stand there (RFC 8428 §4.5.1)",
		},
		{
			"a plus in the base name",
			`[{"bn":"a+","v":1}]`,
			"record 1: name holds '+'; only letters, digits and - : . / _ may stand there (RFC 8428 §4.5.1)",
		},
		{
			"another version",
			`[{"bver":5,"n":"a","v":1},{"bver":6,"n":"a","v":1}]`,
			"record 2: bver 6 differs from version 5 of the records before",
		},
		{
			"a version too late",
			`[{"n":"a","v":1},{"bver":5,"n":"a","v":1}]`,
			"record 2: bver 5 differs from version 10 of the records before",
		},
		{
			"a time that overflows",
			`[{"bt":1.7e308,"n":"a","t":1.7e308,"v":1}]`,
			"record 1: t is +Inf, and SenML has finite numbers only",
		},
		{
			"a value that overflows",
			`[{"bv":-1.7e308,"n":"a","v":-1.7e308}]`,
			"record 1: v is -Inf, and SenML has finite numbers only",
		},
		{
			"a sum that overflows",
			`[{"bs":1.7e308,"n":"a","s":1.7e308}]`,
			"record 1: s is +Inf, and SenML has finite numbers only",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := mustDecodeJSON(t, test.in)
			refused(t, nil, p.Validate(), test.err)
			if len(p) == 0 {
				return // resolves to itself
			}
			resolved, err := p.Resolve(now())
			refused(t, resolved, err, test.err)
		})
	}
}

func TestValidateAccepts(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`[{"n":"0-a:.b/_","v":1}]`,
		`[{"bn":"a","bu":"furlong","n":"-","v":1}]`,
		`[{"bn":"_"},{"bn":"a"},{"s":1}]`,
		`[{"n":"a","vs":""}]`,
		`[{"n":"a","t":-1e9,"v":1}]`,
		`[{"bver":5},{"n":"a","v":1},{"bver":5,"n":"a","v":1}]`,
	} {
		if err := mustDecodeJSON(t, in).Validate(); err != nil {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestValidateTooMany(t *testing.T) {
	t.Parallel()
	p := make(senml.Pack, senml.MaxRecords+1)
	refused(t, nil, p.Validate(), "65537 records are more than the 65536 a pack may hold; send several packs")
}

func TestResolveRefusesTimesBeforeTheFirst(t *testing.T) {
	t.Parallel()
	const text = "record 2: time is before 1978-07-04, the earliest RFC 8428 §4.5.3 can say; check the clock"
	p, err := mustDecodeJSON(t, `[{"n":"a","v":1},{"n":"a","t":-1600000000,"v":1}]`).Resolve(now())
	refused(t, p, err, text)

	p, err = mustDecodeJSON(t, `[{"n":"a","t":1700000000,"v":1},{"n":"a","v":1}]`).Resolve(time.Unix(60, 0))
	refused(t, p, err, text)
}

// What cannot travel is refused by name of the field, in every format and by Validate, without showing texts.
func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	inf, nan := math.Inf(1), math.NaN()
	for _, test := range []struct {
		name   string
		record senml.Record
		err    string
	}{
		{
			"NaN value",
			senml.Record{Name: "a", Value: senml.NumberValue(nan)},
			"v is NaN, and SenML has finite numbers only",
		},
		{
			"infinite base value",
			senml.Record{Name: "a", BaseValue: &inf},
			"bv is +Inf, and SenML has finite numbers only",
		},
		{
			"infinite base sum",
			senml.Record{Name: "a", BaseSum: &inf},
			"bs is +Inf, and SenML has finite numbers only",
		},
		{
			"infinite sum",
			senml.Record{Name: "a", Sum: &inf},
			"s is +Inf, and SenML has finite numbers only",
		},
		{
			"infinite base time",
			senml.Record{Name: "a", BaseTime: -inf},
			"bt is -Inf, and SenML has finite numbers only",
		},
		{"NaN time", senml.Record{Name: "a", Time: nan}, "t is NaN, and SenML has finite numbers only"},
		{
			"NaN update time",
			senml.Record{Name: "a", UpdateTime: nan},
			"ut is NaN, and SenML has finite numbers only",
		},
		{"broken base name", senml.Record{BaseName: "\xff"}, "bn is not valid UTF-8"},
		{"broken base unit", senml.Record{BaseUnit: "\xff"}, "bu is not valid UTF-8"},
		{"broken name", senml.Record{Name: "30001610071843\xff"}, "n is not valid UTF-8"},
		{"broken unit", senml.Record{Unit: "\xff"}, "u is not valid UTF-8"},
		{"broken text", senml.Record{Name: "a", Value: senml.TextValue("\xc3")}, "vs is not valid UTF-8"},
		{
			"version of the future",
			senml.Record{BaseVersion: 26},
			"bver 26 is newer than version 10 (RFC 8428); update this program to read it",
		},
		{
			"negative version",
			senml.Record{BaseVersion: -1},
			"bver must be a whole number from 1 to 10, found -1",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := senml.Pack{{Name: "a", Value: senml.NumberValue(1)}, test.record}
			refused(t, nil, p.Validate(), "record 2: "+test.err)
			for _, format := range formats() {
				data, err := senml.Encode(format, p)
				refused(t, nil, err, "encode "+strings.ToUpper(format.String())+": record 2: "+test.err)
				if data != nil {
					t.Errorf("%v wrote %q beside the error", format, data)
				}
			}
		})
	}
}

func TestEncodeRefusesTooMany(t *testing.T) {
	t.Parallel()
	for _, format := range formats() {
		_, err := senml.Encode(format, make(senml.Pack, senml.MaxRecords+1))
		refused(t, nil, err, "encode "+strings.ToUpper(format.String())+": 65537 records are more than the 65536 a pack may hold; send several packs")
	}
}

func TestXMLRefusesControlCharacters(t *testing.T) {
	t.Parallel()
	for text, code := range map[string]string{"a\x00": "U+0000", "\x1b": "U+001B", "\uffff": "U+FFFF", "\ufffe": "U+FFFE"} {
		p := senml.Pack{{Name: "a", Value: senml.TextValue(text)}}
		_, err := senml.EncodeXML(p)
		refused(t, nil, err, "encode XML: record 1: vs holds "+code+", which XML cannot carry; use JSON or CBOR")
		if _, err := senml.EncodeCBOR(p); err != nil {
			t.Errorf("CBOR: %v", err)
		}
	}
}
