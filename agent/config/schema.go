package config

import (
	"reflect"
	"slices"
	"strings"
)

// Key is what can be known of a key without a file: of meter.mode for that of every [[meter]]. All of it comes from the
// tags of the structs that files are decoded into, and from the comments of the two reference files.
type Key struct {
	Key     string   `json:"key"` // buffer.period, meter.mode
	Type    Type     `json:"type"`
	Many    bool     `json:"many,omitempty"` // a list of such values
	Entry   bool     `json:"in_list,omitempty"`
	Kinds   []string `json:"kinds,omitempty"`   // of [[recipient]] or [[source]] that have it; none for all
	Choices []string `json:"choices,omitempty"` // of a Choice
	Least   string   `json:"least,omitempty"`
	Most    string   `json:"most,omitempty"`
	Unit    string   `json:"unit,omitempty"`
	Default string   `json:"default,omitempty"`
	Secret  bool     `json:"secret,omitempty"` // never shown, nor told from afar
	Afar    Role     `json:"afar,omitempty"`   // who may change it from afar; "" nobody
	Restart Restart  `json:"restart"`
	EN      string   `json:"en"`
	FR      string   `json:"fr"`
}

// Type is what kind of value belongs under a key, always written as a text but for Boolean and Number.
type Type string

// The types.
const (
	Text     Type = "text"
	Boolean  Type = "boolean"
	Number   Type = "number"
	Choice   Type = "choice"
	Duration Type = "duration" // 10s, 5m, 12h, 31d
	Size     Type = "size"     // 256MiB
	Date     Type = "date"     // 2027-12-31
	Address  Type = "address"  // of XMPP
	RoleOf   Type = "role"     // an address without resource, or @domain
	Endpoint Type = "endpoint" // host:port
	File     Type = "file"     // its name
	Port     Type = "port"     // of a meter, see port.Config
	Pin      Type = "pin"      // GPIO17
	Pace     Type = "pace"     // 2500 B/s
)

// units are what values of a type are written in.
var units = map[Type]string{Duration: "s, m, h, d", Size: "MiB", Pace: "B/s"}

// Restart says what has to begin anew before a value counts. From afar that is done by itself.
type Restart string

// What begins anew.
const (
	Parts   Restart = "agent"   // all of it, within the process: some seconds
	Process Restart = "process" // releve run
)

// Schema lists every key, in the order of the structs. The names of tables are no keys.
func Schema() []Key {
	words := readWords()
	var keys []Key
	for _, field := range fieldsOf(reflect.TypeFor[document]()) {
		table := field.Tag.Get("toml")
		below, isList := field.Type, field.Type.Kind() == reflect.Slice
		if isList {
			below = below.Elem()
		}
		for _, leaf := range fieldsOf(below) {
			key := keyOf(table, leaf)
			key.Entry, key.Kinds = isList, kindsWith(table, leaf.Tag.Get("toml"))
			key.EN, key.FR = words.en[key.Key], words.fr[key.Key]
			if key.Key == "recipient.kind" || key.Key == "source.kind" {
				key.Type, key.Choices = Choice, kindNames(table)
			}
			if key.Key == "button.pin" { // watched over the whole run
				key.Restart = Process
			}
			keys = append(keys, key)
		}
	}
	return keys
}

func keyOf(table string, leaf reflect.StructField) Key {
	tag := leaf.Tag.Get
	key := Key{
		Key: table + "." + tag("toml"), Type: Type(tag("type")), Many: leaf.Type.Kind() == reflect.Slice,
		Least: tag("least"), Most: tag("most"), Default: tag("default"), Secret: tag("secret") != "", Afar: Role(tag("afar")), Restart: Parts,
	}
	if choices := tag("choices"); choices != "" {
		key.Type, key.Choices = Choice, strings.Split(choices, ",")
	}
	if key.Type == "" {
		key.Type = typeOf(leaf.Type)
	}
	key.Unit = units[key.Type]
	return key
}

// typeOf is the type of a field that has no tag for it.
func typeOf(t reflect.Type) Type {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Bool:
		return Boolean
	case t.Kind() == reflect.Struct:
		return Date
	case t.Kind() == reflect.String:
		return Text
	}
	return Number
}

// fieldsOf lists the fields of a struct; those of what is embedded are its own.
func fieldsOf(t reflect.Type) []reflect.StructField {
	var all []reflect.StructField
	for _, field := range reflect.VisibleFields(t) {
		if !field.Anonymous {
			all = append(all, field)
		}
	}
	return all
}

// kindsWith lists the kinds of a table that have a key; none when all have.
func kindsWith(table, key string) []string {
	var all []string
	for name, keys := range kindsOf(table) {
		if slices.Contains(strings.Fields(keys), key) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

func kindNames(table string) []string {
	var all []string
	for name := range kindsOf(table) {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// kindsOf is the kinds of a table, and the keys that each has besides those of all.
func kindsOf(table string) map[string]string {
	all := map[string]string{}
	switch table {
	case "recipient":
		for _, k := range recipientKinds() {
			all[k.name] = k.keys
		}
	case "source":
		for _, k := range sourceKinds() {
			all[k.name] = k.keys
		}
	}
	return all
}

// schemaOf finds a key.
func schemaOf(key string) (Key, bool) {
	all := Schema()
	i := slices.IndexFunc(all, func(k Key) bool { return k.Key == key })
	if i < 0 {
		return Key{}, false
	}
	return all[i], true
}
