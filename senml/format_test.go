package senml_test

import (
	"encoding/xml"
	"testing"

	"releve/senml"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		format    senml.Format
		name      string
		mediaType string
	}{
		{senml.JSON, "json", "application/senml+json"},
		{senml.CBOR, "cbor", "application/senml+cbor"},
		{senml.XML, "xml", "application/senml+xml"},
	} {
		diff(t, test.name, test.format.String())
		diff(t, test.mediaType, test.format.MediaType())
		for _, spelling := range []string{test.name, test.mediaType, test.mediaType + "; charset=utf-8", "Application/SenML+" + test.name} {
			got, err := senml.ParseFormat(spelling)
			if err != nil || got != test.format {
				t.Errorf("%q is %v, %v; want %v", spelling, got, err, test.format)
			}
		}
	}
}

func TestNoFormat(t *testing.T) {
	t.Parallel()
	var none senml.Format
	diff(t, "", none.MediaType())
	diff(t, "", senml.Format(4).MediaType())
	_, err := senml.Encode(none, nil)
	refused(t, nil, err, "encode pack: format 0 is none of json, cbor, xml")
	p, err := senml.Decode(4, nil)
	refused(t, p, err, "decode pack: format 4 is none of json, cbor, xml")
	_, err = senml.ParseFormat("application/json")
	refused(t, nil, err, `format "application/json" is unknown; use json, cbor, xml or their media type application/senml+…`)
	_, err = senml.ParseFormat("")
	refused(t, nil, err, `read format "": mime: no media type`)
}

// A pack inside an element of another protocol.
type envelope struct {
	XMLName xml.Name   `xml:"urn:example data"`
	ID      string     `xml:"id,attr"`
	Pack    senml.Pack `xml:"urn:ietf:params:xml:ns:senml sensml"`
	After   string     `xml:"after"`
}

func TestPackInsideXML(t *testing.T) {
	t.Parallel()
	sent := envelope{ID: "1", Pack: mustDecodeJSON(t, twoDataPoints), After: "later"}
	data, err := xml.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, `<data xmlns="urn:example" id="1"><sensml xmlns="urn:ietf:params:xml:ns:senml">`+
		`<senml bn="urn:dev:ow:10e2073a01080063:" n="voltage" u="V" v="120.1"></senml>`+
		`<senml n="current" u="A" v="1.2"></senml></sensml><after>later</after></data>`, string(data))

	var got envelope
	if err := xml.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	got.XMLName = xml.Name{}
	diff(t, sent, got)
}

func TestPackInsideXMLRefuses(t *testing.T) {
	t.Parallel()
	_, err := xml.Marshal(envelope{Pack: senml.Pack{{Value: senml.TextValue("\x00")}}})
	refused(t, nil, err, "encode XML: record 1: vs holds U+0000, which XML cannot carry; use JSON or CBOR")

	var got envelope
	err = xml.Unmarshal([]byte(`<data xmlns="urn:example">`+open+`<senml v="x"/>`+shut+`</data>`), &got)
	refused(t, got.Pack, err, "record 1: v must be a finite number that a double can hold")
}
