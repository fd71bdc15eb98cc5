package config

import (
	"reflect"
	"slices"
)

// knownKeys returns the dotted keys that a file may have, from the document's own tags.
func knownKeys() []string {
	keys := keysOf(reflect.TypeFor[document](), "")
	slices.Sort(keys)
	return keys
}

func keysOf(t reflect.Type, prefix string) []string {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	var keys []string
	for i := range t.NumField() {
		field := t.Field(i)
		name := prefix + field.Tag.Get("toml")
		keys = append(keys, name)
		if isTable(field.Type) {
			keys = append(keys, keysOf(field.Type, name+".")...)
		}
	}
	return keys
}

func isTable(t reflect.Type) bool {
	return t.Kind() == reflect.Struct || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}
