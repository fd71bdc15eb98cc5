package sen1

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/xmpp"
	"releve/senml"
)

func paris(t testing.TB) *time.Location {
	t.Helper()
	l, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func element(t testing.TB, text string) *xmpp.Element {
	t.Helper()
	e, err := xmpp.ParseElement([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// What the senders of the proof of concept put on the wire: the one in Java through Babbler, its serializer, and the one
// in Python through SleekXMPP. Users are invented.
const (
	byJava = `<Sen1Message xmlns="http://xmpp.rocks"><username>foyer.test@example.org</username><name>linky</name><metaname>base</metaname><unite>Wh</unite><type>dt_numeric</type><applicationSrc>bmhs</applicationSrc><applicationDst>lognact</applicationDst><Sen1Datas>` +
		`<Sen1Data><value xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:double">1.3427301E7</value><timestamp>2026-11-23T09:12:53.490+01:00</timestamp></Sen1Data>` +
		`<Sen1Data><value xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:string">13427310</value><timestamp>2026-11-23T09:13:04+01:00</timestamp></Sen1Data>` +
		`<Sen1Data><value xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:int">42</value><timestamp>2026-07-01T12:00:00+02:00</timestamp></Sen1Data></Sen1Datas></Sen1Message>`
	byJAXB = `<ns3:Sen1Message xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:ns3="http://xmpp.rocks">
    <ns3:username>foyer.test@example.org</ns3:username>
    <ns3:name>linky</ns3:name><ns3:metaname>porte</ns3:metaname><ns3:type>dt_boolean</ns3:type>
    <ns3:applicationSrc>bmhs</ns3:applicationSrc><ns3:applicationDst>lognact</ns3:applicationDst>
    <ns3:Sen1Datas>
        <ns3:Sen1Data><ns3:value xsi:type="xs:boolean">true</ns3:value><ns3:timestamp>2026-07-01T10:00:00Z</ns3:timestamp></ns3:Sen1Data>
        <ns3:Sen1Data><ns3:value>0</ns3:value><ns3:timestamp>2026-07-01 12:00:01</ns3:timestamp></ns3:Sen1Data>
    </ns3:Sen1Datas>
</ns3:Sen1Message>`
	byPython = `<Sen1Message xmlns="http://xmpp.rocks" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema"><username>foyer.test@example.org</username><name>linky</name><metaname>base</metaname><metavalue /><unite>Wh</unite><type>dt_string</type><applicationSrc>lognact</applicationSrc><applicationDst>bmhs</applicationDst><Sen1Datas>` +
		`<Sen1Data><value xsi:type="xs:string">13427301</value><timestamp>2026-11-23T09:12:53</timestamp></Sen1Data><Sen1Data><value xsi:type="xs:string">HC..</value><timestamp>2026-11-23T09:13:04.061123+01:00</timestamp></Sen1Data></Sen1Datas></Sen1Message>`
)

func at(t testing.TB, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

var compare = cmp.Options{cmp.AllowUnexported(senml.Value{}), cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })}

// Any form that a sender of the proof of concept writes is read, each value by its type.
func TestParseMessage(t *testing.T) {
	t.Parallel()
	user := Message{Username: "foyer.test@example.org", Name: "linky", Metaname: "base", Unit: "Wh", Type: "dt_numeric", Source: "bmhs", To: "lognact"}
	java, jaxb, python := user, user, user
	java.Data = []Datum{
		{senml.NumberValue(13427301), at(t, "2026-11-23T08:12:53.49Z")}, {senml.NumberValue(13427310), at(t, "2026-11-23T08:13:04Z")}, {senml.NumberValue(42), at(t, "2026-07-01T10:00:00Z")},
	}
	jaxb.Metaname, jaxb.Unit, jaxb.Type = "porte", "", "dt_boolean"
	jaxb.Data = []Datum{{senml.BoolValue(true), at(t, "2026-07-01T10:00:00Z")}, {senml.BoolValue(false), at(t, "2026-07-01T10:00:01Z")}}
	python.Type, python.Source, python.To = "dt_string", "lognact", "bmhs"
	python.Data = []Datum{{senml.NumberValue(13427301), at(t, "2026-11-23T08:12:53Z")}, {senml.TextValue("HC.."), at(t, "2026-11-23T08:13:04.061123Z")}}
	for text, want := range map[string]Message{byJava: java, byJAXB: jaxb, byPython: python} {
		got, err := ParseMessage(element(t, text), paris(t))
		if diff := cmp.Diff(want, got, compare); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
}

func TestParseMessageRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ old, new, err string }{
		{"foyer.test@example.org", "", "read a Sen1Message: there is no username"},
		{"<name>linky</name>", "", "read a Sen1Message: there is no name"},
		{"<applicationSrc>bmhs</applicationSrc>", "<x/>", "read a Sen1Message: there is no applicationSrc"},
		{"lognact", " ", "read a Sen1Message: there is no applicationDst"},
		{"Sen1Datas>", "Datas>", "read a Sen1Message: there is no Sen1Data, or far too much of it"},
		{"<value", "<valeur", ""},
		{"1.3427301E7", "0x10", "read Sen1Data 1 of a Sen1Message: the value is no number"},
		{"1.3427301E7", "NaN", "read Sen1Data 1 of a Sen1Message: the value is no number"},
		{"1.3427301E7", "1E999", "read Sen1Data 1 of a Sen1Message: the value is no number"},
		{"1.3427301E7", "1,5", "read Sen1Data 1 of a Sen1Message: the value is no number"},
		{"xs:int", "xs:base64Binary", "read Sen1Data 3 of a Sen1Message: no value has the type \"base64Binary\""},
		{"xs:int\">42", "xs:boolean\">42", "read Sen1Data 3 of a Sen1Message: the value is neither true nor false"},
		{"2026-11-23T09:13:04+01:00", "23/11/2026", "read Sen1Data 2 of a Sen1Message: the timestamp is not one such as 2026-11-23T09:12:53+01:00"},
		{"<timestamp>2026-11-23T09:13:04+01:00</timestamp>", "", "read Sen1Data 2 of a Sen1Message: there is no value or no timestamp"},
	} {
		text := strings.ReplaceAll(byJava, tt.old, tt.new)
		if tt.err == "" {
			text = strings.ReplaceAll(strings.ReplaceAll(byJava, "<value", "<valeur"), "</value", "</valeur")
			tt.err = "read Sen1Data 1 of a Sen1Message: there is no value or no timestamp"
		}
		if _, err := ParseMessage(element(t, text), time.UTC); fmt.Sprint(err) != tt.err {
			t.Errorf("%s: %v", tt.new, err)
		}
	}
}

// What is written is what both readers of the proof of concept take, to the byte, and reads back the same.
func TestElement(t *testing.T) {
	t.Parallel()
	m := Message{Username: "foyer", Name: "l'été", Metaname: "base", Unit: "Wh", Type: "dt_numeric", Source: "releve", To: "bmhs", Data: []Datum{
		{senml.NumberValue(13427301), at(t, "2026-11-23T08:12:53Z")}, {senml.NumberValue(1e-7), at(t, "2026-07-01T10:00:00.49Z")}, {senml.BoolValue(true), at(t, "2026-07-01T10:00:00.0004Z")},
	}}
	e := m.element(paris(t))
	value := func(text, at string) string {
		return `<Sen1Data><value xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:n1="http://www.w3.org/2001/XMLSchema-instance" n1:type="xs:string">` + text + `</value><timestamp>` + at + `</timestamp></Sen1Data>`
	}
	want := `<Sen1Message xmlns="http://xmpp.rocks"><username>foyer</username><name>l'été</name><metaname>base</metaname><metavalue/><unite>Wh</unite><type>dt_numeric</type><applicationSrc>releve</applicationSrc><applicationDst>bmhs</applicationDst><Sen1Datas>` +
		value("13427301", "2026-11-23T09:12:53+01:00") + value("0.0000001", "2026-07-01T12:00:00.490+02:00") + value("true", "2026-07-01T12:00:00+02:00") + `</Sen1Datas></Sen1Message>`
	if diff := cmp.Diff(want, e.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	m.Data[2].Value = senml.NumberValue(1)
	back, err := ParseMessage(element(t, m.element(time.UTC).String()), time.UTC)
	m.Data[2].Time = m.Data[2].Time.Truncate(time.Millisecond)
	if diff := cmp.Diff(m, back, compare); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if s := m.element(time.UTC).String(); strings.Contains(s, "Z</timestamp>") {
		t.Errorf("a Z, which the reader in Python does not take: %s", s)
	}
}

// FuzzMessage: nothing that a peer sends breaks the reader, and what is read is written so that it reads the same.
func FuzzMessage(f *testing.F) {
	f.Add(byJava)
	f.Add(byJAXB)
	f.Add(byPython)
	f.Fuzz(func(t *testing.T, text string) {
		e, err := xmpp.ParseElement([]byte(text))
		if err != nil {
			return
		}
		m, err := ParseMessage(e, time.UTC)
		if err != nil {
			return
		}
		if p := m.pack(); len(p) != len(m.Data) {
			t.Fatalf("%d records of %d values", len(p), len(m.Data))
		} else if err := (senml.Pack{{Name: p[0].Name, Value: senml.NumberValue(1)}}).Validate(); err != nil {
			t.Fatal(err)
		}
		if y := m.Data[0].Time.Year(); y < 1 || y > 9998 {
			return
		}
		bytes, err := m.element(time.UTC).Bytes()
		if err != nil {
			t.Fatal(err)
		}
		again, err := xmpp.ParseElement(bytes)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseMessage(again, time.UTC)
		if err != nil {
			t.Fatalf("%s: %v", bytes, err)
		}
		if back.Username != m.Username || back.Metaname != m.Metaname || len(back.Data) != len(m.Data) {
			t.Errorf("%+v came back as %+v", m, back)
		}
	})
}
