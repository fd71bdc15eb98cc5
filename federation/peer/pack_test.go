package peer

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation/xmpp"
	"releve/senml"
)

var compareValues = cmp.AllowUnexported(senml.Value{})

func TestElement(t *testing.T) {
	t.Parallel()
	pack := senml.Pack{
		record("current/1", 3, 1_700_000_000.5), record("voltage/1", 231, 1_700_000_000.5),
		{Name: device + "_tariff/label", Value: senml.TextValue("<BASE>"), Time: 1_700_000_001},
	}
	const want = `<pack xmlns="urn:releve:pack:0"><sensml xmlns="urn:ietf:params:xml:ns:senml">` +
		`<senml bn="urn:dev:org:60060-1f2e3d4c5b6a7988_" bt="1700000000.5" n="current/1" u="A" v="3"/>` +
		`<senml n="voltage/1" u="V" v="231"/>` +
		`<senml n="tariff/label" t="0.5" vs="&lt;BASE>"/></sensml></pack>`
	element, err := Element(pack, senml.XML)
	if err != nil || element.String() != want {
		t.Errorf("got %v, %v\nwant %s", element, err, want)
	}
	for _, format := range []senml.Format{senml.XML, senml.CBOR} {
		element, err := Element(pack, format)
		if err != nil {
			t.Fatal(err)
		}
		got, err := sent(element)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(pack, got, compareValues); diff != "" {
			t.Errorf("%s (-sent +read):\n%s", format, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	long := `<sensml xmlns="urn:ietf:params:xml:ns:senml"><senml bn="a" bt="1700000000" v="1"/>` + strings.Repeat(`<senml v="1"/>`, MaxRecords) + `</sensml>`
	for name, tt := range map[string]struct{ inner, err string }{
		"nothing":        {"", "read a pack: it has neither sensml nor cbor in it"},
		"other":          {"<sensml/>", "read a pack: it has neither sensml nor cbor in it"},
		"empty":          {`<sensml xmlns="urn:ietf:params:xml:ns:senml"/>`, "read a pack: it holds no record"},
		"relative times": {`<sensml xmlns="urn:ietf:params:xml:ns:senml"><senml n="a" v="1"/></sensml>`, "read a pack: record 1: time is before 1978-07-04, the earliest RFC 8428 §4.5.3 can say; check the clock; times must be absolute"},
		"too many":       {long, "read a pack: it holds 5001 records; send at most 5000"},
		"no base64":      {"<cbor>!</cbor>", "read a pack: cbor: illegal base64 data at input byte 0"},
		"no CBOR":        {"<cbor>AAAA</cbor>", "read a pack: decode CBOR: cbor: 2 bytes of extraneous data starting at index 1"},
	} {
		x, err := xmpp.ParseElement([]byte(`<pack xmlns="urn:releve:pack:0">` + tt.inner + `</pack>`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(x); fmt.Sprint(err) != tt.err {
			t.Errorf("%s: got %v, want %s", name, err, tt.err)
		}
	}
}

// What a record costs on the wire, in XML and in CBOR, is what the document says.
func TestSizes(t *testing.T) {
	t.Parallel()
	day := func(series, n int) (p senml.Pack) {
		for i := range n {
			for s := range series {
				p = append(p, record(fmt.Sprintf("current/%d", s+1), float64((i*7919)%60), 1_700_000_000+float64(i)*1.25))
			}
		}
		return p
	}
	for _, tt := range []struct{ series, n int }{{1, 500}, {3, 500}, {7, 1}} {
		pack := day(tt.series, tt.n)
		per := map[senml.Format]float64{}
		for _, format := range []senml.Format{senml.XML, senml.CBOR} {
			element, err := Element(pack, format)
			if err != nil {
				t.Fatal(err)
			}
			text, err := element.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			per[format] = float64(len(text)) / float64(len(pack))
		}
		t.Logf("%d series, %d records: XML %.1f, CBOR %.1f bytes a record", tt.series, len(pack), per[senml.XML], per[senml.CBOR])
		for _, size := range per {
			if tt.series != 3 && !strings.Contains(protocol(t), fmt.Sprintf("%.1f", size)) {
				t.Errorf("%.1f bytes a record is not in the document", size)
			}
		}
	}
}

// FuzzParse: no payload makes the reader panic, and what it accepts comes back the same in both formats.
func FuzzParse(f *testing.F) {
	for _, format := range []senml.Format{senml.XML, senml.CBOR} {
		element, err := Element(records(3), format)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(element.String())
	}
	f.Add(`<pack xmlns="urn:releve:pack:0"><cbor>gA==</cbor></pack>`)
	f.Fuzz(func(t *testing.T, text string) {
		x, err := xmpp.ParseElement([]byte(text))
		if err != nil {
			return
		}
		p, err := Parse(x)
		if err != nil {
			return
		}
		for _, format := range []senml.Format{senml.XML, senml.CBOR} {
			element, err := Element(p, format)
			if err != nil {
				continue // such as control characters, which XML has no way to say
			}
			got, err := sent(element)
			if err != nil {
				t.Fatalf("%s: %v of %s", format, err, element)
			}
			if diff := cmp.Diff(p, got, compareValues); diff != "" {
				t.Errorf("%s (-sent +read):\n%s", format, diff)
			}
		}
	})
}
