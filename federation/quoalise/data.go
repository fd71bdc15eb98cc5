package quoalise

import (
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"releve/federation/xmpp"
	"releve/senml"
)

// Measurement says what a series measures, in the words of Quoalise's <measurement/>.
type Measurement struct {
	Name, Direction, Quantity, Type, Unit string
	Aggregation                           string // mean, maximum …; "" for instants and indexes
	SamplingInterval                      string // ISO 8601; "" when there is no fixed one
	Title                                 string // for people; not sent with data
}

// Data is what one <quoalise/> element carries: records of one series, and what is known of it.
type Data struct {
	Name        string // identifier of the series
	Measurement Measurement
	Records     senml.Pack // resolved, all of this series, whatever their own names
	Terms       []string   // names and values of what was agreed to, which travel along; may be nil
}

// nsConsent is the namespace of what was agreed to. Who does not know it reads past it.
const nsConsent = "urn:releve:consent:0"

// Element writes d as a Quoalise client reads it.
//
//	Format:  <quoalise><data><meta><device/><measurement/></meta><sensml/></data></quoalise>
//	Example: <sensml><senml bn="urn:dev:prm:01234567890123_voltage/1" bt="1583016600" bu="V" v="231"/><senml t="1.2" v="230"/></sensml>
//
// See based for the bases of the records.
//
// The client sets the traps: it needs <meta/> with a child, reads the first <data/> only, takes a time without bt as
// 1970, and joins "bu" and "u" into one unit, so that u never appears.
func (d Data) Element() (*xmpp.Element, error) {
	// The records inherit the namespace of the top element: repeated, it would cost more bytes than the values.
	sensml := xmpp.NewElement(senml.NS, "sensml")
	sensml.Children = make([]*xmpp.Element, 0, len(d.Records))
	err := based(d.Name, d.Records).EachXML(func(attrs []xml.Attr) error {
		sensml.Add(&xmpp.Element{Name: xml.Name{Local: "senml"}, Attrs: slices.Clone(attrs)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("write data of a series: %w", err)
	}
	data := xmpp.NewElement("", "data").Add(d.meta(), sensml)
	return xmpp.NewElement(NS, "quoalise").Add(data), nil
}

func (d Data) meta() *xmpp.Element {
	authority, kind, value := d.device()
	m := d.Measurement
	return xmpp.NewElement("", "meta").Add(
		xmpp.NewElement("", "device", "type", "electricity-meter").Add(
			xmpp.NewElement("", "identifier", "authority", authority, "type", kind, "value", value)),
		xmpp.NewElement("", "measurement", "name", m.Name, "direction", m.Direction, "quantity", m.Quantity,
			"type", m.Type, "unit", m.Unit, "aggregation", m.Aggregation, "sampling-interval", m.SamplingInterval),
		d.policy(),
	)
}

// policy is what was agreed to, nil when that is not known. A client keeps attributes of what it does not know.
//
//	Example: <policy xmlns="urn:releve:consent:0" consent="1aa91d143f66213e" purpose="energy advice" retention="P1Y" origin="meter"/>
func (d Data) policy() *xmpp.Element {
	if len(d.Terms) == 0 {
		return nil
	}
	return xmpp.NewElement(nsConsent, "policy", d.Terms...)
}

// named are the records under the name they go by.
func (d Data) named() senml.Pack {
	p := slices.Clone(d.Records)
	for i := range p {
		p[i].Name = d.Name
	}
	return p
}

// device splits the device off an identifier, as <identifier/> wants it.
func (d Data) device() (authority, kind, value string) {
	device, _ := splitIdentifier(d.Name)
	if prm, ok := prmOf(device); ok {
		return "enedis", "prm", prm
	}
	return "releve", "urn", device
}

// ParseData reads the first data of a <quoalise/> element and returns its records, resolved. Values that are missing, as
// old proxies say with v="null", are left out; a number without unit has the one that meta gives.
func ParseData(x *xmpp.Element, now time.Time) (senml.Pack, error) {
	data := x.Child(NS, "data")
	sensml := data.Child(senml.NS, "sensml")
	if sensml == nil {
		return nil, errors.New("read quoalise data: there is no sensml element")
	}
	text, err := withoutNulls(sensml).Bytes()
	if err != nil {
		return nil, fmt.Errorf("read quoalise data: %w", err)
	}
	pack, err := senml.DecodeXML(text)
	if err != nil {
		return nil, fmt.Errorf("read quoalise data: %w", err)
	}
	resolved, err := pack.Resolve(now)
	if err != nil {
		return nil, fmt.Errorf("read quoalise data: %w", err)
	}
	inUnit(resolved, unitOf(data.Child("", "meta")))
	return resolved, nil
}

// withoutNulls takes the values out that are none. What such a record states for those after it stays.
func withoutNulls(sensml *xmpp.Element) *xmpp.Element {
	kept := &xmpp.Element{Name: sensml.Name, Attrs: sensml.Attrs}
	for _, record := range sensml.Children {
		switch record.Attr("v") {
		case "null", "None", "NaN", "nan":
			record = baseOf(record)
		}
		if record != nil {
			kept.Children = append(kept.Children, record)
		}
	}
	return kept
}

// baseOf is a record with its base fields only, nil when it has none.
func baseOf(record *xmpp.Element) *xmpp.Element {
	base := &xmpp.Element{Name: record.Name}
	for _, a := range record.Attrs {
		if a.Name.Space == "" && strings.HasPrefix(a.Name.Local, "b") {
			base.Attrs = append(base.Attrs, a)
		}
	}
	if len(base.Attrs) == 0 {
		return nil
	}
	return base
}

// unitOf is the unit that meta gives, in the form in force or the older one, where it is an attribute of <physical/>.
func unitOf(meta *xmpp.Element) string {
	measurement := meta.Child("", "measurement")
	if measurement == nil {
		return ""
	}
	if physical := measurement.Child("", "physical"); physical != nil {
		return physical.Attr("unit")
	}
	return measurement.Attr("unit")
}

func inUnit(p senml.Pack, unit string) {
	for i := range p {
		if _, isNumber := p[i].Value.Number(); isNumber && p[i].Unit == "" {
			p[i].Unit = unit
		}
	}
}
