package quoalise

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/senml"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func number(unit string, v, at float64) senml.Record {
	return senml.Record{Unit: unit, Value: senml.NumberValue(v), Time: at}
}

func label(s string, at float64) senml.Record {
	return senml.Record{Value: senml.TextValue(s), Time: at}
}

func TestDataElement(t *testing.T) {
	t.Parallel()
	const (
		start   = `<quoalise xmlns="urn:quoalise:0"><data><meta><device type="electricity-meter">`
		prm     = `<identifier authority="enedis" type="prm" value="01234567890123"/></device>`
		amperes = `<measurement name="current-1" quantity="current" type="electrical" unit="A"/></meta>`
		sensml  = `<sensml xmlns="urn:ietf:params:xml:ns:senml">`
		end     = `</sensml></data></quoalise>`
	)
	mean := Measurement{
		Name: "active-power", Direction: "consumption", Quantity: "power", Type: "electrical", Unit: "W",
		Aggregation: "mean", SamplingInterval: "PT10M",
	}
	tests := []struct {
		name string
		data Data
		want string
	}{
		{
			"one record",
			Data{Name: current, Measurement: describe("current/1"), Records: senml.Pack{number("A", 3, 1_583_016_600)}},
			start + prm + amperes + sensml +
				`<senml bn="urn:dev:prm:01234567890123_current/1" bt="1583016600" bu="A" v="3"/>` + end,
		},
		{
			"milliseconds, and a value that stays",
			Data{Name: current, Measurement: describe("current/1"), Records: senml.Pack{
				number("A", 3, 1_583_016_600.125), number("A", 3, 1_583_016_601.2), number("A", 0.5, 1_583_016_602),
			}},
			start + prm + amperes + sensml +
				`<senml bn="urn:dev:prm:01234567890123_current/1" bt="1583016600" bu="A" t="0.125" v="3"/>` +
				`<senml t="1.2" v="3"/><senml t="2" v="0.5"/>` + end,
		},
		{
			"a mean, in full",
			Data{Name: device + "_consumption/power/active/mean", Measurement: mean, Records: senml.Pack{number("W", 100, 1_583_016_600), number("W", 101, 1_583_017_200)}},
			start + prm +
				`<measurement name="active-power" direction="consumption" quantity="power" type="electrical" unit="W" aggregation="mean" sampling-interval="PT10M"/></meta>` +
				sensml + `<senml bn="urn:dev:prm:01234567890123_consumption/power/active/mean" bt="1583016600" bu="W" v="100"/>` +
				`<senml t="600" v="101"/>` + end,
		},
		{
			"texts without unit, under a pseudonym",
			Data{Name: "urn:dev:org:60060-0011223344556677_tariff/label", Measurement: describe("tariff/label"), Records: senml.Pack{
				label("HEURES CREUSES", 1_583_016_600), label(`a "b" <c> & 'd' é`, 1_583_016_601),
			}},
			start + `<identifier authority="releve" type="urn" value="urn:dev:org:60060-0011223344556677"/></device>` +
				`<measurement name="tariff/label" type="electrical"/></meta>` + sensml +
				`<senml bn="urn:dev:org:60060-0011223344556677_tariff/label" bt="1583016600" vs="HEURES CREUSES"/>` +
				`<senml t="1" vs="a &quot;b&quot; &lt;c> &amp; 'd' é"/>` + end,
		},
		{
			"a unit that changes is stated as base again, and so is its end",
			Data{Name: current, Measurement: describe("current/1"), Records: senml.Pack{
				number("A", 1, 1_583_016_600), number("mA", 2, 1_583_016_601), number("mA", 3, 1_583_016_602), number("", 4, 1_583_016_603),
			}},
			start + prm + amperes + sensml +
				`<senml bn="urn:dev:prm:01234567890123_current/1" bt="1583016600" bu="A" v="1"/>` +
				`<senml bu="mA" t="1" v="2"/><senml t="2" v="3"/><senml bu="" t="3" v="4"/>` + end,
		},
		{
			"a record before the first",
			Data{Name: current, Measurement: describe("current/1"), Records: senml.Pack{number("A", 1, 1_583_016_600.25), number("A", 2, 1_583_016_590)}},
			start + prm + amperes + sensml +
				`<senml bn="urn:dev:prm:01234567890123_current/1" bt="1583016600" bu="A" t="0.25" v="1"/>` +
				`<senml t="-10" v="2"/>` + end,
		},
		{
			"no records: the meta has a child all the same",
			Data{Name: current, Measurement: describe("current/1"), Records: nil},
			start + prm + amperes + `<sensml xmlns="urn:ietf:params:xml:ns:senml"/></data></quoalise>`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := tt.data.Element()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, e.String()); diff != "" {
				t.Errorf("element (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDataElementRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		r    senml.Record
		err  string
	}{
		{
			"a character XML cannot carry", label("a\x00b", 1_583_016_600),
			"write data of a series: record 1: vs holds U+0000, which XML cannot carry; use JSON or CBOR",
		},
		{
			"text that is not UTF-8", label("a\xff", 1_583_016_600),
			"write data of a series: record 1: vs is not valid UTF-8",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := Data{Name: current, Records: senml.Pack{tt.r}}.Element()
			if e != nil || text(err) != tt.err {
				t.Errorf("got  %v\nwant %s", err, tt.err)
			}
		})
	}
}

// What a client joins to one time, bt + t, is the same time in whichever company a record travels: it may be sent
// twice, with other records before it, and must not become two readings.
func TestTimesAreStable(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		var all senml.Pack
		at := 1_600_000_000 + float64(random.IntN(200_000_000))
		for i := range 20 {
			at += random.Float64() * 5000
			if i%3 == 0 {
				at = float64(int64(at*16)) / 16 // halves of milliseconds
			}
			all = append(all, number("A", float64(i), at))
		}
		first := times(t, all)
		cut := 1 + random.IntN(len(all)-1)
		again := append(times(t, all[:cut]), times(t, all[cut:])...)
		if diff := cmp.Diff(first, again); diff != "" {
			t.Fatalf("cut at %d (-whole +cut):\n%s", cut, diff)
		}
		shuffled := append(senml.Pack{all[len(all)-1]}, all[:len(all)-1]...) // times before the base
		if got := times(t, shuffled); got[0] != first[len(first)-1] || got[1] != first[0] {
			t.Fatalf("in another order: %v, want %v and %v", got[:2], first[len(first)-1], first[0])
		}
	}
}

// times returns bt + t of every record, added up as a client does.
func times(t *testing.T, p senml.Pack) []float64 {
	t.Helper()
	e, err := Data{Name: current, Records: p}.Element()
	if err != nil {
		t.Fatal(err)
	}
	var all []float64
	var base float64
	for _, r := range wire(t, e).Child(NS, "data").Child(senml.NS, "sensml").Children {
		if bt := r.Attr("bt"); bt != "" {
			base = parseFloat(t, bt)
		}
		offset := r.Attr("t")
		if _, decimals, _ := strings.Cut(offset, "."); len(decimals) > 3 {
			t.Fatalf("t=%q is finer than a millisecond", offset)
		}
		if offset == "" {
			offset = "0"
		}
		all = append(all, base+parseFloat(t, offset))
	}
	return all
}

func parseFloat(t *testing.T, s string) float64 {
	t.Helper()
	var f float64
	if _, err := fmt.Sscanf(s, "%g", &f); err != nil {
		t.Fatal(err)
	}
	return f
}
