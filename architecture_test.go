// Package releve_test holds the tests of the whole tree: who may import whom, and that every package says what it is.
// They parse the files themselves; what go list says may come from a cache and miss a folder that is new.
package releve_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "releve/"

// arrows is the right-hand column of the table of folders in ARCHITECTURE.md: what of ours a folder may import.
// Tests may import more: a fake or an emulated meter is there for them.
var arrows = map[string][]string{
	"tic":                 {},
	"tic/port":            {"tic"},
	"tic/linky":           {"tic"},
	"tic/share":           {},
	"tic/tictest":         {},
	"senml":               {},
	"buffer":              {"buffer/journal", "senml"},
	"buffer/journal":      {},
	"buffer/statefile":    {},
	"federation":          {"buffer/statefile", "senml"},
	"federation/xmpp":     {},
	"federation/quoalise": {"buffer/statefile", "federation", "federation/xmpp", "senml"},
	"federation/peer":     {"federation", "federation/xmpp", "senml"},
	"federation/pubsub":   {"federation", "federation/peer", "federation/xmpp", "senml"},
	"federation/sen1":     {"federation", "federation/xmpp", "senml"},
	"federation/pride":    {"federation", "senml"},
	"federation/command":  {"federation/xmpp"},
	"federation/route":    {"federation", "federation/consent", "senml"},
	"federation/consent":  {"buffer/statefile", "federation", "senml"},
	"federation/notice":   {"federation/xmpp"},
	"federation/ledger":   {"buffer/statefile"},
	"federation/bmhs":     {"buffer/journal", "buffer/statefile", "federation", "senml"},
	"federation/lognact":  {"buffer/statefile", "federation", "senml"},
	"federation/lab":      {},
	"federation/lab/bmhs": {},
	"federation/lab/demo": {"federation/lab"},
	"agent":               {"*"},
	"agent/access":        {"buffer/statefile"},
	"agent/api":           {"agent/equivalence", "agent/history", "agent/objective", "agent/series", "agent/status", "agent/tariff", "senml"},
	"agent/clock":         {"buffer/statefile", "senml"},
	"agent/config":        {"agent/strict", "federation/consent", "federation/lognact", "federation/sen1", "federation/xmpp", "senml", "tic", "tic/port"},
	"agent/equivalence":   {"agent/strict"},
	"agent/history":       {"agent/series", "buffer", "senml"},
	"agent/scenario":      {"agent/strict", "tic", "tic/linky"},
	"agent/series":        {"agent/series/derived", "senml", "tic"},
	"agent/status":        {"agent/chart", "agent/equivalence", "agent/history", "agent/kiosk", "agent/objective", "agent/tariff"},
	"agent/chart":         {},
	"agent/strict":        {},
	"agent/objective":     {"agent/strict"},
	"agent/tariff":        {"agent/history", "agent/strict"},
	"agent/trial":         {"buffer/statefile"},
	"agent/pairing":       {"buffer/statefile"},
	"agent/led":           {},
	"agent/kiosk":         {},
	"agent/button":        {},
	"agent/update":        {"buffer/statefile"},
	"agent/doctor":        {"agent/status", "tic", "tic/port"},
	"systemd/notify":      {},

	"federation/lab/fleet":    {"federation", "federation/consent", "federation/lab", "federation/quoalise", "federation/xmpp", "senml"},
	"agent/series/derived":    {},
	"agent/kiosk/framebuffer": {},
	"agent/strict/stricttest": {},
	"agent/clock/clocktest":   {"agent/clock"},
	"federation/lab/warp10":   {},

	"federation/ledger/checker": {},
	"federation/lab/browser":    {},
}

