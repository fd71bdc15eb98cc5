package sen1

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"releve/federation/xmpp"
	"releve/senml"
)

// maxData bounds the values of one message; the proxies send 500 at most.
const maxData = 100_000

// ParseMessage reads a message in any form that a sender of the proof of concept writes; a time without offset is of location.
// Its errors never show what is in the message, which says whose it is.
func ParseMessage(e *xmpp.Element, location *time.Location) (Message, error) {
	text := func(name string) string {
		if child := e.Child("", name); child != nil {
			return strings.TrimSpace(child.Text)
		}
		return ""
	}
	m := Message{
		Username: text("username"), Name: text("name"), Metaname: text("metaname"), Metavalue: text("metavalue"),
		Unit: Unit(text("unite")), Type: or(text("type"), typeString), Source: text("applicationSrc"), To: text("applicationDst"),
	}
	for _, required := range []string{"username", "name", "applicationSrc", "applicationDst"} {
		if text(required) == "" {
			return m, fmt.Errorf("read a Sen1Message: there is no %s", required)
		}
	}
	list := e.Child("", "Sen1Datas")
	if list == nil || len(list.Children) == 0 || len(list.Children) > maxData {
		return m, errors.New("read a Sen1Message: there is no Sen1Data, or far too much of it")
	}
	for i, one := range list.Children {
		d, err := m.datum(one, location)
		if err != nil {
			return m, fmt.Errorf("read Sen1Data %d of a Sen1Message: %w", i+1, err)
		}
		m.Data = append(m.Data, d)
	}
	return m, nil
}

func or(value, absent string) string {
	if value == "" {
		return absent
	}
	return value
}

// Unit turns what the systems of SEN1 write into what SenML does.
func Unit(text string) string {
	switch text {
	case "°C", "\uFFFDC":
		return "Cel"
	case "%":
		return "/100"
	}
	return text
}

func (m Message) datum(e *xmpp.Element, location *time.Location) (d Datum, err error) {
	value, at := e.Child("", "value"), e.Child("", "timestamp")
	if value == nil || at == nil {
		return d, errors.New("there is no value or no timestamp")
	}
	if d.Time, err = moment(strings.TrimSpace(at.Text), location); err != nil {
		return d, err
	}
	d.Value, err = m.value(value)
	return d, err
}

// value reads a value by its type: the one that its own xsi:type says, or else the one of the message. A text that has a
// Unit is a number that was written by the proxy in Python, which knows no other type.
func (m Message) value(e *xmpp.Element) (senml.Value, error) {
	text, declared := strings.TrimSpace(e.Text), ""
	for _, a := range e.Attrs {
		if a.Name.Local == "type" && a.Name.Space == nsXSI {
			_, declared, _ = strings.Cut(":"+strings.TrimSpace(a.Value), ":")
			declared = declared[strings.LastIndexByte(declared, ':')+1:]
		}
	}
	switch {
	case slices.Contains([]string{"double", "float", "decimal", "int", "integer", "long", "short", "byte"}, declared):
		return number(text)
	case declared == "boolean":
		return boolean(text)
	case declared != "" && declared != "string":
		return senml.Value{}, fmt.Errorf("no value has the type %.20q", declared)
	case m.Type == typeNumeric || m.Type == typeInteger:
		return number(text)
	case m.Type == typeBoolean:
		return boolean(text)
	case m.Type == typeString && m.Unit != "":
		if v, err := number(text); err == nil {
			return v, nil
		}
	}
	return senml.TextValue(e.Text), nil
}

var decimal = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$`)

// number reads a decimal, with an exponent too: the proxies in Java write 1.3427301E7.
func number(text string) (senml.Value, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !decimal.MatchString(text) || math.IsInf(n, 0) {
		return senml.Value{}, errors.New("the value is no number")
	}
	return senml.NumberValue(n), nil
}

func boolean(text string) (senml.Value, error) {
	switch strings.ToLower(text) {
	case "true", "1":
		return senml.BoolValue(true), nil
	case "false", "0":
		return senml.BoolValue(false), nil
	}
	return senml.Value{}, errors.New("the value is neither true nor false")
}

// moment reads a time: with an offset, with Z, or without either, as the proxy in Python writes it.
func moment(text string, location *time.Location) (time.Time, error) {
	text = strings.Replace(text, " ", "T", 1)
	if t, err := time.Parse("2006-01-02T15:04:05Z07:00", text); err == nil {
		return t, nil
	}
	t, err := time.ParseInLocation("2006-01-02T15:04:05", text, location)
	if err != nil {
		return t, errors.New("the timestamp is not one such as 2026-11-23T09:12:53+01:00")
	}
	return t, nil
}
