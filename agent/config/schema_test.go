package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/strict"
	"releve/agent/strict/stricttest"
)

// The two reference files show the same settings in the same order; only what is said of them differs.
func TestReferencesAgree(t *testing.T) {
	t.Parallel()
	settings := func(text string) []string { return regexp.MustCompile(`(?m)^#?[a-z\[].*$`).FindAllString(text, -1) }
	if diff := cmp.Diff(settings(Reference("en")), settings(Reference("fr"))); diff != "" {
		t.Errorf("settings (-reference.toml +reference.fr.toml):\n%s", diff)
	}
}

func TestSchemaHasEveryKey(t *testing.T) {
	t.Parallel()
	var got []string
	for _, k := range Schema() {
		got = append(got, k.Key)
		if k.EN == "" || k.FR == "" || k.EN == k.FR {
			t.Errorf("%s is told as %q and %q: it needs a comment of its own in reference.toml and one in reference.fr.toml", k.Key, k.EN, k.FR)
		}
	}
	slices.Sort(got)
	want := slices.DeleteFunc(strict.Keys(&document{}), func(key string) bool { return !strings.Contains(key, ".") })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-of the structs +in the schema):\n%s", diff)
	}
}

// example is the reference with all its settings brought to life: there every key has a value that is right.
func example(t *testing.T) Base {
	t.Helper()
	b := Base{places: places{}}
	if err := b.raw.parse("reference.toml", stricttest.Uncommented(stricttest.Reference(t))); err != nil {
		t.Fatal(err)
	}
	return b
}

// with checks the example with other values under a key.
func with(t *testing.T, k Key, values ...string) (Config, error) {
	t.Helper()
	b := example(t)
	paths := b.raw.paths(k)
	if len(paths) == 0 {
		t.Fatalf("%s: reference.toml has no example of it", k.Key)
	}
	field, _ := b.raw.at(paths[0], false)
	field.SetZero()
	if len(values) > 0 {
		if err := write(field, values); err != nil {
			t.Fatalf("%s: %v", paths[0], err)
		}
	}
	return check(b.raw)
}

// What the tags say of a key is what its check does: the range, the choices, the size, the default.
func TestTagsAreWhatIsChecked(t *testing.T) {
	t.Parallel()
	for _, k := range Schema() {
		said := ""
		if k.Type != Boolean && k.Type != Date && k.Type != Number && !k.Many {
			_, err := with(t, k, "?")
			said = fmt.Sprint(err)
		}
		var tags string
		if m := regexp.MustCompile(`is not a time from (\S+) to (\S+), `).FindStringSubmatch(said); m != nil {
			tags = fmt.Sprintf("duration %s %s", m[1], m[2])
		} else if m := regexp.MustCompile(`is not a size of at least (\S+), `).FindStringSubmatch(said); m != nil {
			tags = "size " + m[1]
		} else if m := regexp.MustCompile(`: (?:\w+ )?"\?" is not one of ([a-z0-9, ]+)`).FindStringSubmatch(said); m != nil {
			tags = "choice " + strings.ReplaceAll(m[1], ", ", ",")
		}
		got := strings.Join(strings.Fields(fmt.Sprint(k.Type, " ", strings.Join(k.Choices, ","), " ", k.Least, " ", k.Most)), " ")
		isChecked := k.Type == Duration || k.Type == Size || k.Type == Choice
		if (tags != "" || isChecked) && tags != got {
			t.Errorf("%s: the tags say %q, the check %q (%s)", k.Key, got, tags, said)
		}
		for _, end := range []string{k.Least, k.Most} {
			if end == "" {
				continue
			}
			if _, err := with(t, k, end); err != nil {
				t.Errorf("%s = %s: %v", k.Key, end, err)
			}
		}
		if k.Default == "" || slices.Contains([]string{"recipient.name", "meter.name"}, k.Key) {
			continue
		}
		absent, errAbsent := with(t, k)
		given, errGiven := with(t, k, k.Default)
		if diff := cmp.Diff(absent, given, compareConfig); diff != "" || errAbsent != nil || errGiven != nil {
			t.Errorf("%s: %v, %v; the default of its tag is not the one in force (-in force +tag):\n%s", k.Key, errAbsent, errGiven, diff)
		}
	}
}

// Every role that a tag names is one.
func TestTagsNameRoles(t *testing.T) {
	t.Parallel()
	for _, k := range Schema() {
		if !slices.Contains(ranks, k.Afar) || k.Afar == Reader || k.Secret && k.Afar != Nobody {
			t.Errorf("%s: afar is %q", k.Key, k.Afar)
		}
	}
}

// What a variable is called leaves no doubt which key it is, and sets it.
func TestVariables(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, k := range Schema() {
		if k.Entry {
			continue
		}
		name := Variable(k.Key)
		if seen[name] != "" {
			t.Errorf("%s is %s and %s", name, seen[name], k.Key)
		}
		seen[name] = k.Key
		b := Base{places: places{}}
		value := map[Type]string{Boolean: "true", Number: "1"}[k.Type]
		if err := b.environment([]string{name + "=" + or(value, "x")}); err != nil || b.places[k.Key].Where != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A schema is a value of its own each time: nothing that a caller does to it changes another.
func TestSchemaIsFresh(t *testing.T) {
	t.Parallel()
	one := Schema()
	for i := range one {
		slices.Reverse(one[i].Choices)
	}
	if diff := cmp.Diff(Schema(), Schema()); diff != "" || reflect.DeepEqual(one, Schema()) {
		t.Errorf("schemas differ:\n%s", diff)
	}
}

// Nothing from afar moves a relay: no key that only systems outside the federation and the proxies have can be set from
// afar, nor any of a source. Every recipient can be paused.
func TestRelaysAreNotMovedFromAfar(t *testing.T) {
	t.Parallel()
	near := []string{KindReleve, KindPubSub}
	afar := map[string]Role{}
	for _, k := range Schema() {
		relays := len(k.Kinds) > 0 && !slices.ContainsFunc(k.Kinds, func(kind string) bool { return slices.Contains(near, kind) })
		isRelay := strings.HasPrefix(k.Key, "recipient.") && relays
		if (isRelay || strings.HasPrefix(k.Key, "source.")) && k.Afar != Nobody {
			t.Errorf("%s of kinds %v can be set from afar by an %s", k.Key, k.Kinds, k.Afar)
		}
		if strings.HasPrefix(k.Key, "recipient.") && k.Afar != Nobody {
			afar[k.Key] = k.Afar
		}
	}
	want := map[string]Role{
		"recipient.name": Owner, "recipient.kind": Owner, "recipient.to": Owner, "recipient.naming": Owner, "recipient.readers": Owner, "recipient.service": Owner,
		"recipient.every": Operator, "recipient.paused": Operator,
	}
	if diff := cmp.Diff(want, afar); diff != "" {
		t.Errorf("of recipients (-want +can be set):\n%s", diff)
	}
}
