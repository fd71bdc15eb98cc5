package scenario

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/strict"
	"releve/agent/strict/stricttest"
	"releve/tic"
	"releve/tic/linky"
)

// The file as it stands plays what no file plays.
func TestReferenceAsItStands(t *testing.T) {
	t.Parallel()
	got, err := Parse("reference.toml", stricttest.Reference(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(linky.Scenario{}, got.Scenario); diff != "" {
		t.Errorf("reference.toml is not the defaults (-want +got):\n%s", diff)
	}
}

// The defaults that reference.toml shows are those in force: brought to life, without what its text calls an example, it
// plays the same bytes.
func TestReferenceUncommented(t *testing.T) {
	t.Parallel()
	got, err := Parse("reference.toml", stricttest.Uncommented(stricttest.Reference(t)))
	if err != nil {
		t.Fatal(err)
	}
	s := got.Scenario
	if len(s.Changes) != 1 || len(s.Damage) != 1 || s.Calendar == nil || s.SubscribedKVA != 9 || s.CarWatts != 7400 {
		t.Errorf("the examples are read as %+v", s)
	}
	s.Changes, s.Damage, s.Calendar, s.SubscribedKVA, s.CarWatts = nil, nil, nil, 0, 0
	if want, got := frames(t, linky.Scenario{Mode: tic.Standard}), frames(t, s); want != got {
		t.Errorf("a default shown is not the one in force (-want +got):\n%s", cmp.Diff(want, got))
	}
}

func frames(t *testing.T, s linky.Scenario) string {
	t.Helper()
	m, err := linky.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(m.Frame(m.Frame(nil)))
}

func TestReferenceHasEveryKey(t *testing.T) {
	t.Parallel()
	isExample := func(key string) bool { return strings.HasPrefix(key, "change.condition.") } // they are those of condition
	want := slices.DeleteFunc(strict.Keys(&document{}), isExample)
	got := slices.DeleteFunc(stricttest.Keys(t, stricttest.Uncommented(stricttest.Reference(t))), isExample)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys of reference.toml (-known +there):\n%s", diff)
	}
}