// owners lists modules that only some folders may import.
var owners = map[string][]string{
	"mellium.im":            {"federation/xmpp"},
	"github.com/xdg-go":     {"federation/xmpp"},
	"github.com/coder":      {"federation/bmhs", "federation/lab/bmhs", "federation/xmpp"},
	"github.com/dgraph-io":  {"buffer"},
	"github.com/fxamacker":  {"senml"},
	"go.bug.st/serial":      {"tic/port"},
	"periph.io":             {"agent/button", "agent/led"},
	"github.com/pelletier":  {"agent/config", "agent/strict", "agent/strict/stricttest", "agent/tariff"}, // config and tariff for the type of a day
	"github.com/alecthomas": {"agent"},
	"github.com/ProtonMail": {"agent/update"},
	"github.com/knqyf263":   {"agent/update"},
	"github.com/creack/pty": {"tic/linky"},
	"golang.org/x/net/dns":  {"federation/lab"},
	"golang.org/x/image":    {"agent/kiosk"},
	"github.com/chromedp":   {"federation/lab/browser"}, // for tests alone: nothing of the agent imports it
	"github.com/cenkalti":   {"agent", "federation", "federation/bmhs", "federation/quoalise", "federation/sen1", "federation/xmpp", "tic/port"},
}

// vague names say nothing of what a folder holds.
var vague = []string{"util", "utils", "common", "helpers", "helper", "types", "pkg", "misc", "shared", "base", "lib", "models"}

// source is one Go file outside tests.
type source struct {
	file   string
	folder string
	ast    *ast.File
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		all = append(all, source{file, filepath.ToSlash(filepath.Dir(file)), parsed})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func imports(s source) []string {
	var list []string
	for _, spec := range s.ast.Imports {
		list = append(list, strings.Trim(spec.Path.Value, `"`))
	}
	return list
}

func TestArrows(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	for _, s := range sources(t) {
		allowed, known := arrows[s.folder]
		if !known {
			t.Errorf("%s: folder %s is not in the table of arrows, nor in ARCHITECTURE.md", s.file, s.folder)
		}
		if _, ok := seen[s.folder]; !ok {
			seen[s.folder] = nil
		}
		for _, imported := range imports(s) {
			ours, isOurs := strings.CutPrefix(imported, module)
			if !isOurs {
				continue
			}
			seen[s.folder] = append(seen[s.folder], ours)
			if strings.HasSuffix(ours, "test") {
				t.Errorf("%s imports %s, which is for tests", s.file, ours)
			}
			if ours == "agent" || allowed != nil && !slices.Contains(allowed, ours) && !slices.Contains(allowed, "*") {
				t.Errorf("%s imports %s, which %s may not", s.file, ours, s.folder)
			}
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(arrows)) {
		list, exists := seen[folder]
		if !exists {
			t.Errorf("the table names %s, which does not exist", folder)
		}
		slices.Sort(list)
		t.Logf("%-20s → %s", folder, strings.Join(slices.Compact(list), " "))
	}
}

func TestOwnersOfModules(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, imported := range imports(s) {
			for prefix, folders := range owners {
				if strings.HasPrefix(imported, prefix) && !slices.Contains(folders, s.folder) {
					t.Errorf("%s imports %s, which only %v may", s.file, imported, folders)
				}
			}
		}
	}
}

func TestPackageComments(t *testing.T) {
	t.Parallel()
	comments := map[string][]string{}
	for _, s := range sources(t) {
		comments[s.folder] = append(comments[s.folder], "")
		if s.ast.Doc != nil {
			comments[s.folder] = append(comments[s.folder], s.file)
		}
	}
	for folder, files := range comments {
		files = slices.DeleteFunc(files, func(f string) bool { return f == "" })
		if len(files) != 1 {
			t.Errorf("%s: %d package comments %v, want one", folder, len(files), files)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		name := strings.TrimSuffix(path.Base(filepath.ToSlash(s.file)), ".go")
		for _, word := range []string{path.Base(s.folder), name} {
			if slices.Contains(vague, word) {
				t.Errorf("%s: %q says nothing of what is in it", s.file, word)
			}
		}
	}
}

func TestNoInit(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, decl := range s.ast.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function: wiring is a list one can read", s.file)
			}
		}
	}
}
