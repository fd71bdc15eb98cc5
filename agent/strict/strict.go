// Package strict reads TOML in UTF-8: a text and a struct come in, the struct filled in goes out, or a sentence for every key that
// it does not know, with the line and the nearest key. It knows nothing of what the keys mean.
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/pelletier/go-toml/v2"
)

// Decode fills in what a text says; into points to a struct with toml tags. file is its name in errors.
func Decode(file string, text []byte, into any) error {
	text, err := Text(file, text)
	if err != nil {
		return err
	}
	if err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(into); err != nil {
		return explain(file, err, Keys(into))
	}
	return nil
}

// explain says where a file is wrong and, for a key nobody knows, which one may have been meant.
func explain(file string, err error, known []string) error {
	var unknown *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case errors.As(err, &unknown):
		var all []error
		for _, one := range unknown.Errors {
			all = append(all, explainKey(file, &one, known))
		}
		return errors.Join(all...)
	case errors.As(err, &wrong):
		return explainValue(file, wrong)
	}
	return fmt.Errorf("%s: %w", file, err)
}

// explainValue leaves out the words of Go that the reader of TOML puts into a value of the wrong kind.
func explainValue(file string, e *toml.DecodeError) error {
	row, _ := e.Position()
	_, found, isKind := strings.Cut(e.Error(), "cannot decode TOML ")
	if !isKind {
		return fmt.Errorf("%s:%d: %w", file, row, e)
	}
	kind, _, _ := strings.Cut(found, " ")
	return fmt.Errorf("%s:%d: %s: there is %s %s where something else belongs; texts and times go in quotes, lists in brackets, and a day is 2027-12-31",
		file, row, strings.Join(e.Key(), "."), article(kind), kind)
}

func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiou") {
		return "an"
	}
	return "a"
}

func explainKey(file string, e *toml.DecodeError, known []string) error {
	row, _ := e.Position()
	key := strings.Join(e.Key(), ".")
	if near := nearest(key, known); near != "" {
		return fmt.Errorf("%s:%d: unknown key %s; did you mean %s?", file, row, key, near)
	}
	return fmt.Errorf("%s:%d: unknown key %s", file, row, key)
}

// nearest returns the known key closest to a mistyped one, or "" when none is close. A key of the same section comes
// first, at any depth: the reader of TOML leaves the names of tables in braces out of its keys.
func nearest(key string, known []string) string {
	section, _, nested := strings.Cut(key, ".")
	var within []string
	for _, candidate := range known {
		if nested && strings.HasPrefix(candidate, section+".") {
			within = append(within, candidate)
		}
	}
	if best := closest(key, within, func(key string) string { return key[strings.LastIndex(key, ".")+1:] }); best != "" {
		return best
	}
	return closest(key, known, func(key string) string { return key })
}

// closest compares a part of each key.
func closest(key string, known []string, part func(string) string) string {
	best, distance := "", len(part(key))/3+2
	for _, candidate := range known {
		if d := levenshtein.ComputeDistance(part(key), part(candidate)); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}
