package buffer

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestWhereThingsAre holds the map in the package comment against the files there are, both ways.
func TestWhereThingsAre(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "# Where things are\n//\n")
	lines, _, _ := strings.Cut(rest, "\n//\n")
	const column = len("//	what a program calls   ")
	var named []string
	for line := range strings.Lines(lines) {
		named = append(named, filesNamed(line[column:])...)
	}
	found, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		name := strings.TrimSuffix(file, ".go")
		if strings.HasSuffix(name, "_test") || name == "doc" {
			continue
		}
		if !slices.Contains(named, name) {
			t.Errorf("%s is not in the map", file)
		}
	}
	for _, name := range named {
		if !slices.Contains(found, name+".go") {
			t.Errorf("the map names %s.go, which does not exist", name)
		}
	}
}

// filesNamed lists the words of a line that are not in brackets.
func filesNamed(line string) (names []string) {
	for {
		before, rest, found := strings.Cut(line, "(")
		names = append(names, strings.FieldsFunc(before, func(r rune) bool { return strings.ContainsRune(" ·→\n", r) })...)
		if !found {
			return names
		}
		_, line, _ = strings.Cut(rest, ")")
	}
}
