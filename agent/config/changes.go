package config

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Changes are values by their paths, as an overlay holds them: one text a value. Under the path of an entry of a list
// stands Removed. In what is asked for, nil takes back what the overlay has there.
type Changes map[string][]string

// Removed stands for an entry that is taken out, in brackets no name of a kind can have.
const Removed = "(removed)"

// With returns the changes with others made on top. What takes out an entry that the overlay itself brought, or takes the
// path of an entry back, leaves nothing of it.
func (c Changes) With(more Changes) Changes {
	sum := maps.Clone(c)
	if sum == nil {
		sum = Changes{}
	}
	for _, path := range slices.Sorted(maps.Keys(more)) { // recipient[a] comes before recipient[a].to
		values := more[path]
		if strings.HasSuffix(path, "]") {
			maps.DeleteFunc(sum, func(at string, _ []string) bool { return strings.HasPrefix(at, path+".") })
		}
		if delete(sum, path); values != nil {
			sum[path] = slices.Clone(values)
		}
	}
	return sum
}

// Remote is what was decided from afar: the overlay, and who claimed the device.
type Remote struct {
	Changes Changes
	Owner   string // an address; "" for nobody
}

// With checks the whole configuration with what was decided from afar. Its error holds one line for each thing that is
// wrong, see Faults.
func (b Base) With(r Remote) (Loaded, error) {
	l := Loaded{Base: b.clone()}
	var errs []error
	for _, path := range r.Changes.inOrder() {
		if err := l.overlay(path, r.Changes[path]); err != nil {
			errs = append(errs, err)
		}
	}
	if _, given := l.places["federation.owners"]; !given && r.Owner != "" && l.raw.Federation.JID != "" {
		errs = append(errs, l.set(Path{Table: "federation", Key: "owners"}, []string{r.Owner}, Place{Layer: Paired}))
	}
	c, err := check(l.raw)
	if err := joined(append(errs, err)); err != nil {
		return Loaded{}, err
	}
	l.Config = c
	return l, nil
}

// inOrder lists the paths so that what takes an entry out, and what brings one, come before what is said of it.
func (c Changes) inOrder() []string {
	rank := func(path string) int {
		switch {
		case strings.HasSuffix(path, "]"):
			return 0
		case strings.HasSuffix(path, ".kind"):
			return 1
		}
		return 2
	}
	return slices.SortedFunc(maps.Keys(c), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
	})
}

// overlay makes one change, unless the environment or a flag says otherwise.
func (l *Loaded) overlay(text string, values []string) error {
	path, err := ParsePath(text)
	if err != nil {
		return err
	}
	if layer := l.places[text].Layer; layer == Environment || layer == Flag {
		return nil
	}
	if path.Key == "" {
		return l.remove(path)
	}
	if key, known := schemaOf(path.SchemaKey()); !known || key.Afar == Nobody {
		return wrongf("%s: this cannot be changed from afar", path)
	}
	if _, there := l.raw.at(path, false); !there && path.Entry != "" && path.Key != "kind" {
		return nil // of what is in no file any more: it was not the overlay that brought it, or kind had come before
	}
	return l.set(path, values, Place{Layer: Overlay})
}

// remove takes an entry out. One that is not there any more is no error: its file has changed.
func (l *Loaded) remove(path Path) error {
	switch path.Table {
	case "recipient":
		l.raw.Recipient = slices.DeleteFunc(l.raw.Recipient, func(r rawRecipient) bool { return r.Name == path.Entry })
		l.removed = append(l.removed, path.String())
		maps.DeleteFunc(l.places, func(at string, _ Place) bool { return strings.HasPrefix(at, path.String()+".") })
		return nil
	}
	return wrongf("%s: this cannot be taken out from afar", path)
}

// Secrets is the folder, under agent.state, of files that keys may name from afar.
const Secrets = "secrets"

// Needed is the least role that may make all the changes.
func (c Changes) Needed() Role {
	needed := Reader
	for path := range c {
		role := Owner
		if p, err := ParsePath(path); err == nil && p.Key != "" {
			if k, known := schemaOf(p.SchemaKey()); known {
				role = k.Afar
			}
		}
		if role != Nobody && !needed.May(role) {
			needed = role
		}
	}
	return needed
}

// Check says which of the changes cannot be made from afar to a configuration, whoever asks. It does not say whether the
// values are right: With does.
func (b Base) Check(c Changes) []Fault {
	var faults []Fault
	for _, text := range slices.Sorted(maps.Keys(c)) {
		for _, fault := range Faults(b.changeable(text, c[text])) {
			fault.Path = text
			faults = append(faults, fault)
		}
	}
	return faults
}

func (b Base) changeable(text string, values []string) error {
	path, err := ParsePath(text)
	if err != nil {
		return err
	}
	if path.Key == "" && path.Table == "recipient" && (values == nil || slices.Equal(values, []string{Removed})) {
		return nil
	}
	key, known := schemaOf(path.SchemaKey())
	switch place := b.places[text]; {
	case !known || key.Entry != (path.Entry != ""):
		return wrongf("there is no such key")
	case key.Afar == Nobody:
		return wrongf("this can be changed on the device only")
	case place.Layer == Environment || place.Layer == Flag:
		return wrongf("this is given by %s on the device, which counts before any change from afar", place)
	case path.Table == "meter" && !b.has(path):
		return wrongf("there is no meter of that name")
	case path.Table == "recipient" && path.Key != "every" && path.Key != "paused":
		if err := b.readdresses(path); err != nil {
			return err
		}
	}
	for _, value := range values {
		if err := b.safe(key, value); err != nil {
			return err
		}
	}
	return nil
}

// readdresses keeps a consent with whom it was given to: what stands behind a name that a consent may have is not changed
// from afar.
func (b Base) readdresses(path Path) error {
	if b.has(path) {
		return wrongf("this recipient is in the device's files: from afar only every and paused can be changed, or add another")
	}
	if slices.ContainsFunc(b.raw.Grant, func(g rawGrant) bool { return g.To == path.Entry }) {
		return wrongf("a consent in the device's files names %s: choose another name", path.Entry)
	}
	return nil
}

func (b Base) has(path Path) bool {
	_, ok := b.raw.at(Path{Table: path.Table, Entry: path.Entry}, false)
	return ok
}

// maxValue bounds a value from afar, in bytes.
const maxValue = 4 << 10

// safe keeps who commands from afar from having any file read: secrets are in a folder of their own, and a port is a serial
// line or a server.
func (b Base) safe(key Key, value string) error {
	switch {
	case len(value) > maxValue:
		return wrongf("a value has at most %d bytes", maxValue)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7F }):
		return wrongf("a value has no control characters")
	case key.Type == File && value != "" && filepath.Dir(filepath.Clean(value)) != filepath.Join(b.State(), Secrets):
		return wrongf("from afar only files in %s can be named", filepath.Join(b.State(), Secrets))
	case key.Type == Port && !isLine(value):
		return wrongf("from afar a port is auto, /dev/tty…, /dev/serial/…, /dev/tic…, tcp://host:port or rfc2217://host:port")
	}
	return nil
}

// isLine tells a port that is no file.
func isLine(port string) bool {
	if port == "auto" || filepath.Clean(port) == port && strings.HasPrefix(port, "/dev/") {
		name := strings.TrimPrefix(port, "/dev/")
		return port == "auto" || strings.HasPrefix(name, "tty") || strings.HasPrefix(name, "serial/") || strings.HasPrefix(name, "tic")
	}
	return strings.HasPrefix(port, "tcp://") || strings.HasPrefix(port, "rfc2217://")
}
