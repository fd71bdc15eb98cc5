package senml_test

import (
	"strings"
	"testing"

	"releve/senml"
)

func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, same string }{
		{"no records", `[]`, `[]`},
		{"a record without fields", `[{}]`, `[{}]`},
		{"white space", " [ { \"n\" : \"a\" , \"v\" : 1 } ] \n", `[{"n":"a","v":1}]`},
		{
			"unknown fields",
			`[{"n":"a","x":{"v":[1,null]},"N":"b","v":1,"":2,"_v":3}]`,
			`[{"n":"a","v":1}]`,
		},
		{"padded data", `[{"n":"a","vd":"-_8="}]`, `[{"n":"a","vd":"-_8"}]`},
		{
			"absent and empty base fields differ",
			`[{"bn":"","bt":0,"bu":""},{"n":"","t":0,"u":""}]`,
			`[{"bn":"","bt":0,"bu":""},{}]`,
		},
		{"base value and sum of zero", `[{"bv":0,"bs":0,"s":0}]`, `[{"bv":0,"bs":0,"s":0}]`},
		{
			"exponents",
			`[{"n":"a","t":1.7e9,"v":1E2,"ut":1e-3}]`,
			`[{"n":"a","t":1700000000,"ut":0.001,"v":100}]`,
		},
		{"escapes", `[{"n":"a","vs":"\u00e9\n\"<&>\ud83d\ude00"}]`, `[{"n":"a","vs":"é\n\"<&>😀"}]`},
		{"version 10", `[{"bver":10,"n":"a","v":1}]`, `[{"bver":10,"n":"a","v":1}]`},
		{
			"every field", `[{"s":1,"vb":true,"ut":2,"t":3,"u":"W","n":"a","bver":5,"bs":6,"bv":7,"bu":"V","bt":8,"bn":"b"}]`,
			`[{"bn":"b","bt":8,"bu":"V","bv":7,"bs":6,"bver":5,"n":"a","u":"W","t":3,"ut":2,"vb":true,"s":1}]`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			encoded, err := senml.EncodeJSON(mustDecodeJSON(t, test.in))
			if err != nil {
				t.Fatal(err)
			}
			diff(t, test.same, string(encoded))
		})
	}
}

func TestDecodeJSONRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, err string }{
		{"nothing", ``, `decode JSON: unexpected EOF`},
		{"not an array", `{"n":"a"}`, `decode JSON: expected an array of records, found an object`},
		{"null", `null`, `decode JSON: expected an array of records, found null`},
		{"cut short", `[{"n":"a"`, `decode JSON: record 1: unexpected EOF`},
		{"cut after a label", `[{"n"`, `decode JSON: record 1: unexpected EOF`},
		{"cut after a record", `[{"n":"a"},`, `decode JSON: record 2: unexpected EOF`},
		{
			"a comma too many",
			`[{"n":"a","v":1},]`,
			`decode JSON: record 2: invalid character ']' looking for beginning of value`,
		},
		{"more after the end", `[] []`, `decode JSON: something follows the array of records`},
		{"a number for a record", `[1]`, `decode JSON: record 1: expected a record, found a number`},
		{"an array for a record", `[[]]`, `decode JSON: record 1: expected a record, found an array`},
		{"a key that is no text", `[{1:2}]`, `decode JSON: record 1: invalid character '1'`},
		{
			"must understand",
			`[{"n":"a"},{"n":"a","crc_":3}]`,
			`decode JSON: record 2: field "crc_" must be understood to read this record, and is not known here`,
		},
		{
			"newer version",
			`[{"bver":11}]`,
			`decode JSON: record 1: bver 11 is newer than version 10 (RFC 8428); update this program to read it`,
		},
		{
			"version zero",
			`[{"bver":0}]`,
			`decode JSON: record 1: bver must be a whole number from 1 to 10, found 0`,
		},
		{
			"half a version",
			`[{"bver":5.5}]`,
			`decode JSON: record 1: bver must be a whole number from 1 to 10, found 5.5`,
		},
		{
			"version as text",
			`[{"bver":"5"}]`,
			`decode JSON: record 1: bver must be a finite number, found text`,
		},
		{
			"two values",
			`[{"n":"a","v":1,"vs":"1"}]`,
			`decode JSON: record 1: v and vs in one record, which may hold one value only`,
		},
		{
			"two other values",
			`[{"vb":true,"vd":""}]`,
			`decode JSON: record 1: vb and vd in one record, which may hold one value only`,
		},
		{"a label twice", `[{"v":1,"v":2}]`, `decode JSON: record 1: v appears twice`},
		{
			"null for a value",
			`[{"v":null}]`,
			`decode JSON: record 1: v must be a finite number, found null`,
		},
		{
			"null for a boolean",
			`[{"vb":null}]`,
			`decode JSON: record 1: vb must be true or false, found null`,
		},
		{"an array for a name", `[{"n":["a"]}]`, `decode JSON: record 1: n must be text, found an array`},
		{
			"text for a number",
			`[{"v":"1"}]`,
			`decode JSON: record 1: v must be a finite number, found text`,
		},
		{
			"a number for text",
			`[{"n":30001610071843}]`,
			`decode JSON: record 1: n must be text, found a number`,
		},
		{
			"a number for text value",
			`[{"vs":1}]`,
			`decode JSON: record 1: vs must be text, found a number`,
		},
		{
			"a number for a boolean",
			`[{"vb":1}]`,
			`decode JSON: record 1: vb must be true or false, found a number`,
		},
		{"a number for data", `[{"vd":1}]`, `decode JSON: record 1: vd must be data, found a number`},
		{
			"a boolean for a number",
			`[{"s":true}]`,
			`decode JSON: record 1: s must be a finite number, found a boolean`,
		},
		{
			"not base64url",
			`[{"vd":"+/8"}]`,
			`decode JSON: record 1: vd must be base64url: illegal base64 data at input byte 0`,
		},
		{
			"infinite",
			`[{"v":1e999}]`,
			`decode JSON: record 1: v must be a finite number that a double can hold`,
		},
		{
			"NaN",
			`[{"v":NaN}]`,
			`decode JSON: record 1: invalid character 'N' looking for beginning of value`,
		},
		{
			"not UTF-8",
			"[{\"n\":\"\xff\"}]",
			`decode JSON: text is not UTF-8, the only encoding RFC 8428 §5 allows`,
		},
		{
			"too many records", "[" + strings.Repeat("{},", senml.MaxRecords) + "{}]",
			`decode JSON: 65537 records are more than the 65536 a pack may hold; send several packs`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := senml.DecodeJSON([]byte(test.in))
			refused(t, p, err, test.err)
		})
	}
}

// refused wants the whole text of the error, and no pack.
func refused(t *testing.T, p senml.Pack, err error, text string) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted as %v, want error %q", p, text)
	}
	diff(t, text, err.Error())
	if p != nil {
		t.Errorf("returned %v beside the error", p)
	}
}
