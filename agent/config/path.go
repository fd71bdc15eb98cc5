package config

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// Path names one value, or a whole entry of a list of tables.
//
//	Grammar: table "." key | table "[" entry "]" "." key | table "[" entry "]"
//	Example: buffer.period, meter[linky].mode, recipient[serveur]
//
// An entry is called by its name, or by its number from 1 where entries have none ([[grant]]).
type Path struct{ Table, Entry, Key string }

var pathForm = regexp.MustCompile(`^([a-z_]+)(?:\[([^\[\]]*)\])?(?:\.([a-z_]+))?$`)

// ParsePath reads a path. It does not say whether there is such a key.
func ParsePath(text string) (Path, error) {
	m := pathForm.FindStringSubmatch(text)
	if m == nil || m[2] == "" && (m[3] == "" || strings.Contains(text, "[")) {
		return Path{}, wrongf("%q is not a key such as buffer.period or meter[linky].mode", text)
	}
	return Path{Table: m[1], Entry: m[2], Key: m[3]}, nil
}

// String writes the path.
func (p Path) String() string {
	text := p.Table
	if p.Entry != "" {
		text += "[" + p.Entry + "]"
	}
	if p.Key != "" {
		text += "." + p.Key
	}
	return text
}

// SchemaKey is the key that Schema has the path under.
func (p Path) SchemaKey() string { return p.Table + "." + p.Key }

// at finds the field of a path; made says that a missing entry of a list is added, with its name.
func (d *document) at(p Path, made bool) (reflect.Value, bool) {
	table, ok := named(reflect.ValueOf(d).Elem(), p.Table)
	if !ok || (table.Kind() == reflect.Slice) != (p.Entry != "") {
		return reflect.Value{}, false
	}
	if table.Kind() == reflect.Slice {
		i := entry(table, p.Entry)
		if i < 0 && made {
			i = add(table, p.Entry)
		}
		if i < 0 {
			return reflect.Value{}, false
		}
		table = table.Index(i)
	}
	if p.Key == "" {
		return table, p.Entry != ""
	}
	return named(table, p.Key)
}

// named is the field of a struct with that name in files.
func named(table reflect.Value, key string) (reflect.Value, bool) {
	for _, field := range fieldsOf(table.Type()) {
		if field.Tag.Get("toml") == key {
			return table.FieldByIndex(field.Index), true
		}
	}
	return reflect.Value{}, false
}

// entry is the place of an entry in a list of tables; -1 when there is none of that name.
func entry(list reflect.Value, name string) int {
	for i := range list.Len() {
		if entryName(list.Index(i), i) == name {
			return i
		}
	}
	return -1
}

// entryName is what a path calls an entry.
func entryName(table reflect.Value, i int) string {
	if field, unsaid, ok := nameOf(table); ok {
		return or(or(field.String(), unsaid), strconv.Itoa(i+1))
	}
	return strconv.Itoa(i + 1)
}

// nameOf is the field that a list's entries are called by: of a consent, name is that of a person.
func nameOf(table reflect.Value) (field reflect.Value, unsaid string, ok bool) {
	for _, field := range fieldsOf(table.Type()) {
		if field.Tag.Get("entry") != "" {
			return table.FieldByIndex(field.Index), field.Tag.Get("default"), true
		}
	}
	return reflect.Value{}, "", false
}

// add puts a new entry of that name behind the others; -1 for a list whose entries have no names.
func add(list reflect.Value, name string) int {
	table := reflect.New(list.Type().Elem()).Elem()
	field, _, ok := nameOf(table)
	if !ok {
		return -1
	}
	field.SetString(name)
	list.Set(reflect.Append(list.Slice3(0, list.Len(), list.Len()), table)) // never into what another document holds
	return list.Len() - 1
}

// read writes down a field: one text for each value; none for one that is not set.
func read(field reflect.Value) []string {
	if field.Kind() == reflect.Pointer {
		if field.IsNil() {
			return nil
		}
		field = field.Elem()
	}
	if field.Kind() != reflect.Slice {
		if field.IsZero() && field.Kind() == reflect.String {
			return []string{} // "" and nothing are the same to most keys
		}
		return []string{fmt.Sprint(field.Interface())}
	}
	list := []string{}
	for i := range field.Len() {
		list = append(list, fmt.Sprint(field.Index(i).Interface()))
	}
	return list
}

// write sets a field from texts.
func write(field reflect.Value, values []string) error {
	if field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.String {
		field.Set(reflect.ValueOf(append([]string{}, values...)))
		return nil
	}
	if len(values) != 1 {
		return wrongf("there are %d values where one belongs", len(values))
	}
	if field.Kind() == reflect.Pointer {
		fresh := reflect.New(field.Type().Elem())
		if err := writeOne(fresh.Elem(), values[0]); err != nil {
			return err
		}
		field.Set(fresh)
		return nil
	}
	return writeOne(field, values[0])
}

func writeOne(field reflect.Value, value string) error {
	switch field.Kind() {
	case reflect.String:
		field.SetString(value)
	case reflect.Bool:
		switch value {
		case "true", "1":
			field.SetBool(true)
		case "false", "0":
			field.SetBool(false)
		default:
			return wrongf("%q is neither true nor false", value)
		}
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || field.OverflowInt(n) {
			return wrongf("%q is not a whole number that belongs here", value)
		}
		field.SetInt(n)
	default:
		day, ok := field.Addr().Interface().(interface{ UnmarshalText([]byte) error })
		if !ok || day.UnmarshalText([]byte(value)) != nil {
			return wrongf("%q is not a day such as 2027-12-31", value)
		}
	}
	return nil
}
