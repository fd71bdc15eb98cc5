package releve_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the licences of what the program holds of others anew")

// licencesFile is in the program, in its packages and on its page.
const licencesFile = "agent/status/licences.txt"

const licencesHead = `Relève is free software under the European Union Public Licence, version 1.2 (EUPL-1.2). The program also holds, and
goes out with, what others have written. Each part has its own terms, which are below as their authors give them.

Relève est un logiciel libre sous licence publique de l'Union européenne, version 1.2 (EUPL-1.2). Le programme contient
aussi ce que d'autres ont écrit. Chaque partie a ses propres termes, ci-dessous, tels que leurs auteurs les donnent.
`

// licence is a text and the parts that are under it.
type licence struct {
	text  string
	parts []string
}

// TestLicences wants the terms of every module in the program, of Go's own library and of what the page takes from npm to be
// those that the program shows: their authors ask for that wherever a copy goes.
func TestLicences(t *testing.T) {
	t.Parallel()
	written, err := os.ReadFile(licencesFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	texts := map[string][]string{} // the parts of each
	add := func(part, file string) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		clean := tidy(string(text))
		texts[clean] = append(texts[clean], part)
	}
	for _, m := range modulesOf(t) {
		found := licenceFiles(t, m)
		if !slices.ContainsFunc(found, func(file string) bool { return filepath.Dir(file) == m.dir }) {
			t.Errorf("%s has no licence", m.name)
		}
		for _, file := range found {
			add(strings.TrimSuffix(m.name+" "+strings.TrimPrefix(filepath.Dir(file), m.dir), " "), file)
		}
	}
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	add("Go, its library and runtime", filepath.Join(strings.TrimSpace(string(root)), "LICENSE"))
	addCharts(t, texts, string(written))

	var all []licence
	for text, parts := range texts {
		slices.Sort(parts)
		all = append(all, licence{text, slices.Compact(parts)})
	}
	slices.SortFunc(all, func(a, b licence) int {
		return cmp.Or(cmp.Compare(a.parts[0], b.parts[0]), cmp.Compare(a.text, b.text))
	})
	out := bytes.NewBufferString(licencesHead)
	for _, l := range all {
		fmt.Fprintf(out, "\n%s\n\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(l.parts, "\n"), l.text)
	}
	if *update {
		if err := os.WriteFile(licencesFile, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(strings.Split(string(written), "\n"), strings.Split(out.String(), "\n")); diff != "" {
		t.Errorf("%s is not what the program holds; go test . -run TestLicences -update writes it anew (-written +found):\n%s", licencesFile, diff)
	}
}

// addCharts adds uPlot's, which is there once make charts has run; until then what was written of it stands.
func addCharts(t *testing.T, texts map[string][]string, written string) {
	t.Helper()
	var lock struct {
		Packages map[string]struct{ Version string }
	}
	text, err := os.ReadFile("agent/status/npm/package-lock.json")
	if err = errors.Join(err, json.Unmarshal(text, &lock)); err != nil {
		t.Fatal(err)
	}
	const folder = "node_modules/"
	for name, one := range lock.Packages {
		if name == "" {
			continue
		}
		part := "npm: " + strings.TrimPrefix(name, folder) + " " + one.Version
		text, err := os.ReadFile("agent/status/web/charts/LICENSE")
		if errors.Is(err, fs.ErrNotExist) {
			_, after, _ := strings.Cut(written, "\n"+part+"\n\n")
			before, _, _ := strings.Cut(after, "\n\n"+strings.Repeat("=", 80))
			text, err = []byte(before), nil
		}
		if err != nil || len(text) == 0 {
			t.Fatalf("the licence of %s is not known: run make charts (%v)", part, err)
		}
		texts[tidy(string(text))] = append(texts[tidy(string(text))], part)
	}
}

// goModule is a module in the program, and the folders of its packages there.
type goModule struct {
	name, dir string
	packages  []string
}

// modulesOf lists those of the program, which are the same for every target.
func modulesOf(t *testing.T) []*goModule {
	t.Helper()
	for _, file := range []string{"go.mod", "go.sum"} { // whoever changes them has the test run again
		if _, err := os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}\t{{end}}{{end}}{{.Dir}}", "./agent")
	list.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm", "CGO_ENABLED=0", "GOFLAGS=")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]*goModule{}
	var all []*goModule
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) < 3 { // Go's own, or ours
			continue
		}
		m := known[fields[0]]
		if m == nil {
			m = &goModule{name: fields[0], dir: fields[1]}
			known[fields[0]], all = m, append(all, m)
		}
		m.packages = append(m.packages, fields[2])
	}
	if len(all) < 30 {
		t.Fatalf("only %d modules:\n%s", len(all), out)
	}
	return all
}

// licenceName is what a file with terms, or with what they want to be said along with them, is called.
var licenceName = regexp.MustCompile(`(?i)^(licen[cs]e|copying|copyright|notice)([.-].*)?$`)

// licenceFiles are those of the packages in the program and of the folders that they are in.
func licenceFiles(t *testing.T, m *goModule) (files []string) {
	t.Helper()
	for _, dir := range m.packages {
		for ; strings.HasPrefix(dir, m.dir); dir = filepath.Dir(dir) {
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range entries {
				if entry.Type().IsRegular() && licenceName.MatchString(entry.Name()) && filepath.Ext(entry.Name()) != ".go" {
					files = append(files, filepath.Join(dir, entry.Name()))
				}
			}
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// tidy makes texts alike that differ in what nobody sees.
func tidy(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\f")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
