package config

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	Path   string // of the value or the entry that it is about; "" when it is about none
	Text   string // a sentence
	French string // the same; "" for what only files can have
}

// wrong is a fault as a check words it, which faults.fr.json says in French.
type wrong struct {
	error
	format string
	args   []any
}

func wrongf(format string, args ...any) error {
	return &wrong{fmt.Errorf(format, args...), format, args}
}

func (w *wrong) Unwrap() error { return errors.Unwrap(w.error) }

//go:embed faults.fr.json
var faultsFR []byte

// readFrench is the French of each format. It is asked for nothing else than a fault.
func readFrench() (formats map[string]string) {
	_ = json.Unmarshal(faultsFR, &formats) // a test reads it; without it a fault is said in English
	return formats
}

// in says a fault by other formats; "" when they have none for it. What it wraps is said likewise.
func (w *wrong) in(formats map[string]string) string {
	format := formats[w.format]
	if !strings.Contains(format, "%") {
		return format
	}
	args := slices.Clone(w.args)
	for i := range args {
		var below *wrong
		if err, is := args[i].(error); is && errors.As(err, &below) {
			args[i] = below.in(formats)
		}
	}
	return fmt.Sprintf(format, args...)
}

// Faults takes the error of a configuration apart.
func Faults(err error) []Fault {
	if err == nil {
		return nil
	}
	return faultsIn(err, readFrench())
}

func faultsIn(err error, formats map[string]string) (all []Fault) {
	if one, is := err.(*wrong); is {
		return []Fault{{Path: pathOf(one.Error()), Text: one.Error(), French: one.in(formats)}}
	}
	if many, is := err.(interface{ Unwrap() []error }); is {
		for _, one := range many.Unwrap() {
			all = append(all, faultsIn(one, formats)...)
		}
		return all
	}
	for line := range strings.Lines(err.Error()) {
		text := strings.TrimRight(line, "\n")
		all = append(all, Fault{Path: pathOf(text), Text: text})
	}
	return all
}

// How the checks begin their sentences: "buffer.period: …", "federation.jid is missing: …", "meter 1 (linky): port …",
// "source 2 (voisins): since: …", "grant 3: …", "recipient[serveur].kind: …".
var (
	faultOfKey   = regexp.MustCompile(`^([a-z_]+\.[a-z_]+|[a-z_]+\[[^\[\]]*\](?:\.[a-z_]+)?)\b`)
	faultOfEntry = regexp.MustCompile(`^([a-z_]+) ([0-9]+)(?: \(([^()]*)\))?: ([a-z_]+)?`)
)

func pathOf(text string) string {
	if m := faultOfKey.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	m := faultOfEntry.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	path := Path{Table: m[1], Entry: or(m[3], m[2]), Key: m[4]}
	if _, known := schemaOf(path.SchemaKey()); !known {
		path.Key = ""
	}
	return path.String()
}

// joined is errors.Join without those that say the same: a check may have been asked twice.
func joined(errs []error) error {
	var all []error
	said := map[string]bool{}
	for _, err := range errs {
		if err == nil || said[err.Error()] {
			continue
		}
		said[err.Error()] = true
		all = append(all, err)
	}
	return errors.Join(all...)
}
