package senml_test

import (
	"strings"
	"testing"

	"releve/senml"
)

const open, shut = `<sensml xmlns="urn:ietf:params:xml:ns:senml">`, `</sensml>`

func TestDecodeXML(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, same string }{
		{"no records", open + shut, `[]`},
		{"closed at once", `<sensml xmlns="urn:ietf:params:xml:ns:senml"/>`, `[]`},
		{
			"a declaration",
			`<?xml version="1.0" encoding="UTF-8"?>` + "\n<!-- hello -->\n" + open + `<senml n="a" v="1"/>` + shut + "\n",
			`[{"n":"a","v":1}]`,
		},
		{
			"a prefix",
			`<s:sensml xmlns:s="urn:ietf:params:xml:ns:senml"><s:senml n="a" v="1"/></s:sensml>`,
			`[{"n":"a","v":1}]`,
		},
		{
			"as a meter proxy writes",
			open + `<senml bn="urn:dev:ow:1_power" bt="1583016600.0" t="0" v="100" bu="W"/><senml t="600" v="101"/>` + shut,
			`[{"bn":"urn:dev:ow:1_power","bt":1583016600,"bu":"W","v":100},{"t":600,"v":101}]`,
		},
		{"spaces round numbers", open + `<senml n="a" v=" 1 "/>` + shut, `[{"n":"a","v":1}]`},
		{
			"booleans",
			open + `<senml vb="true"/><senml vb="0"/><senml vb="1"/><senml vb=" false "/>` + shut,
			`[{"vb":true},{"vb":false},{"vb":true},{"vb":false}]`,
		},
		{"empty text", open + `<senml n="a" vs=""/>` + shut, `[{"n":"a","vs":""}]`},
		{"entities", open + `<senml vs="&lt;&amp;&#10;é"/>` + shut, `[{"vs":"<&\né"}]`},
		{"data", open + `<senml vd="-_8="/>` + shut, `[{"vd":"-_8"}]`},
		{
			"unknown attributes",
			open + `<senml n="a" l="x" xml:lang="fr" xmlns:x="y" x:v_="1" v="1"/>` + shut,
			`[{"n":"a","v":1}]`,
		},
		{
			"other elements",
			open + `text<note v_="1"><senml n="no"/></note><senml n="a" v="1"><note/></senml><x:senml xmlns:x="y" n="b"/>` + shut,
			`[{"n":"a","v":1}]`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := senml.DecodeXML([]byte(test.in))
			if err != nil {
				t.Fatal(err)
			}
			diff(t, mustDecodeJSON(t, test.same), p)
		})
	}
}

func TestDecodeXMLRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, err string }{
		{"nothing", "", "decode XML: unexpected EOF"},
		{"cut short", open + "<senml", "decode XML: XML syntax error on line 1: unexpected EOF"},
		{"not closed", open, "decode XML: XML syntax error on line 1: unexpected EOF"},
		{
			"closed before",
			"</sensml>",
			"decode XML: XML syntax error on line 1: unexpected end element </sensml>",
		},
		{
			"no namespace",
			"<sensml/>",
			`decode XML: expected element sensml of namespace urn:ietf:params:xml:ns:senml, found sensml of ""`,
		},
		{
			"another element",
			`<senml xmlns="urn:ietf:params:xml:ns:senml"/>`,
			`decode XML: expected element sensml of namespace urn:ietf:params:xml:ns:senml, found senml of "urn:ietf:params:xml:ns:senml"`,
		},
		{"two packs", open + shut + open + shut, "decode XML: something follows the sensml element"},
		{"a broken end", open + shut + "<", "decode XML: XML syntax error on line 1: unexpected EOF"},
		{
			"must understand",
			open + `<senml/><senml crc_="1"/>` + shut,
			`decode XML: record 2: field "crc_" must be understood to read this record, and is not known here`,
		},
		{
			"newer version",
			open + `<senml bver="11"/>` + shut,
			"decode XML: record 1: bver 11 is newer than version 10 (RFC 8428); update this program to read it",
		},
		{
			"two values",
			open + `<senml v="1" vb="1"/>` + shut,
			"decode XML: record 1: v and vb in one record, which may hold one value only",
		},
		{"a label twice", open + `<senml v="1" v="2"/>` + shut, "decode XML: record 1: v appears twice"},
		{
			"text for a number",
			open + `<senml v="high"/>` + shut,
			"decode XML: record 1: v must be a finite number that a double can hold",
		},
		{
			"nothing for a number",
			open + `<senml v=""/>` + shut,
			"decode XML: record 1: v must be a finite number that a double can hold",
		},
		{
			"hexadecimal",
			open + `<senml v="0x1p-2"/>` + shut,
			"decode XML: record 1: v must be a finite number that a double can hold",
		},
		{
			"infinity",
			open + `<senml v="INF"/>` + shut,
			"decode XML: record 1: v must be a finite number that a double can hold",
		},
		{
			"NaN",
			open + `<senml v="NaN"/>` + shut,
			"decode XML: record 1: v must be a finite number that a double can hold",
		},
		{
			"too large",
			open + `<senml v="1e999"/>` + shut,
			"decode XML: record 1: v must be a finite number that a double can hold",
		},
		{
			"not a boolean",
			open + `<senml vb="yes"/>` + shut,
			"decode XML: record 1: vb must be true or false",
		},
		{
			"not base64url",
			open + `<senml vd="a"/>` + shut,
			"decode XML: record 1: vd must be base64url: illegal base64 data at input byte 0",
		},
		{
			"an entity of its own",
			`<!DOCTYPE x [<!ENTITY e "v">]>` + open + `<senml vs="&e;"/>` + shut,
			"decode XML: XML syntax error on line 1: invalid character entity &e;",
		},
		{
			"another encoding",
			`<?xml version="1.0" encoding="ISO-8859-1"?>` + open + shut,
			`decode XML: xml: encoding "ISO-8859-1" declared but Decoder.CharsetReader is nil`,
		},
		{
			"too many records", open + strings.Repeat("<senml/>", senml.MaxRecords+1) + shut,
			"decode XML: 65537 records are more than the 65536 a pack may hold; send several packs",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := senml.DecodeXML([]byte(test.in))
			refused(t, p, err, test.err)
		})
	}
}
