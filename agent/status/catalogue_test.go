package status

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCataloguesHaveTheSameKeys(t *testing.T) {
	t.Parallel()
	fr, en := bothCatalogues(t)
	french := slices.Sorted(maps.Keys(fr.lines))
	english := slices.Sorted(maps.Keys(en.lines))
	if diff := cmp.Diff(french, english); diff != "" {
		t.Errorf("French and English differ (-fr +en):\n%s", diff)
	}
	for key, line := range fr.lines {
		if strings.TrimSpace(line) == "" || strings.TrimSpace(en.lines[key]) == "" {
			t.Errorf("%s says nothing", key)
		}
	}
}

func TestCataloguesTakeTheSameArguments(t *testing.T) {
	t.Parallel()
	fr, en := bothCatalogues(t)
	verb := regexp.MustCompile(`%[^%\s]`)
	for key := range fr.lines {
		inFrench := verb.FindAllString(strings.ReplaceAll(fr.lines[key], "%%", ""), -1)
		inEnglish := verb.FindAllString(strings.ReplaceAll(en.lines[key], "%%", ""), -1)
		if diff := cmp.Diff(inFrench, inEnglish); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
}

// A key that is spelled out somewhere and missing, or there and never used,
// is a sentence nobody will read.
func TestCatalogueKeysAreUsed(t *testing.T) {
	t.Parallel()
	fr, _ := bothCatalogues(t)
	spelled := source(t)
	built := regexp.MustCompile(`^(machine|resolution|section|terms\.identity|erase\.what|view|node|place|screen|span|fact\.mean|compare\.previous|register|ratio|tempo|objective|bill\.method|bill\.missing|bill\.undated|profiles\.by|profiles\.people|column|history\.columns|field|form|done|state|error|glance|buffer\.kept|recipient\.pending|federation\.since|health\.all|line\.mode|unit|word|save)\.`)
	for key := range fr.lines {
		if !built.MatchString(key) && !strings.Contains(spelled, `"`+key+`"`) {
			t.Errorf("%s is never used", key)
		}
	}
	for _, match := range regexp.MustCompile(`say\(?\s*"([a-z.]+[a-z])"`).FindAllStringSubmatch(spelled, -1) {
		if _, known := fr.lines[match[1]]; !known {
			t.Errorf("%s is used and missing", match[1])
		}
	}
}

// source is all that spells keys: the code of the page and its templates.
func source(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range append([]string{"*.go"}, templates...) {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(name, "_test.go") {
				all.Write(text)
			}
		}
	}
	return all.String()
}

// In French a high punctuation mark is preceded by a space that does not break.
func TestFrenchTypography(t *testing.T) {
	t.Parallel()
	fr, _ := bothCatalogues(t)
	wrong := regexp.MustCompile(`(?:[^\x{202f}\x{00a0}%][;!?»])|(?:[^\x{00a0}/p]:)|(?:«[^\x{202f}])|'|(?:[^\x{202f}]%%)|\.\.\.`)
	for key, line := range fr.lines {
		if at := wrong.FindString(line); at != "" && key != "error.421" {
			t.Errorf("%s: %q in %q", key, at, line)
		}
	}
}

func TestPageNeverCallsVoltAmperesWatts(t *testing.T) {
	t.Parallel()
	fr, en := bothCatalogues(t)
	watts := regexp.MustCompile(`\bk?W\b`)
	for _, c := range []catalogue{fr, en} {
		for key, line := range c.lines {
			if watts.MatchString(line) {
				t.Errorf("%s: %s: %q", c.language, key, line)
			}
		}
	}
}
