package bmhs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf16"
)

// message is the data of a deviceValue, the fields in the order of BMHS's own agent. Its label is always null: some words
// in it would change the type of the device.
type message struct {
	Header     string     `json:"header"`
	ImplClass  string     `json:"implClass"`
	MAC        string     `json:"mac"`
	Value      string     `json:"value"`
	Label      *string    `json:"label"`
	DateValue  string     `json:"dateValue"`
	Metavalues metavalues `json:"metavalues"`
	Metadatas  *struct{}  `json:"metadatas"`
	Offset     int        `json:"timezoneOffset"`
	Offline    bool       `json:"offline,omitempty"`
}

// Headers of what an agent sends.
const (
	headerValue = "deviceValue"
	headerTrace = "teleinfo-trace"
	headerHello = "Hello"
	headerPing  = "ping"
)

// implClass is the type of a meter on the server.
const implClass = "smarthome.automation.deviceType.TeleInformation"

// metavalue is one quantity of a device. The server takes trace, main and unite only when it sees one for the first time.
type metavalue struct {
	name     string
	Value    string `json:"value"` // a text, always
	Original string `json:"originalName,omitempty"`
	Label    string `json:"label"`
	Unit     string `json:"unite,omitempty"`
	Trace    bool   `json:"trace,omitempty"` // has a history
	Main     bool   `json:"main,omitempty"`  // is the value of the device
}

// metavalues are written as an object, in their order.
type metavalues []metavalue

// MarshalJSON writes {"<name>":{…},…}.
func (m metavalues) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		text, err := plain(one)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", one.name, text) // names are ASCII words
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// get returns the value of that name, "" when there is none.
func (m metavalues) get(name string) string {
	for _, one := range m {
		if one.name == name {
			return one.Value
		}
	}
	return ""
}

// plain writes JSON on one line without escapes for HTML, which count against the length that the server takes.
func plain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// longest is how many characters the websocket takes in one text, as Java counts: UTF-16 units (Tomcat's default).
const longest = 8192

// length counts as Java does.
func length(text []byte) int { return len(utf16.Encode([]rune(string(text)))) }
