package quoalise

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation/xmpp"
	"releve/senml"
)

// ParseData returns what Element wrote: names, units, values, and times to the millisecond.
func TestDataRoundTrip(t *testing.T) {
	t.Parallel()
	in := senml.Pack{
		record(current, 3, 1_700_000_000.001), record(current, 0, 1_700_000_000.25), record(current, -1.5, 1_700_086_400.999),
		{Name: current, Unit: "mA", Value: senml.NumberValue(1e9), Time: 1_700_086_401},
		{Name: current, Value: senml.TextValue("é <&> "), Time: 1_700_086_402},
	}
	e, err := Data{Name: current, Measurement: describe("current/1"), Records: in}.Element()
	if err != nil {
		t.Fatal(err)
	}
	out, err := ParseData(wire(t, e), now)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fmt.Sprint(in), fmt.Sprint(out)); diff != "" {
		t.Errorf("records (-in +out):\n%s", diff)
	}
}

func quoalise(sensml string) string {
	return `<quoalise xmlns="urn:quoalise:0"><data><meta/><sensml xmlns="urn:ietf:params:xml:ns:senml">` + sensml + `</sensml></data></quoalise>`
}

func TestParseData(t *testing.T) {
	t.Parallel()
	power := func(v, at float64) senml.Record {
		return senml.Record{Name: device + "_consumption/power/active/raw", Unit: "W", Value: senml.NumberValue(v), Time: at}
	}
	const base = `bn="urn:dev:prm:01234567890123_consumption/power/active/raw"`
	tests := []struct {
		name, text string
		want       senml.Pack
	}{
		{
			"the reference", `<quoalise xmlns="urn:quoalise:0"><data>
   <meta><device type="electricity-meter"><identifier authority="enedis" type="prm" value="01234567890123"/></device>
         <measurement name="active-power" direction="consumption" quantity="power" type="electrical" unit="W"
                      aggregation="mean" sampling-interval="PT10M"/></meta>
   <sensml xmlns="urn:ietf:params:xml:ns:senml">
     <senml ` + base + ` bt="1583016600" t="0" v="100" bu="W"/>
     <senml t="600" v="101"/></sensml></data></quoalise>`,
			senml.Pack{power(100, 1_583_016_600), power(101, 1_583_017_200)},
		},
		{
			"floats as Python writes them", quoalise(`<senml ` + base + ` bt="1600041600.0" t="0.0" v="1e2" bu="W"/><senml t="1800.5" v="1.01E2"/>`),
			senml.Pack{power(100, 1_600_041_600), power(101, 1_600_043_400.5)},
		},
		{
			"u instead of bu, attributes nobody knows", quoalise(`<senml ` + base + ` bt="1583016600" u="W" v="1" quality="good"/>`),
			senml.Pack{power(1, 1_583_016_600)},
		},
		{
			"a prefix and ends of names", quoalise(`<senml bn="urn:dev:prm:01234567890123_" bt="1583016600" bu="W" n="consumption/power/active/raw" v="1"/>`),
			senml.Pack{power(1, 1_583_016_600)},
		},
		{
			"out of order", quoalise(`<senml ` + base + ` bt="1583016600" bu="W" t="600" v="2"/><senml v="1"/>`),
			senml.Pack{power(1, 1_583_016_600), power(2, 1_583_017_200)},
		},
		{
			"no bt: seconds before now, as the RFC says", quoalise(`<senml ` + base + ` bu="W" t="-600" v="1"/>`),
			senml.Pack{power(1, float64(now.Unix()-600))},
		},
		{
			"two data: the first counts", `<quoalise xmlns="urn:quoalise:0">` +
				`<data><meta/><sensml xmlns="urn:ietf:params:xml:ns:senml"><senml ` + base + ` bt="1583016600" bu="W" v="1"/></sensml></data>` +
				`<data><meta/><sensml xmlns="urn:ietf:params:xml:ns:senml"><senml ` + base + ` bt="1583016600" bu="W" v="2"/></sensml></data></quoalise>`,
			senml.Pack{power(1, 1_583_016_600)},
		},
		{"no records", quoalise(""), senml.Pack{}},
		{
			"null, as the old proxies wrote, and what it states for the others",
			quoalise(`<senml ` + base + ` bt="1583016600" bu="W" t="0" v="null"/><senml t="600" v="NaN"/><senml t="1200" v="2"/><senml t="1800" v="None"/>`),
			senml.Pack{power(2, 1_583_017_800)},
		},
		{
			"a unit in meta only", strings.Replace(quoalise(`<senml `+base+` bt="1583016600" v="1"/>`), "<meta/>", `<meta><measurement unit="W"/></meta>`, 1),
			senml.Pack{power(1, 1_583_016_600)},
		},
		{
			"a unit in the older meta only", strings.Replace(quoalise(`<senml `+base+` bt="1600041600.0" v="1"/>`), "<meta/>",
				`<meta><measurement><physical quantity="power" type="electrical" unit="W"/><business graph="load-profile" direction="consumption"/><aggregate type="average"/><sampling interval="1800"/></measurement></meta>`, 1),
			senml.Pack{power(1, 1_600_041_600)},
		},
		{
			"no meta", strings.Replace(quoalise(`<senml `+base+` bt="1583016600" bu="W" v="1"/>`), "<meta/>", "", 1),
			senml.Pack{power(1, 1_583_016_600)},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := xmpp.ParseElement([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := ParseData(e, now)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fmt.Sprint(tt.want), fmt.Sprint(got)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseDataRefuses(t *testing.T) {
	t.Parallel()
	const none = "read quoalise data: there is no sensml element"
	tests := []struct{ name, text, err string }{
		{"no data", `<quoalise xmlns="urn:quoalise:0"/>`, none},
		{"no sensml", `<quoalise xmlns="urn:quoalise:0"><data><meta/></data></quoalise>`, none},
		{"sensml without its namespace", `<quoalise xmlns="urn:quoalise:0"><data><meta/><sensml><senml n="a" v="1"/></sensml></data></quoalise>`, none},
		{"data of another namespace", `<quoalise xmlns="urn:quoalise:0"><data xmlns="urn:quoalise:1"/></quoalise>`, none},
		{"no name", quoalise(`<senml v="1"/>`), "read quoalise data: record 1: has no name; give it n, or bn before it"},
		{"no value", quoalise(`<senml n="a" v="1"/><senml n="a" t="1"/>`), "read quoalise data: record 2: has neither value nor sum"},
		{
			"two values", quoalise(`<senml n="a" v="1" vs="1"/>`),
			"read quoalise data: decode XML: record 1: v and vs in one record, which may hold one value only",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := xmpp.ParseElement([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if p, err := ParseData(e, now); p != nil || text(err) != tt.err {
				t.Errorf("got  %v, %v\nwant %s", p, err, tt.err)
			}
		})
	}
	if _, err := ParseData(nil, now); text(err) != none {
		t.Errorf("of nothing: %v", err)
	}
}

// FuzzParseData holds: whatever comes, records are resolved, or there is an error; and what was read can be written
// and read again as the same.
func FuzzParseData(f *testing.F) {
	for _, sensml := range []string{
		``,
		`<senml bn="urn:dev:prm:01234567890123_current/1" bt="1600041600.0" t="0.0" v="100" bu="A"/><senml t="1800.0" v="101"/>`,
		`<senml bn="a" bt="1583016600" bu="W" v="1"/><senml bu="" t="0.001" vs="&lt;"/>`,
		`<senml n="a" v="1"/>`,
		`<senml n="a" v="null"/>`,
		`<senml n="a" bv="1e308" v="1e308"/>`,
	} {
		f.Add([]byte(quoalise(sensml)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := xmpp.ParseElement(text)
		if err != nil {
			t.Skip()
		}
		p, err := ParseData(e, now)
		if err != nil {
			return
		}
		for _, r := range p {
			if r.Name == "" || r.BaseName != "" || r.BaseTime != 0 || r.Time < senml.FirstAbsolute {
				t.Fatalf("not resolved: %v", r)
			}
		}
		if len(p) == 0 || p[len(p)-1].Time > 1e11 { // later, a double does not hold milliseconds
			return
		}
		again(t, p)
	})
}

// again writes records as one series and reads them back.
func again(t *testing.T, p senml.Pack) {
	t.Helper()
	for i := range p {
		p[i].Name, p[i].UpdateTime, p[i].BaseVersion = current, 0, 0
		p[i].Time = float64(int64(p[i].Time*1000+0.5)) / 1000
	}
	e, err := Data{Name: current, Records: p}.Element()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseData(wire(t, e), now)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fmt.Sprint(p), fmt.Sprint(back)); diff != "" {
		t.Errorf("records (-read +again):\n%s", diff)
	}
}
