package config

import (
	"reflect"
	"slices"
)

// Loaded is a checked configuration that knows where each of its values comes from.
type Loaded struct {
	Config
	Base
	removed []string
}

// Setting is one value of a configuration.
type Setting struct {
	Path   string   `json:"key"`
	Values []string `json:"values"` // of a secret none
	Place  Place    `json:"origin"`
	Set    bool     `json:"set"` // whether there is a value, secret or not
	Key    Key      `json:"-"`
}

// Settings lists all values that there are or could be, in the order of the schema. Secrets are only said to be set.
func (l Loaded) Settings() []Setting {
	var all []Setting
	for _, k := range Schema() {
		for _, path := range l.raw.paths(k) {
			all = append(all, l.setting(k, path))
		}
	}
	return all
}

// Setting returns one value; false for a path of no key, or of an entry that is not there.
func (l Loaded) Setting(path string) (Setting, bool) {
	p, err := ParsePath(path)
	if err != nil {
		return Setting{}, false
	}
	k, known := schemaOf(p.SchemaKey())
	if _, there := l.raw.at(p, false); !known || !there {
		return Setting{}, false
	}
	return l.setting(k, p), true
}

// Removed lists the entries that an overlay takes out.
func (l Loaded) Removed() []string { return slices.Clone(l.removed) }

// paths are those of a key: one, or one an entry. Keys that the kind of an entry does not have are left out.
func (d *document) paths(k Key) []Path {
	p, _ := ParsePath(k.Key)
	if !k.Entry {
		return []Path{p}
	}
	list, _ := named(reflect.ValueOf(d).Elem(), p.Table)
	var all []Path
	for i := range list.Len() {
		kind, hasKind := named(list.Index(i), "kind")
		if hasKind && len(k.Kinds) > 0 && !slices.Contains(k.Kinds, kind.String()) {
			continue
		}
		all = append(all, Path{Table: p.Table, Entry: entryName(list.Index(i), i), Key: p.Key})
	}
	return all
}

func (l Loaded) setting(k Key, p Path) Setting {
	s := Setting{Path: p.String(), Place: Place{Layer: Default}, Key: k}
	if field, ok := l.raw.at(p, false); ok {
		s.Values = read(field)
	}
	place, given := l.places[s.Path]
	if given {
		s.Place = place
	}
	if !given || len(s.Values) == 0 && !k.Many && s.Values != nil && k.Default != "" && !isPointer(l.raw, p) {
		s.Values = nil
		if k.Default != "" {
			s.Values = []string{k.Default}
		}
	}
	s.Set = len(s.Values) > 0
	if k.Secret {
		s.Values = nil
	}
	return s
}

// isPointer tells a key of which "" is another value than the default.
func isPointer(d document, p Path) bool {
	field, ok := d.at(p, false)
	return ok && field.Kind() == reflect.Pointer
}
