// Package stricttest is for tests of reference files, which show every key: a file's text comes in, what of it is a
// setting goes out. It does not know what the keys mean.
package stricttest

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// Reference reads reference.toml of the folder whose test asks.
func Reference(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile("reference.toml")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Uncommented brings the settings to life: those are the lines whose # touches what follows.
func Uncommented(text []byte) []byte {
	return regexp.MustCompile(`(?m)^#([a-z_\[])`).ReplaceAll(text, []byte("$1"))
}

// Keys lists the keys of a text, as strict.Keys lists those of a struct.
func Keys(t testing.TB, text []byte) []string {
	t.Helper()
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	keys := keysIn(tree, "")
	slices.Sort(keys)
	return slices.Compact(keys)
}

func keysIn(node any, prefix string) []string {
	var keys []string
	switch node := node.(type) {
	case map[string]any:
		for name, below := range node {
			keys = append(keys, prefix+name)
			keys = append(keys, keysIn(below, prefix+name+".")...)
		}
	case []any:
		for _, one := range node {
			keys = append(keys, keysIn(one, prefix)...)
		}
	}
	return keys
}
