package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
)

// onDevice are the formats of errors that only files, variables and flags of the device have: a terminal reads them.
var onDevice = []string{
	"%s: no key has this name%s", "%s: there is no such key%s", "--set %s: want KEY=VALUE", "list configuration: %w", "read configuration: %w",
}

// TestFaultsHaveFrench walks the sentences of all checks: each has its French, which takes the same values, and there is none
// of a sentence that is not there any more.
func TestFaultsHaveFrench(t *testing.T) {
	t.Parallel()
	said, others := formats(t)
	slices.Sort(others)
	if diff := cmp.Diff(onDevice, slices.Compact(others)); diff != "" {
		t.Errorf("errors that are no faults: word them by wrongf, or list them here (-want +got):\n%s", diff)
	}
	text, err := os.ReadFile("faults.fr.json")
	var french map[string]string
	if err := errors.Join(err, json.Unmarshal(text, &french)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Compact(slices.Sorted(slices.Values(said))), slices.Sorted(maps.Keys(french))); diff != "" {
		t.Errorf("sentences (-of checks +with a French one):\n%s", diff)
	}
	for english, format := range french {
		var args []any
		for _, verb := range verbs.FindAllString(english, -1) {
			args = append(args, map[string]any{"%s": "word", "%q": "word", "%d": 7, "%w": errors.New("cause")}[verb])
		}
		if !strings.Contains(format, "%") {
			args = nil
		}
		if got := fmt.Sprintf(format, args...); got == "" || strings.Contains(got, "%!") || got == fmt.Sprintf(strings.ReplaceAll(english, "%w", "%s"), args...) {
			t.Errorf("%q says %q", english, got)
		}
	}
}

var verbs = regexp.MustCompile(`%[a-z]`)

// formats lists those of the faults in this package's checks, and those of other errors.
func formats(t *testing.T) (faults, others []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := called(call)
			if !slices.Contains([]string{"f.addf", "wrongf", "fmt.Errorf", "errors.New"}, name) {
				return true
			}
			literal, ok := call.Args[0].(*ast.BasicLit)
			if !ok { // wrongf and addf hand theirs on
				if passed, ok := call.Args[0].(*ast.Ident); !ok || passed.Name != "format" {
					t.Errorf("%s: a sentence that is no literal", file)
				}
				return true
			}
			format, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			if name == "f.addf" || name == "wrongf" {
				faults = append(faults, format)
			} else {
				others = append(others, format)
			}
			return true
		})
	}
	return faults, others
}

// called is the name of a function that is called, such as fmt.Errorf.
func called(call *ast.CallExpr) string {
	switch of := call.Fun.(type) {
	case *ast.Ident:
		return of.Name
	case *ast.SelectorExpr:
		if in, ok := of.X.(*ast.Ident); ok {
			return in.Name + "." + of.Sel.Name
		}
	}
	return ""
}

// A fault is told in both languages, also where it wraps another or is of a value that another package reads.
func TestFaultsInFrench(t *testing.T) {
	t.Parallel()
	base, err := layered(t, house, "").Read()
	if err != nil {
		t.Fatal(err)
	}
	_, err = base.With(config.Remote{Changes: config.Changes{
		"meter[linky].derived": {"maybe"}, "meter[linky].port": {"ftp://box"}, "federation.pace": {"fast"}, "federation.pin": {"x"}, "prices.power": {"999"},
	}})
	want := []config.Fault{
		{"meter[linky].derived", `meter[linky].derived: "maybe" is neither true nor false`, `meter[linky].derived : "maybe" n'est ni true ni false`},
		{"meter[linky].port", `meter 1 (linky): port: open port ftp://box: scheme "ftp" is not supported: use tcp://host:port or rfc2217://host:port`,
			`meter 1 (linky) : port : un port s'écrit auto, le chemin d'un appareil tel que /dev/ttyUSB0, tcp://hôte:port, rfc2217://hôte:port ou le chemin d'un fichier`},
		{"federation.pin", `federation.pin: "x" is not a pin: sha256/ and the 44 characters of a SHA-256 in base64`,
			"federation.pin : une empreinte de clé s'écrit sha256/ suivi des 44 caractères d'un SHA-256 en base64"},
		{"federation.pace", `federation.pace: "fast": want "auto", "off" or bytes a second such as "2500 B/s", at least 800`,
			`federation.pace : "fast" n'est ni auto, ni off, ni un nombre d'octets par seconde tel que "2500 B/s", d'au moins 800`},
		{"prices.power", "prices.power: 999 is not from 0 to 250 kVA", "prices.power : 999 n'est pas entre 0 et 250"},
	}
	if diff := cmp.Diff(want, config.Faults(err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
