package senml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// NS is the XML namespace of SenML (RFC 8428 §12.4).
const NS = "urn:ietf:params:xml:ns:senml"

// The names of the elements (RFC 8428 §7). Only the outer one carries the namespace when written: it is inherited.
//
//	<sensml xmlns="urn:ietf:params:xml:ns:senml"><senml bn="urn:dev:ow:10e2073a01080063" u="Cel" v="23.5"/></sensml>
const (
	packElement   = "sensml"
	recordElement = "senml"
)

// EncodeXML writes p as application/senml+xml (RFC 8428 §7), with empty elements closed at once, which is a
// fifth of the bytes. It refuses what EncodeJSON refuses, and characters XML cannot carry, such as U+0000.
func EncodeXML(p Pack) ([]byte, error) {
	var buf bytes.Buffer
	buf.WriteString(`<` + packElement + ` xmlns="` + NS + `">`)
	err := p.EachXML(func(attrs []xml.Attr) error { return writeXMLRecord(&buf, attrs) })
	if err != nil {
		return nil, fmt.Errorf("encode XML: %w", err)
	}
	buf.WriteString(`</` + packElement + `>`)
	return buf.Bytes(), nil
}

func writeXMLRecord(buf *bytes.Buffer, attrs []xml.Attr) error {
	buf.WriteString("<" + recordElement)
	for _, attr := range attrs {
		buf.WriteString(" " + attr.Name.Local + `="`)
		if err := xml.EscapeText(buf, []byte(attr.Value)); err != nil {
			return err
		}
		buf.WriteByte('"')
	}
	buf.WriteString("/>")
	return nil
}

// MarshalXML writes p as a sensml element among others, so that a struct of another protocol may hold a Pack.
func (p Pack) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	outer := xml.StartElement{Name: xml.Name{Space: NS, Local: packElement}}
	if err := e.EncodeToken(outer); err != nil {
		return err
	}
	err := p.EachXML(func(attrs []xml.Attr) error {
		start := xml.StartElement{Name: xml.Name{Local: recordElement}, Attr: attrs}
		if err := e.EncodeToken(start); err != nil {
			return err
		}
		return e.EncodeToken(start.End())
	})
	if err != nil {
		return fmt.Errorf("encode XML: %w", err)
	}
	return e.EncodeToken(outer.End())
}

// EachXML hands the attributes of every record, as EncodeXML writes them, to write, which must not keep them: for who
// writes XML by other means. It refuses what EncodeXML refuses.
func (p Pack) EachXML(write func([]xml.Attr) error) error {
	records, err := spread(p)
	if err != nil {
		return err
	}
	attrs := make([]xml.Attr, 0, len(new(fields).table()))
	for i := range records {
		if attrs, err = appendAttrs(attrs[:0], &records[i]); err == nil {
			err = write(attrs)
		}
		if err != nil {
			return recordError(i, err)
		}
	}
	return nil
}

func appendAttrs(attrs []xml.Attr, f *fields) ([]xml.Attr, error) {
	for _, place := range f.table() {
		if *place.at == nil {
			continue
		}
		value := plain(*place.at)
		if at := strings.IndexFunc(value, notXML); at >= 0 {
			return nil, fmt.Errorf("%s holds %U, which XML cannot carry; use JSON or CBOR", place.label, firstRune(value[at:]))
		}
		attrs = append(attrs, xml.Attr{Name: xml.Name{Local: place.label}, Value: value})
	}
	return attrs, nil
}

// notXML is true of the characters outside Char of XML 1.0 §2.2.
func notXML(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return false
	case r < ' ':
		return true
	default:
		return r == 0xFFFE || r == 0xFFFF
	}
}

// DecodeXML reads application/senml+xml: one sensml element. Unknown attributes are skipped unless their
// name ends in an underscore; elements and attributes of other namespaces are skipped. The limits are those of DecodeJSON.
// The pack is as it was sent: see Pack.Validate and Pack.Resolve.
func DecodeXML(data []byte) (Pack, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	var p Pack
	if err := p.decodeDocument(d); err != nil {
		return nil, fmt.Errorf("decode XML: %w", err)
	}
	return p, nil
}

func (p *Pack) decodeDocument(d *xml.Decoder) error {
	start, err := nextStart(d)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	if err := p.UnmarshalXML(d, *start); err != nil {
		return err
	}
	_, err = nextStart(d)
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	default:
		return errors.New("something follows the sensml element")
	}
}

// nextStart returns the next element that starts before the surrounding one ends, nil when it ends. Text between
// elements means nothing in SenML.
func nextStart(d *xml.Decoder) (*xml.StartElement, error) {
	for {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			return &token, nil
		case xml.EndElement:
			return nil, nil
		}
	}
}

// UnmarshalXML reads the sensml element that start opens, so that a struct of another protocol may hold a Pack.
func (p *Pack) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	if start.Name != (xml.Name{Space: NS, Local: packElement}) {
		return fmt.Errorf("expected element %s of namespace %s, found %s of %q",
			packElement, NS, start.Name.Local, start.Name.Space)
	}
	records := Pack{}
	for {
		element, err := nextStart(d)
		if err != nil {
			return err
		}
		if element == nil {
			*p = records
			return nil
		}
		if records, err = records.appendXML(element); err != nil {
			return err
		}
		if err := d.Skip(); err != nil {
			return err
		}
	}
}

// appendXML adds what an element inside sensml says, nothing when it is not a record.
func (p Pack) appendXML(element *xml.StartElement) (Pack, error) {
	if element.Name != (xml.Name{Space: NS, Local: recordElement}) {
		return p, nil
	}
	if len(p) == MaxRecords {
		return nil, errTooMany(MaxRecords + 1)
	}
	var f fields
	for _, attr := range element.Attr {
		if err := f.setAttr(attr); err != nil {
			return nil, recordError(len(p), err)
		}
	}
	r, err := f.record()
	if err != nil {
		return nil, recordError(len(p), err)
	}
	return append(p, r), nil
}

func (f *fields) setAttr(attr xml.Attr) error {
	if attr.Name.Space != "" || attr.Name.Local == "xmlns" {
		return nil
	}
	place, known := f.find(attr.Name.Local)
	if !known {
		return checkUnknown(attr.Name.Local)
	}
	if *place.at != nil {
		return fmt.Errorf("%s appears twice", place.label)
	}
	var err error
	*place.at, err = place.fromXML(attr.Value)
	return err
}

func (p field) fromXML(s string) (any, error) {
	switch p.kind {
	case Number:
		return p.parseDouble(strings.TrimSpace(s))
	case Bool:
		return p.parseBoolean(strings.TrimSpace(s))
	case Data:
		return p.parseData(s)
	default:
		return s, nil
	}
}

// parseDouble keeps to the spellings of xsd:double: strconv also knows hexadecimal and underscores.
func (p field) parseDouble(s string) (any, error) {
	if strings.Trim(s, "0123456789+-.eE") != "" {
		return nil, fmt.Errorf("%s must be a finite number that a double can hold", p.label)
	}
	return p.parseNumber(s)
}

// parseBoolean reads the four spellings of xsd:boolean.
func (p field) parseBoolean(s string) (any, error) {
	switch s {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	default:
		return nil, fmt.Errorf("%s must be true or false", p.label)
	}
}
