package config

import (
	"errors"
	"regexp"
	"strings"
)

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	Path string // of the value or the entry that it is about; "" when it is about none
	Text string // a sentence
}

// Faults takes the error of a configuration apart.
func Faults(err error) []Fault {
	if err == nil {
		return nil
	}
	var all []Fault
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
