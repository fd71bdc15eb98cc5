package consent_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/consent"
	"releve/senml"
)

const (
	alice = "alice@breizh-sen2.example"
	bob   = "bob@breizh-sen2.example"
)

func agreed(to string, until time.Time, identity bool, series ...string) consent.Grant {
	return consent.Grant{To: to, Series: series, Resolution: consent.Live, Purpose: "test", Until: until, Identity: identity}
}

// A copy that several read holds what each of them may see, under a pseudonym, and is another one as soon as a grant
// begins, ends or changes.
func TestCircle(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	pack := senml.Pack{{Name: "linky/current/1"}, {Name: "linky/voltage/1"}, {Name: "linky/current/1"}}
	scopes := map[string]string{}
	for _, tt := range []struct {
		name    string
		grants  []consent.Grant
		members []string
		passed  []string // paths
		same    string   // the case with the same scope
	}{
		{"nobody", nil, nil, nil, ""},
		{"a stranger", []consent.Grant{agreed("carol@breizh-sen2.example", time.Time{}, true, "*")}, nil, nil, "nobody"},
		{"a lapsed one", []consent.Grant{agreed(alice, noon, true, "*")}, nil, nil, "nobody"},
		{"one", []consent.Grant{agreed(alice, time.Time{}, true, "*")}, []string{alice}, []string{"current/1", "voltage/1", "current/1"}, ""},
		{"one, until later", []consent.Grant{agreed(alice, noon.Add(1), false, "*")}, []string{alice}, []string{"current/1", "voltage/1", "current/1"}, "one"},
		{"one, of less", []consent.Grant{agreed(alice, time.Time{}, true, "current/*")}, []string{alice}, []string{"current/1", "current/1"}, ""},
		{
			"two, of which one sees less", []consent.Grant{agreed(bob, time.Time{}, false, "voltage/*"), agreed(alice, time.Time{}, true, "*")},
			[]string{alice, bob}, []string{"voltage/1"}, "",
		},
		{
			"two that have nothing in common", []consent.Grant{agreed(bob, time.Time{}, false, "voltage/*"), agreed(alice, time.Time{}, true, "current/1")},
			[]string{alice, bob}, nil, "",
		},
		{"a domain", []consent.Grant{agreed("breizh-sen2.example", time.Time{}, false, "current/1")}, []string{alice, bob}, []string{"current/1", "current/1"}, ""},
	} {
		b := &consent.Book{
			Grants: tt.grants, Key: bytes.Repeat([]byte{1}, 32), PRM: func(string) string { return "01234567890123" },
			Now: func() time.Time { return noon },
		}
		c := b.Circle("tableau", []string{bob, alice})
		if diff := cmp.Diff(tt.members, c.Members()); diff != "" {
			t.Errorf("%s: members (-want +got):\n%s", tt.name, diff)
		}
		var paths []string
		for _, r := range c.Pass(pack) {
			device, path, _ := strings.Cut(r.Name, "_")
			if device != c.Device("linky") || !strings.HasPrefix(device, "urn:dev:org:60060-") {
				t.Errorf("%s: %s is not under the pseudonym of the circle", tt.name, r.Name)
			}
			paths = append(paths, path)
		}
		if diff := cmp.Diff(tt.passed, paths); diff != "" {
			t.Errorf("%s: passed (-want +got):\n%s", tt.name, diff)
		}
		for other, scope := range scopes {
			if (scope == c.Scope()) != (other == tt.same) && tt.same != "" || tt.same == "" && scope == c.Scope() {
				t.Errorf("%s and %s: scopes %s and %s", tt.name, other, c.Scope(), scope)
			}
		}
		if tt.same == "" {
			scopes[tt.name] = c.Scope()
		}
	}
	b := &consent.Book{Key: bytes.Repeat([]byte{1}, 32)}
	if b.Circle("a", nil).Device("linky") == b.Circle("b", nil).Device("linky") {
		t.Error("two circles know a meter by the same name")
	}
}
