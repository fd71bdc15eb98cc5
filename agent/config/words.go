package config

import (
	_ "embed"
	"regexp"
	"strings"
)

//go:embed reference.toml
var referenceEN string

//go:embed reference.fr.toml
var referenceFR string

// Reference is the file that shows every key, in a language: "fr", or English.
func Reference(lang string) string {
	if lang == "fr" {
		return referenceFR
	}
	return referenceEN
}

// words are what keys mean, by key, in two languages.
type words struct{ en, fr map[string]string }

func readWords() words { return words{en: wordsIn(referenceEN), fr: wordsIn(referenceFR)} }

var settingLine = regexp.MustCompile(`^#?(?:\[{1,2}([a-z_]+)\]{1,2}|([a-z_]+) = )`)

// wordsIn takes the comment before each setting of a reference file, the first that there is of each; settings one right
// after the other share it. A setting that is commented out has its # right before it, a comment has a space between.
func wordsIn(text string) map[string]string {
	found := map[string]string{}
	table, comment, said := "", []string{}, true
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if more, ok := strings.CutPrefix(line, "# "); ok {
			if said {
				comment, said = nil, false
			}
			comment = append(comment, more)
			continue
		}
		said = true
		m := settingLine.FindStringSubmatch(line)
		switch {
		case m == nil:
			comment = nil
			continue
		case m[1] != "":
			table = m[1]
		case found[table+"."+m[2]] == "":
			found[table+"."+m[2]] = strings.Join(comment, " ")
		}
		if m[1] != "" {
			comment = nil
		}
	}
	return found
}
