package sen1

import (
	"encoding/xml"
	"strconv"
	"time"

	"releve/federation/xmpp"
	"releve/senml"
)

// NS is the namespace of a Sen1Message: that of the library which the first proxies were written with.
const NS = "http://xmpp.rocks"

// The namespaces of the types of values.
const (
	nsXSI = "http://www.w3.org/2001/XMLSchema-instance"
	nsXS  = "http://www.w3.org/2001/XMLSchema"
)

// Message is one datum of one user and its values: what the proxies of the proof of concept send each other.
type Message struct {
	Username  string // who the datum is of
	Name      string // of the device or sensor
	Metaname  string // of one thing of it; may be ""
	Metavalue string // may be ""
	Unit      string // as SenML has it
	Type      string // dt_numeric, dt_string, …: informative
	Source    string // application that sends
	To        string // application that is sent to
	Data      []Datum
}

// Datum is a value and its time.
type Datum struct {
	Value senml.Value
	Time  time.Time
}

// Types of a message.
const (
	typeNumeric = "dt_numeric"
	typeInteger = "dt_integer"
	typeBoolean = "dt_boolean"
	typeString  = "dt_string"
)

// element writes a message so that both readers of the proof of concept take it, the one in Java and the one in Python:
// all fields in order, values as texts in plain decimals, times with an offset and never Z. What is empty stays, empty.
//
//	Example: <Sen1Message xmlns="http://xmpp.rocks"><username>foyer</username><name>linky</name><metaname>base</metaname>
//	<metavalue/><unite>Wh</unite><type>dt_numeric</type><applicationSrc>bmhs</applicationSrc>
//	<applicationDst>lognact</applicationDst><Sen1Datas><Sen1Data><value xsi:type="xs:string">13427301</value>
//	<timestamp>2026-11-23T09:12:53+01:00</timestamp></Sen1Data></Sen1Datas></Sen1Message>
func (m Message) element(location *time.Location) *xmpp.Element {
	field := func(name, text string) *xmpp.Element { return xmpp.NewElement("", name).WithText(text) }
	data := xmpp.NewElement("", "Sen1Datas")
	for _, d := range m.Data {
		value := field("value", plain(d.Value))
		value.Attrs = []xml.Attr{
			{Name: xml.Name{Space: "xmlns", Local: "xs"}, Value: nsXS}, {Name: xml.Name{Space: nsXSI, Local: "type"}, Value: "xs:string"},
		}
		data.Add(xmpp.NewElement("", "Sen1Data").Add(value, field("timestamp", stamp(d.Time.In(location)))))
	}
	return xmpp.NewElement(NS, "Sen1Message").Add(
		field("username", m.Username), field("name", m.Name), field("metaname", m.Metaname), field("metavalue", m.Metavalue),
		field("unite", m.Unit), field("type", m.Type), field("applicationSrc", m.Source), field("applicationDst", m.To), data,
	)
}

// plain writes a value as a text: numbers without exponent, which the systems behind the proxies do not all take.
func plain(v senml.Value) string {
	if n, ok := v.Number(); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	if text, ok := v.Text(); ok {
		return text
	}
	return v.String()
}

// stamp writes a time with no decimals or three: the reader in Python takes none, three or six, and no Z.
func stamp(t time.Time) string {
	if t = t.Round(time.Millisecond); t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05-07:00")
	}
	return t.Format("2006-01-02T15:04:05.000-07:00")
}

// typeOf is the type of a message that carries such a value.
func typeOf(v senml.Value) string {
	switch v.Kind() {
	case senml.Number:
		return typeNumeric
	case senml.Bool:
		return typeBoolean
	}
	return typeString
}
