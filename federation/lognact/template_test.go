package lognact

import (
	"slices"
	"strings"
	"testing"

	"releve/senml"
)

// described is a small household of series.
func described() ([]Described, Watched) {
	paths := map[string]senml.Kind{
		"power": senml.Number, "injected": senml.Number, "subscribed": senml.Number, "index": senml.Number, "injected/index": senml.Number,
		"over": senml.Bool, "high": senml.Bool, "breaker": senml.Text, "u/1": senml.Number, "i/1": senml.Number,
	}
	var all []Described
	for path, kind := range paths {
		all = append(all, Described{Path: path, Title: "Série " + path, Unit: "VA", Kind: kind, Index: strings.HasSuffix(path, "index")})
	}
	slices.SortFunc(all, func(a, b Described) int { return strings.Compare(a.Path, b.Path) })
	return all, Watched{
		Power: "power", Injected: "injected", Subscribed: "subscribed", Index: "index", InjectedIndex: "injected/index",
		OverPower: "over", Overvoltage: "high", Breaker: "breaker", Voltages: []string{"u/1"}, Currents: []string{"i/1"},
	}
}

// Nothing of a template changes from one day to the next, or what is imported again would be there twice.
func TestTemplateIsStable(t *testing.T) {
	t.Parallel()
	one, err := Template(described())
	if err != nil {
		t.Fatal(err)
	}
	two, err := Template(described())
	if err != nil || string(one) != string(two) {
		t.Errorf("another the second time, %v", err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(one)) {
		if id, ok := strings.CutPrefix(strings.TrimLeft(line, " -"), "uuid: "); ok {
			id = strings.TrimSpace(id)
			if seen[id] || len(id) != 32 || id[12] != '4' || !strings.ContainsRune("89ab", rune(id[16])) {
				t.Errorf("uuid %q is there twice, or is none of version 4", id)
			}
			seen[id] = true
		}
	}
	if len(seen) < 20 {
		t.Errorf("%d uuids", len(seen))
	}
}
