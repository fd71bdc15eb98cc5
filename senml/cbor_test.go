package senml_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"releve/senml"
)

func TestDecodeCBOR(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, same string }{
		{"no records", "80", `[]`},
		{"unsigned", "81a2006161021903e8", `[{"n":"a","v":1000}]`},
		{"negative", "81a20061610238c7", `[{"n":"a","v":-200}]`},
		{"half float", "81a200616102f93e00", `[{"n":"a","v":1.5}]`},
		{"single float", "81a200616102fa3fc00000", `[{"n":"a","v":1.5}]`},
		{"double float", "81a200616102fb3ff8000000000000", `[{"n":"a","v":1.5}]`},
		{"largest integer", "81a2006161021bffffffffffffffff", `[{"n":"a","v":18446744073709552000}]`},
		{"smallest integer", "81a2006161023bffffffffffffffff", `[{"n":"a","v":-18446744073709552000}]`},
		{"bignum", "81a200616102c249010000000000000000", `[{"n":"a","v":18446744073709552000}]`},
		{"decimal fraction 27.3", "81a200616102c48220190111", `[{"n":"a","v":27.3}]`},
		{"decimal fraction 0.1", "81a200616102c4822001", `[{"n":"a","v":0.1}]`},
		{"decimal fraction -1e3", "81a200616102c4820320", `[{"n":"a","v":-1000}]`},
		{"decimal fraction too small to tell from zero", "81a200616102c4823903e701", `[{"n":"a","v":0}]`},
		{
			"decimal fraction of a bignum",
			"81a200616102c48220c249010000000000000000",
			`[{"n":"a","v":1844674407370955300}]`,
		},
		{
			"time as decimal fraction",
			"81a300616106c482201b000000003b9aca0a0201",
			`[{"n":"a","t":100000001,"v":1}]`,
		},
		{"text", "81a20061610362c3a9", `[{"n":"a","vs":"é"}]`},
		{"boolean", "81a200616104f4", `[{"n":"a","vb":false}]`},
		{"data", "81a20061610842fbff", `[{"n":"a","vd":"-_8"}]`},
		{"unknown integer label", "81a3006161020118636178", `[{"n":"a","v":1}]`},
		{"unknown negative label", "81a30061610201266178", `[{"n":"a","v":1}]`},
		{"unknown text label", "81a3006161020161788301f5a16161f5", `[{"n":"a","v":1}]`},
		{"labels in any order", "81a3020100616121626161", `[{"bn":"aa","n":"a","v":1}]`},
		{"an unknown label in one record of two", "82a2006161617801a1006162", `[{"n":"a"},{"n":"b"}]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := senml.DecodeCBOR(mustHex(t, test.in))
			if err != nil {
				t.Fatal(err)
			}
			diff(t, mustDecodeJSON(t, test.same), p)
		})
	}
}

func TestDecodeCBORRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, err string }{
		{"nothing", "", "decode CBOR: EOF"},
		{"cut short", "81a1", "decode CBOR: unexpected EOF"},
		{
			"more after the end",
			"8000",
			"decode CBOR: cbor: 1 bytes of extraneous data starting at index 1",
		},
		{
			"not an array",
			"a0",
			"decode CBOR: cbor: cannot unmarshal map into Go value of type []senml.fields",
		},
		{
			"array of indefinite length",
			"9fff",
			"decode CBOR: cbor: indefinite-length array isn't allowed",
		},
		{
			"record of indefinite length",
			"81bf006161ff",
			"decode CBOR: cbor: indefinite-length map isn't allowed",
		},
		{
			"text of indefinite length",
			"81a1007f6161ff",
			"decode CBOR: cbor: indefinite-length UTF-8 text string isn't allowed",
		},
		{
			"a claim of 2**32 records",
			"9b0000000100000000",
			"decode CBOR: unexpected EOF",
		},
		{
			"a claim of 2**32 fields",
			"81bb0000000100000000",
			"decode CBOR: unexpected EOF",
		},
		{
			"a text of 2**32 + 1 bytes",
			"81a1007b000000010000000161",
			"decode CBOR: unexpected EOF",
		},
		{
			"too many records",
			"9a00010001" + strings.Repeat("a0", senml.MaxRecords+1),
			"decode CBOR: cbor: exceeded max number of elements 65536 for CBOR array",
		},
		{
			"too many fields",
			"81b841" + strings.Repeat("00f4", 65),
			"decode CBOR: cbor: exceeded max number of key-value pairs 64 for CBOR map",
		},
		{"too deep", "81a118638181818181818180", "decode CBOR: cbor: exceeded max nested level 8"},
		{
			"must understand",
			"82a0a26161016478797a5f02",
			`decode CBOR: record 2: field "xyz_" must be understood to read this record, and is not known here`,
		},
		{
			"must understand, first of two",
			"81a2625f5f01615f02",
			`decode CBOR: record 1: field "_" must be understood to read this record, and is not known here`,
		},
		{
			"known label as text",
			"81a1617601",
			`decode CBOR: record 1: field "v" is spelled as text; CBOR wants its integer label (RFC 8428 §6)`,
		},
		{
			"a label twice",
			"81a202010202",
			"decode CBOR: cbor: found duplicate map key 2 at map element index 1",
		},
		{
			"an unknown label twice",
			"81a2617801617802",
			`decode CBOR: cbor: found duplicate map key "x" at map element index 1`,
		},
		{
			"newer version",
			"81a1200b",
			"decode CBOR: record 1: bver 11 is newer than version 10 (RFC 8428); update this program to read it",
		},
		{
			"negative version",
			"81a12020",
			"decode CBOR: record 1: bver must be a whole number from 1 to 10, found -1",
		},
		{
			"two values",
			"81a202010361 31",
			"decode CBOR: record 1: v and vs in one record, which may hold one value only",
		},
		{
			"text for a number",
			"81a1026131",
			"decode CBOR: record 1: v must be a finite number, found text",
		},
		{"a number for text", "81a10001", "decode CBOR: record 1: n must be text, found a number"},
		{"a float for text", "81a103f93e00", "decode CBOR: record 1: vs must be text, found a number"},
		{"bytes for text", "81a1004161", "decode CBOR: record 1: n must be text, found data"},
		{"text for data", "81a1086161", "decode CBOR: record 1: vd must be data, found text"},
		{
			"an array for a number",
			"81a1028101",
			"decode CBOR: record 1: v must be a finite number, found an array",
		},
		{
			"a map for a number",
			"81a102a0",
			"decode CBOR: record 1: v must be a finite number, found a map",
		},
		{
			"a number for a boolean",
			"81a10401",
			"decode CBOR: record 1: vb must be true or false, found a number",
		},
		{
			"a time for a number",
			"81a102c100",
			"decode CBOR: record 1: v must be a finite number, found something else",
		},
		{
			"another tag",
			"81a102d86401",
			"decode CBOR: record 1: v must be a finite number, found something else",
		},
		{
			"decimal fraction of three",
			"81a102c483010203",
			"decode CBOR: record 1: v must be a finite number, found something else",
		},
		{
			"decimal fraction of texts",
			"81a102c48201617a",
			"decode CBOR: record 1: v must be a finite number, found something else",
		},
		{
			"decimal fraction of half an exponent",
			"81a102c482f93e0001",
			"decode CBOR: record 1: v must be a finite number, found something else",
		},
		{
			"decimal fraction too large",
			"81a102c4821903e701",
			"decode CBOR: record 1: v must be a finite number, found something else",
		},
		{
			"bignum exponent",
			"81a102c482c24901000000000000000001",
			"decode CBOR: record 1: v must be a finite number, found something else",
		},
		{
			"mantissa of 1032 bits",
			"81a102c48220c25881" + strings.Repeat("ff", 129),
			"decode CBOR: record 1: v must be a finite number, found something else",
		},
		{
			"NaN",
			"81a102f97e00",
			"decode CBOR: cbor: data item of cbor type primitives is not accepted by protocol: floating-point NaN",
		},
		{
			"infinity",
			"81a102f97c00",
			"decode CBOR: cbor: data item of cbor type primitives is not accepted by protocol: floating-point infinity",
		},
		{
			"null",
			"81a102f6",
			"decode CBOR: cbor: data item of cbor type primitives is not accepted by protocol: simple value 22 is not recognized",
		},
		{
			"undefined",
			"81a102f7",
			"decode CBOR: cbor: data item of cbor type primitives is not accepted by protocol: simple value 23 is not recognized",
		},
		{"not UTF-8", "81a10061ff", "decode CBOR: cbor: invalid UTF-8 string"},
		{
			"null for a record",
			"81f6",
			"decode CBOR: cbor: data item of cbor type primitives is not accepted by protocol: simple value 22 is not recognized",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := senml.DecodeCBOR(mustHex(t, test.in))
			refused(t, p, err, test.err)
		})
	}
}

// Numbers take the fewest bytes that keep them exact, integers as integers.
func TestEncodeCBORNumbers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		number float64
		same   string
	}{
		{0, "00"},
		{23, "17"},
		{-1, "20"},
		{65536, "1a00010000"},
		{1700000000, "1a6553f100"},
		{1 << 53, "1b0020000000000000"},
		{1.5, "f93e00"},
		{100000.5, "fa47c35040"},
		{0.1, "fb3fb999999999999a"},
		{1700000000.25, "fb41d954fc40100000"},
		{1 << 60, "fa5d800000"},
		{1e300, "fb7e37e43c8800759c"},
	} {
		got, err := senml.EncodeCBOR(senml.Pack{{Value: senml.NumberValue(test.number)}})
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "81a102"+test.same, hex.EncodeToString(got))
	}
}
