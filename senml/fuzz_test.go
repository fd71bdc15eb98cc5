package senml_test

import (
	"bytes"
	"strings"
	"testing"

	"releve/senml"
)

func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{
		singleDataPoint, twoDataPoints, sixCurrents, mobileDevice, mobileDeviceResolved, dataTypes, twoDevices, thermostat,
		dimmedThenOff, `[]`, `[{}]`, `[{"bn":"","bt":0,"bu":"","bv":0,"bs":0,"n":"a","vs":"\u0000"}]`, `[{"n":"a","v":1e308,"x_":1}]`,
		`[{"n":"a","v":-0,"t":-0.0}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkDecoded(t, senml.JSON, data) })
}

func FuzzDecodeCBOR(f *testing.F) {
	for _, seed := range []string{
		sixCurrentsCBOR, "80", "81a0", "81a200616102c48220190111", "81a200616102f93e00", "81a3006161020161788301f5a16161f5",
		"81a20061610842fbff", "81a200616102c249010000000000000000", "81a122f98000",
	} {
		f.Add(mustHex(f, seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkDecoded(t, senml.CBOR, data) })
}

func FuzzDecodeXML(f *testing.F) {
	for _, seed := range []string{
		sixCurrentsXML, open + shut, open + `<senml vb="1"/><x><senml/></x><senml vs="&#10;&lt;" vd=""/>` + shut,
		`<?xml version="1.0"?><s:sensml xmlns:s="urn:ietf:params:xml:ns:senml"><s:senml n="a" v="1"/></s:sensml>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkDecoded(t, senml.XML, data) })
}

// checkDecoded holds the invariants of every decoder: it does not panic, it gives no more records than it read
// bytes, and what it accepts says the same in each format, resolved and compact.
func checkDecoded(t *testing.T, format senml.Format, data []byte) {
	p, err := senml.Decode(format, data)
	if err != nil {
		if p != nil {
			t.Fatalf("pack %+v beside error %v", p, err)
		}
		return
	}
	if len(p) > len(data) || len(p) > senml.MaxRecords {
		t.Fatalf("%d records from %d bytes", len(p), len(data))
	}
	for _, other := range formats() {
		checkFormat(t, other, p)
	}
	if p.Validate() == nil {
		checkMeaning(t, p)
	}
}

// checkFormat wants p to come back from a format as it went in, and equal packs to be equal bytes.
func checkFormat(t *testing.T, format senml.Format, p senml.Pack) {
	data, err := senml.Encode(format, p)
	if format == senml.XML && err != nil && strings.Contains(err.Error(), "which XML cannot carry") {
		return
	}
	if err != nil {
		t.Fatalf("encode %v: %v", format, err)
	}
	back, err := senml.Decode(format, data)
	if err != nil {
		t.Fatalf("decode %v %q: %v", format, data, err)
	}
	diff(t, p, back)
	again, err := senml.Encode(format, back)
	if err != nil {
		t.Fatalf("encode %v again: %v", format, err)
	}
	if !bytes.Equal(data, again) {
		t.Fatalf("%v wrote %q, then %q", format, data, again)
	}
}

// checkMeaning wants resolving to be final, and compacting to be undone by it.
func checkMeaning(t *testing.T, p senml.Pack) {
	resolved, err := p.Resolve(now())
	if err != nil {
		return // a time before the first: Validate does not know now
	}
	again, err := resolved.Resolve(now())
	if err != nil {
		t.Fatal(err)
	}
	diff(t, resolved, again)
	undone, err := resolved.Compact().Resolve(now())
	if err != nil {
		t.Fatal(err)
	}
	diff(t, resolved, undone)
	for _, format := range formats() {
		checkFormat(t, format, resolved.Compact())
	}
}
