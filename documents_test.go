package releve_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// most is how long the two READMEs may be: what is for one kind of reader is on a page beside its package.
const most = 150

// document is a page of the documentation: what its reader follows and skims by.
type document struct {
	path     string
	lines    int
	links    []string // where the relative ones lead, as written
	headings []string
	outline  string // a character for each heading (its level), row of a table, item of a list and line of code
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`^(#+) (.+)$`)
	item    = regexp.MustCompile(`^\s*(?:[-*]|\d+\.) `)
)

// readDocument reads one page of Markdown.
func readDocument(t *testing.T, path string) document {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := document{path: path, lines: strings.Count(string(text), "\n")}
	var outline strings.Builder
	code := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		switch h := heading.FindStringSubmatch(line); {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			code = !code
			outline.WriteString("`")
			continue
		case code:
			outline.WriteString("c")
			continue
		case h != nil:
			outline.WriteString("\n" + h[1])
			d.headings = append(d.headings, h[2])
		case strings.HasPrefix(line, "|"):
			outline.WriteString("|")
		case item.MatchString(line):
			outline.WriteString("-")
		}
		for _, l := range link.FindAllStringSubmatch(line, -1) {
			if !strings.Contains(l[1], "://") {
				d.links = append(d.links, l[1])
			}
		}
	}
	d.outline = outline.String()
	return d
}

// anchor is what leads to a heading: its letters and digits in lower case, a hyphen for each space.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// documents lists the pages of the tree that people read, but for what tests and the program itself write.
func documents(t *testing.T) []document {
	t.Helper()
	var all []document
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch name := entry.Name(); {
		case entry.IsDir() && (name == "testdata" || name == "node_modules" || name == "bin" || name == "out" || path != "." && strings.HasPrefix(name, ".")):
			return fs.SkipDir
		case filepath.Ext(name) == ".md" && filepath.Dir(path) != filepath.Join("agent", "rgpd"):
			all = append(all, readDocument(t, path))
		}
		return nil
	})
	if err != nil || len(all) < 20 {
		t.Fatalf("%d pages, %v", len(all), err)
	}
	return all
}

// Every link of the documentation leads to a file that is there, and to a heading that it has.
func TestDocumentsLead(t *testing.T) {
	for _, d := range documents(t) {
		for _, to := range d.links {
			file, part, _ := strings.Cut(to, "#")
			target := filepath.Join(filepath.Dir(d.path), file)
			if file == "" {
				target = d.path
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: the link %s leads nowhere", d.path, to)
				continue
			}
			if part != "" && !has(readDocument(t, target).headings, part) {
				t.Errorf("%s: %s has no heading %s", d.path, target, part)
			}
		}
	}
}

func has(headings []string, part string) bool {
	for _, h := range headings {
		if anchor(h) == part {
			return true
		}
	}
	return false
}

// What is told in French is told in English, heading by heading, row by row; and the README stays short.
func TestDocumentsInBothLanguages(t *testing.T) {
	pairs := 0
	for _, d := range documents(t) {
		if strings.HasPrefix(filepath.Base(d.path), "README") && filepath.Dir(d.path) == "." && d.lines > most {
			t.Errorf("%s has %d lines, more than %d: move what is for one kind of reader to a page beside its package", d.path, d.lines, most)
		}
		english, french := strings.CutSuffix(d.path, ".fr.md")
		if !french {
			continue
		}
		pairs++
		if diff := cmp.Diff(readDocument(t, english+".md").outline, d.outline); diff != "" {
			t.Errorf("%s is not built as %s.md (-English +French):\n%s", d.path, english, diff)
		}
	}
	if pairs < 7 {
		t.Errorf("%d pages in two languages", pairs)
	}
}
