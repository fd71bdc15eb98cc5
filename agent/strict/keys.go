package strict

import (
	"encoding"
	"reflect"
	"slices"
)

// Keys returns the dotted keys that a text may have, in order, from the tags of the struct that a pointer leads to.
func Keys(document any) []string {
	keys := keysOf(reflect.TypeOf(document).Elem(), "")
	slices.Sort(keys)
	return keys
}

func keysOf(t reflect.Type, prefix string) []string {
	var keys []string
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Anonymous { // its keys are those of the table that it is part of
			keys = append(keys, keysOf(field.Type, prefix)...)
			continue
		}
		name := prefix + field.Tag.Get("toml")
		keys = append(keys, name)
		if table, ok := tableOf(field.Type); ok {
			keys = append(keys, keysOf(table, name+".")...)
		}
	}
	return keys
}

// tableOf returns the struct that a field holds one or many of; a time is a value, though a struct.
func tableOf(t reflect.Type) (reflect.Type, bool) {
	if t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t, t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}
