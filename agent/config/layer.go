package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"releve/agent/strict"
)

// Layers is where a configuration is read from, the strongest first.
type Layers struct {
	Set     []string // of the command line, KEY=VALUE
	Environ []string // as of os.Environ: RELEVE_BUFFER_PERIOD=10s
	File    string   // the main file; conf.d/*.toml beside it goes before it, and the overlay before both
}

// Base is a configuration without what was changed from afar.
type Base struct {
	raw    document
	places places
}

// Place is where a value comes from.
type Place struct {
	Layer Layer  `json:"layer"`
	Where string `json:"where,omitempty"` // file:line, or the name of a variable
}

// Layer is one of the places that a value can come from.
type Layer string

// The layers, from the strongest.
const (
	Flag        Layer = "flag"
	Environment Layer = "environment"
	Overlay     Layer = "overlay" // changed from afar, see agent/trial
	ConfD       Layer = "conf.d"
	Main        Layer = "main file"
	Paired      Layer = "pairing" // who claimed the device
	Default     Layer = "default"
)

// String says it in a few words.
func (p Place) String() string {
	if p.Where == "" {
		return string(p.Layer)
	}
	return string(p.Layer) + " " + p.Where
}

// places is where each value that was given comes from, by its path.
type places map[string]Place

// Read reads the files, the environment and the flags. Its error holds one line for each thing that is wrong with them.
func (l Layers) Read() (Base, error) {
	b := Base{places: places{}}
	list, err := files(l.File)
	if err != nil {
		return b, err
	}
	var errs []error
	for i, file := range list {
		layer := ConfD
		if i == 0 {
			layer = Main
		}
		errs = append(errs, b.file(layer, file))
	}
	errs = append(errs, b.environment(l.Environ), b.flags(l.Set))
	return b, errors.Join(errs...)
}

// file adds a file, and notes on which lines it gives what.
func (b *Base) file(layer Layer, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	before := b.raw
	if err := b.raw.parse(file, text); err != nil {
		return err
	}
	for name, line := range strict.Lines(text) {
		if path, ok := b.raw.pathOf(name, before); ok {
			b.places[path] = Place{layer, fmt.Sprintf("%s:%d", file, line)}
		}
	}
	return nil
}

// pathOf turns a name such as meter[0].port of a text that was added to before into a path.
func (d *document) pathOf(name string, before document) (string, bool) {
	head, key, _ := strings.Cut(name, ".")
	table, number, isList := strings.Cut(strings.TrimSuffix(head, "]"), "[")
	if !isList {
		return name, key != ""
	}
	var i int
	if _, err := fmt.Sscan(number, &i); err != nil {
		return "", false
	}
	list, ok := named(reflect.ValueOf(d).Elem(), table)
	had, _ := named(reflect.ValueOf(&before).Elem(), table)
	if i += had.Len(); !ok || i >= list.Len() {
		return "", false
	}
	return Path{Table: table, Entry: entryName(list.Index(i), i), Key: key}.String(), true
}

const variablePrefix = "RELEVE_"

// Variable is the environment's name of a key that is not in a list: RELEVE_BUFFER_PERIOD.
func Variable(key string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// environment takes what variables say. One that begins as those of a section do and is none of them is refused, as a
// mistyped key is.
func (b *Base) environment(environ []string) error {
	keys, sections := map[string]string{}, map[string]bool{}
	for _, k := range Schema() {
		if !k.Entry {
			keys[Variable(k.Key)] = k.Key
			section, _, _ := strings.Cut(k.Key, ".")
			sections[Variable(section)+"_"] = true
		}
	}
	var errs []error
	for _, one := range environ {
		name, value, _ := strings.Cut(one, "=")
		key, known := keys[name]
		isOurs := slices.ContainsFunc(slices.Collect(maps.Keys(sections)), func(s string) bool { return strings.HasPrefix(name, s) })
		switch {
		case known:
			errs = append(errs, b.give(key, value, Place{Environment, name}))
		case isOurs:
			errs = append(errs, fmt.Errorf("%s: no key has this name%s", name, meant(name, slices.Collect(maps.Keys(keys)))))
		}
	}
	return errors.Join(errs...)
}

// flags takes what KEY=VALUE on the command line says.
func (b *Base) flags(set []string) error {
	var errs []error
	for _, one := range set {
		key, value, ok := strings.Cut(one, "=")
		if !ok {
			errs = append(errs, fmt.Errorf("--set %s: want KEY=VALUE", one))
			continue
		}
		errs = append(errs, b.give(key, value, Place{Layer: Flag}))
	}
	return errors.Join(errs...)
}

// give sets a value from one text. The values of a list have spaces between them.
func (b *Base) give(key, value string, from Place) error {
	path, err := ParsePath(key)
	if err != nil {
		return err
	}
	known, ok := schemaOf(path.SchemaKey())
	if !ok || known.Entry != (path.Entry != "") {
		return fmt.Errorf("%s: there is no such key%s", key, meant(path.SchemaKey(), keyNames()))
	}
	values := []string{value}
	if known.Many {
		values = strings.Fields(value)
	}
	return b.set(path, values, from)
}

// set gives a value in place of the one there is.
func (b *Base) set(path Path, values []string, from Place) error {
	_, there := b.raw.at(Path{Table: path.Table, Entry: path.Entry}, false)
	field, ok := b.raw.at(path, true)
	if !ok {
		return wrongf("%s: there is no such key", path)
	}
	if !there && path.Entry != "" {
		b.places[Path{Table: path.Table, Entry: path.Entry, Key: "name"}.String()] = from
	}
	if err := write(field, values); err != nil {
		return wrongf("%s: %w", path, err)
	}
	b.places[path.String()] = from
	return nil
}

func keyNames() []string {
	var all []string
	for _, k := range Schema() {
		all = append(all, k.Key)
	}
	return all
}

// meant asks whether the nearest of some names was meant, if one is near.
func meant(name string, known []string) string {
	best, distance := "", len(name)/3+1
	slices.Sort(known)
	for _, candidate := range known {
		if d := levenshtein.ComputeDistance(name, candidate); d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// clone returns one that can be changed without changing b.
func (b Base) clone() Base {
	c := Base{raw: b.raw, places: maps.Clone(b.places)}
	lists := reflect.ValueOf(&c.raw).Elem()
	for _, field := range fieldsOf(lists.Type()) {
		if list := lists.FieldByIndex(field.Index); list.Kind() == reflect.Slice {
			fresh := reflect.MakeSlice(list.Type(), list.Len(), list.Len())
			reflect.Copy(fresh, list)
			list.Set(fresh)
		}
	}
	return c
}

// State is agent.state, which nothing from afar changes.
func (b Base) State() string { return or(b.raw.Agent.State, defaultState) }
